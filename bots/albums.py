"""Pictures that came one by one and belong together: what became of each, told in one answer."""

from collections.abc import Sequence

from bots.conversation import Conversation
from bots.dialog import Answer, Reply
from bots.incoming import Incoming
from bots.pictures import tell_intake
from bots.replies import Intake
from core.errors import TrainyardError


async def sum_up(
    conversation: Conversation, incoming: Incoming, answers: Sequence[Answer]
) -> Answer:
    """Make one answer of those to each picture of an album.

    Where one was asked or refused something, that is the answer: the last one, because it knows all
    pictures; the first where all are the same, because it may greet.
    """
    first, last = answers[0], answers[-1]
    parts = [a.intake for a in answers if isinstance(a, Reply) and a.intake is not None]
    if len(answers) == 1 or not parts or parts[-1].dataset != parts[0].dataset:
        return first if first.title == last.title else last
    intake = Intake(
        parts[0].dataset,
        sum(part.added for part in parts),
        sum(part.known for part in parts),
        tuple(reason for part in parts for reason in part.refused),
    )
    try:
        context, _ = await conversation.meet(incoming)
        told = await tell_intake(context, intake)
        return await conversation.seal(context.principal.account, told)
    except TrainyardError:  # the dataset is gone, or the store: each was answered already
        return last
