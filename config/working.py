"""What a worker does between its start and its end; apart from the web server, which a worker lacks."""

import asyncio
from contextlib import AsyncExitStack

from adapters.arq_queue import ArqListener
from adapters.redis_server import wait_until_ready
from bots.delivery import deliver_news
from config.messengers import make_conversation, open_messengers
from config.metrics import open_meter
from config.processes import end_on_signal
from config.settings import Settings
from config.wiring import open_studio
from config.workplaces import make_workplace
from worker.tasks import Worker

_REDIS_S = 20.0


async def work(settings: Settings) -> None:
    """Train until told to end; a running training then saves a checkpoint and goes back to the queue."""
    if settings.runs_own_redis:
        await wait_until_ready(settings.get_redis_url(), _REDIS_S)
    place = make_workplace(settings)
    async with AsyncExitStack() as stack:
        meter = stack.enter_context(open_meter(settings, "worker", settings.worker_metrics_port))
        studio = await stack.enter_async_context(open_studio(settings, meter))
        group = await stack.enter_async_context(asyncio.TaskGroup())
        messengers = await open_messengers(settings, stack)
        conversation = make_conversation(settings, studio)
        delivering = group.create_task(deliver_news(studio, conversation, messengers))
        worker = Worker(studio, settings.worker_families, place, settings.sweep_every_s)
        url = settings.get_redis_url()
        listeners = [
            ArqListener(url, queue, worker.handle, settings.queue_poll_s)
            for queue in settings.list_queues()
        ]
        listening = [group.create_task(listener.listen()) for listener in listeners]
        end_on_signal(worker.drain, *(listener.stop_listening for listener in listeners))
        await worker.run()
        for task in (*listening, delivering):
            task.cancel()
