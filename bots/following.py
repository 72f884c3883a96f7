"""A message that goes on with its job; apart because it answers nobody: a platform edits what it sent."""

import asyncio
from collections.abc import AsyncGenerator

from bots.captionings import describe as describe_captioning
from bots.conversation import Conversation
from bots.dialog import Reply
from bots.generations import describe as describe_generation
from bots.incoming import Incoming
from bots.jobs import describe as describe_training
from core.auto_captions.service import AutoCaptions
from core.errors import TrainyardError
from core.generations.service import Generations
from core.jobs.records import TERMINAL, Progress
from core.jobs.service import Jobs

EVERY_S = 3.0
_DESCRIBE = {
    "training": describe_training,
    "generation": describe_generation,
    "auto_caption": describe_captioning,
}


async def follow(
    conversation: Conversation, incoming: Incoming, job_id: str, *, every_s: float = EVERY_S
) -> AsyncGenerator[Reply, None]:
    """Yield how far a job is, at most every few seconds, and once more when it has ended.

    Ends with the job, or when events cannot be heard any more: what was shown stays true.
    Whoever stops before its end must close it.
    """
    context, _ = await conversation.meet(incoming)
    studio, account = context.studio, context.principal.account
    jobs: dict[str, Jobs | Generations | AutoCaptions] = {
        "training": studio.jobs,
        "generation": studio.generations,
        "auto_caption": studio.auto_captions,
    }
    shown_s = -every_s
    try:
        async with studio.events.subscribe(f"account:{account}") as events:
            async for event in events:
                if event.kind not in _DESCRIBE or event.data["id"] != job_id:
                    continue
                now_s = asyncio.get_running_loop().time()
                ended = event.data["status"] in TERMINAL
                if now_s - shown_s < every_s and not ended:
                    continue
                job = await jobs[event.kind].get(context.principal, job_id)
                if not ended:  # what is stored is as old as the last heartbeat
                    progress = Progress.model_validate(event.data["progress"])
                    job = job.model_copy(update={"progress": progress})
                shown = await _DESCRIBE[event.kind](context, job)
                reply = await conversation.seal(account, shown)
                assert isinstance(reply, Reply)
                yield reply
                shown_s = now_s
                if job.status in TERMINAL:
                    return
    except TrainyardError:
        return
