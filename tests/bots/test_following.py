"""A message that goes on with its training, as events tell it."""

import asyncio

from bots.conversation import Conversation
from bots.following import follow
from core.jobs.events import job_event
from core.jobs.records import Progress, Status
from core.records import PageRequest
from core.studio import Studio
from tests.bots.people import FLAGS, Person, expect_reply, make_picture
from tests.core.yard import FAMILIES, wishes


async def test_a_message_follows_its_training_to_the_end(
    studio: Studio, conversation: Conversation, mira: Person
) -> None:
    await mira.ask("dataset create", name="flags")
    await mira.ask("dataset add", *map(make_picture, FLAGS), dataset="flags")
    principal = await mira.meet()
    dataset = (await studio.datasets.list_own(principal, PageRequest())).items[0]
    await studio.jobs.submit(principal, dataset.id, wishes(), "first")
    job = await studio.leases.claim("worker", FAMILIES)
    assert job is not None
    training, step = job.id, 0
    shown = expect_reply(await mira.ask("job show", training=training))
    assert shown.follows == training
    seen: asyncio.Queue[str] = asyncio.Queue()

    async def watch() -> None:
        async for reply in follow(conversation, mira.make_incoming(), training, every_s=0):
            assert reply.images == () and all(button.data for button in reply.buttons)
            await seen.put(reply.text or reply.title)

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        watching = group.create_task(watch())
        job = await studio.leases.start_running(job)
        while seen.empty():  # until it listens: what happened before nobody is told
            step += 1
            heard = job.model_copy(update={"progress": Progress(step=step, total_steps=200)})
            await studio.events.publish(job_event(heard))
            await asyncio.sleep(0.05)
        assert "%" in await seen.get()
        await studio.jobs.cancel(principal, training)
        await studio.leases.cancel(job)
        await watching
    ended = (await studio.jobs.list_own(principal, PageRequest())).items[0]
    assert ended.status is Status.CANCELLED
