"""A message that goes on with its job; apart because it answers nobody: a platform edits what it sent."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from bots.captionings import describe as describe_captioning
from bots.conversation import Conversation
from bots.dialog import Context, Reply
from bots.generations import describe as describe_generation
from bots.incoming import Incoming
from bots.jobs import describe as describe_training
from core.auto_captions.service import AutoCaptions
from core.errors import NotFoundError, TrainyardError
from core.generations.service import Generations
from core.jobs.records import TERMINAL, Job, Progress
from core.jobs.service import Jobs
from core.studio import Studio

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
    shown_s = -every_s
    try:
        async with studio.events.subscribe(f"account:{account}") as events:
            kind, job = await _find(context, job_id)
            if job.status in TERMINAL:  # it ended before anybody listened
                yield await _show(conversation, context, kind, job)
                return
            async for event in events:
                if event.kind != kind or event.data["id"] != job_id:
                    continue
                now_s = asyncio.get_running_loop().time()
                ended = event.data["status"] in TERMINAL
                if now_s - shown_s < every_s and not ended:
                    continue
                job = await _list_services(studio)[kind].get(context.principal, job_id)
                if not ended:  # what is stored is as old as the last heartbeat
                    progress = Progress.model_validate(event.data["progress"])
                    job = job.model_copy(update={"progress": progress})
                yield await _show(conversation, context, kind, job)
                shown_s = now_s
                if job.status in TERMINAL:
                    return
    except TrainyardError:
        return


def _list_services(studio: Studio) -> dict[str, Jobs | Generations | AutoCaptions]:
    """Name who knows the jobs of each kind of event."""
    return {
        "training": studio.jobs,
        "generation": studio.generations,
        "auto_caption": studio.auto_captions,
    }


async def _find(context: Context, job_id: str) -> tuple[str, Job]:
    """Return a job of one's own with the kind of its events. Raises NotFoundError."""
    for kind, service in _list_services(context.studio).items():
        with contextlib.suppress(NotFoundError):
            return kind, await service.get(context.principal, job_id)
    raise NotFoundError("There is no such job.")


async def _show(conversation: Conversation, context: Context, kind: str, job: Job) -> Reply:
    shown = await _DESCRIBE[kind](context, job)
    reply = await conversation.seal(context.principal.account, shown)
    assert isinstance(reply, Reply)
    return reply
