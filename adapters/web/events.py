"""Server-sent events: what happens to an account, told as it happens; nothing here polls."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

from aiohttp import web

from adapters.web.auth import authenticate
from adapters.web.downloads import write
from adapters.web.routing import Call
from adapters.web.views.auto_captions import AutoCaptionEvent
from adapters.web.views.common import View
from adapters.web.views.generations import GenerationEvent
from adapters.web.views.notifications import NotificationView, TrainingEvent
from core.errors import TrainyardError, UnavailableError
from core.jobs.records import TERMINAL, Job
from core.notifications.records import Notification
from core.notifications.service import locate
from core.ports import Event
from core.records import Cursor

_log = logging.getLogger(__name__)
MAX_STREAMS = 20
NEWS = "notification"
RECONNECT_MS = 3000
VIEWS: dict[str, type[View]] = {
    "training": TrainingEvent,
    "generation": GenerationEvent,
    "auto_caption": AutoCaptionEvent,
    NEWS: NotificationView,
}
"""What is shown of each kind of event; other kinds are not for the public."""


class OpenStreams:
    """The streams that are open now: at most MAX_STREAMS an account, all ended at shutdown."""

    def __init__(self, heartbeat_s: float) -> None:
        self.heartbeat_s = heartbeat_s
        self._open: dict[asyncio.Task[object], tuple[str, web.BaseRequest]] = {}

    @contextmanager
    def admit(self, account: str, request: web.BaseRequest) -> Iterator[None]:
        """Count the running task as a stream. Raises UnavailableError when there are too many.

        Streams whose client has gone do not count, though they find that out only at the next beat."""
        followed = [one for owner, one in self._open.values() if owner == account]
        if sum(one.transport is not None for one in followed) >= MAX_STREAMS:
            raise UnavailableError(f"You follow {MAX_STREAMS} streams already; close one first.")
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = account, request
        try:
            yield
        finally:
            del self._open[task]

    def count(self) -> int:
        return len(self._open)

    async def end_all(self, _: web.Application) -> None:
        """End every stream, so that a shutdown does not wait for people to go away."""
        for task in self._open:
            task.cancel()


STREAMS: web.AppKey[OpenStreams] = web.AppKey("streams", OpenStreams)


class EventStream:
    """One open answer of content type text/event-stream."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._response = web.StreamResponse(headers={"X-Accel-Buffering": "no"})
        self._response.content_type = "text/event-stream"
        self._response.charset = "utf-8"

    async def open(self, place: str) -> None:
        await self._response.prepare(self._call.request)
        name = f"id: {place}\n" if place else ""
        await write(self._response, f"retry: {RECONNECT_MS}\n{name}\n".encode())

    async def send(self, kind: str, view: View, place: str = "") -> None:
        """Send one event; JSON has no line breaks, so it is one data line. `place` is where to go on."""
        name = f"id: {place}\n" if place else ""
        data = f"{name}event: {kind}\ndata: {view.model_dump_json()}\n\n"
        await write(self._response, data.encode())

    async def send_event(self, event: Event) -> None:
        """Send an event, if its kind is for the public; news with its place."""
        if event.kind in VIEWS:
            view = VIEWS[event.kind].model_validate(event.data)
            place = _locate(event) if event.kind == NEWS else ""
            await self.send(event.kind, view, place)

    async def beat(self, every_s: float) -> None:
        """Show for ever that the line is alive, and find out when the client went or its token ended."""
        while True:
            await asyncio.sleep(every_s)
            await authenticate(self._call.studio, self._call.request)
            await write(self._response, b": still here\n\n")

    async def close(self) -> web.StreamResponse:
        await self._response.write_eof()
        return self._response


def read_place(request: web.Request) -> Cursor | None:
    """Return where a reader that comes back goes on. Raises InvalidError."""
    place = request.headers.get("Last-Event-ID", "")
    return Cursor.decode(place) if place else None


async def go_on(
    missed: Sequence[Event], events: AsyncIterator[Event], *, is_all: bool
) -> AsyncIterator[Event]:
    """Yield what was missed, and then what comes, without telling any news of it twice.

    Ends when there was more than that: the reader comes back for it, from the last that it was told.
    """
    told = {event.data["id"] for event in missed}
    for event in missed:
        yield event
    if not is_all:
        return
    async for event in events:
        if event.kind != NEWS or event.data["id"] not in told:
            yield event


def make_news(news: Notification) -> Event:
    """Make the event of a notification, as it was when it was told."""
    topic = f"account:{news.account}"
    return Event(topic=topic, kind=NEWS, data=news.model_dump(mode="json"))


def _locate(event: Event) -> str:
    return locate(Notification.model_validate(event.data)).encode()


@asynccontextmanager
async def listen(call: Call) -> AsyncIterator[AsyncIterator[Event]]:
    """Listen to the account's events; what is read inside is followed without a gap."""
    topic = f"account:{call.principal.account}"
    with call.request.app[STREAMS].admit(call.principal.account, call.request):
        async with call.studio.events.subscribe(topic) as events:
            yield events


async def until_end(events: AsyncIterator[Event], kind: str, job: Job) -> AsyncIterator[Event]:
    """Yield a job's own events until it has ended; none when it had ended before."""
    if job.status in TERMINAL:
        return
    async for event in events:
        if event.kind == kind and event.data["id"] == job.id:
            yield event
            if event.data["status"] in TERMINAL:
                return


async def tell(
    call: Call, first: View | None, events: AsyncIterator[Event], place: str = ""
) -> web.StreamResponse:
    """Send a snapshot when there is one and then every event, until `events` ends.

    `place` is where a reader goes on whose line breaks before the first news.
    Also ends, quietly, when the client goes away, its token ends or the events cannot be had.
    """
    stream = EventStream(call)
    await stream.open(place)
    try:
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(stream.beat(call.request.app[STREAMS].heartbeat_s))
            if first is not None:
                await stream.send("snapshot", first)
            async for event in events:
                await stream.send_event(event)
            beating.cancel()
    except* (ConnectionError, TrainyardError) as ended:
        _log.debug("a stream of %s ended: %s", call.principal.account, ended.exceptions)
    return await stream.close()
