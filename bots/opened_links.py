"""A link that opens the chat with a code: asked about first, because somebody else may have sent it."""

from bots.conversation import Conversation
from bots.dialog import Answer, Button, Reply, Style, Tone
from bots.failures import explain
from bots.incoming import Incoming
from bots.wording import Words
from core.errors import TrainyardError

_MAX_CODE = 40


async def ask_to_link(conversation: Conversation, incoming: Incoming, code: str) -> Answer:
    """Ask whether the link is the person's own; the button carries the code."""
    try:
        context, _ = await conversation.meet(incoming)
        words = context.words
        reply = Reply(
            words.say("Be one person with whoever made this link?"),
            words.say(
                "Go on only if that was you, on another platform: both accounts become one, and share "
                "everything."
            ),
            buttons=(
                Button(words.say("Link them"), "link", {"code": code[:_MAX_CODE]}, Style.PRIMARY),
                Button(words.say("Cancel"), "cancel"),
            ),
            tone=Tone.CAUTION,
        )
        return await conversation.seal(context.principal.account, reply)
    except TrainyardError as error:
        return await conversation.seal("", explain(Words(incoming.locale), error))
