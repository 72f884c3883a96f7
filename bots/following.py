"""A message that goes on with its training; apart because it answers nobody: a platform edits what it sent."""

import asyncio
from collections.abc import AsyncGenerator

from bots.conversation import Conversation
from bots.dialog import Reply
from bots.incoming import Incoming
from bots.jobs import describe
from core.errors import TrainyardError
from core.jobs.records import TERMINAL, Progress

EVERY_S = 3.0


async def follow(
    conversation: Conversation, incoming: Incoming, training: str, *, every_s: float = EVERY_S
) -> AsyncGenerator[Reply, None]:
    """Yield how far a training is, at most every few seconds, and once more when it has ended.

    Ends with the training, or when events cannot be heard any more: what was shown stays true.
    """
    context, _ = await conversation.meet(incoming)
    studio, account = context.studio, context.principal.account
    shown_s = -every_s
    try:
        async with studio.events.subscribe(f"account:{account}") as events:
            async for event in events:
                if event.kind != "training" or event.data["id"] != training:
                    continue
                now_s = asyncio.get_running_loop().time()
                ended = event.data["status"] in TERMINAL
                if now_s - shown_s < every_s and not ended:
                    continue
                job = await studio.jobs.get(context.principal, training)
                if not ended:  # what is stored is as old as the last heartbeat
                    progress = Progress.model_validate(event.data["progress"])
                    job = job.model_copy(update={"progress": progress})
                reply = await conversation.seal(account, await describe(context, job))
                assert isinstance(reply, Reply)
                yield reply
                shown_s = now_s
                if job.status in TERMINAL:
                    return
    except TrainyardError:
        return
