"""Server-sent events over a real Redis."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from pydantic import JsonValue

from adapters.web.app import create_app
from adapters.web.events import MAX_STREAMS, STREAMS
from core.notifications import service
from core.notifications.records import NewsKind
from core.ports import Event, Events
from core.studio import Studio
from tests.adapters.web.conftest import PREFIX, Api, Json, World, finish, sign_in, start, submit


@asynccontextmanager
async def follow(api: Api, path: str) -> AsyncIterator[ClientResponse]:
    async with (
        asyncio.timeout(20),
        api.client.get(PREFIX + path, headers=api.credentials) as response,
    ):
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert await response.content.readline() == b"retry: 3000\n"
        yield response


async def next_event(response: ClientResponse) -> tuple[str, Json] | None:
    """Read on to the next event; None is the stream's end."""
    while line := (await response.content.readline()).decode():
        if line.startswith("event: "):
            data = (await response.content.readline()).decode()
            return line[7:].strip(), json.loads(data.removeprefix("data: "))
    return None


async def test_a_training_is_followed_from_its_snapshot_to_its_end(
    ada: Api, dataset: str, studio: Studio
) -> None:
    training = await submit(ada, dataset)
    other = await submit(ada, dataset, "key-2")
    async with follow(ada, f"/trainings/{training}/events") as stream:
        snapshot = await next_event(stream)
        assert snapshot == ("snapshot", await ada.json("GET", f"/trainings/{training}"))
        await ada.json("POST", f"/trainings/{other}/cancel")
        await finish(studio, await start(studio, training))
        states = []
        while (event := await next_event(stream)) is not None:
            assert event[0] == "training" and event[1]["id"] == training
            known = {"id", "status", "progress", "cancel_requested", "samples", "obstacle"}
            assert set(event[1]) == known
            states.append((event[1]["status"], event[1]["samples"]))
    assert states[-1] == ("completed", 1) and states[:2] == [("preparing", 0), ("running", 0)]


async def test_a_training_that_has_ended_is_a_snapshot_and_the_end(ada: Api, world: World) -> None:
    async with follow(ada, f"/trainings/{world.training_id}/events") as stream:
        event = await next_event(stream)
        assert event is not None and event[1]["status"] == "completed"
        assert await next_event(stream) is None


class LateEvents:
    """Real events, to which listening takes long to begin."""

    def __init__(self, events: Events) -> None:
        self.publish = events.publish
        self._events = events

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[AsyncIterator[Event]]:
        await asyncio.sleep(0.3)
        async with self._events.subscribe(topic) as events:
            yield events


async def test_an_end_while_listening_begins_is_not_missed(
    ada: Api, dataset: str, studio: Studio
) -> None:
    studio.events = LateEvents(studio.events)
    training = await submit(ada, dataset)

    async def cancel_meanwhile() -> None:
        await asyncio.sleep(0.1)
        await ada.json("POST", f"/trainings/{training}/cancel")

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(cancel_meanwhile())
        async with follow(ada, f"/trainings/{training}/events") as stream:
            event = await next_event(stream)
            assert event is not None and event[1]["status"] == "cancelled"
            assert await next_event(stream) is None


async def test_an_account_hears_its_own_trainings_and_news_and_no_others(
    ada: Api, eve: Api, dataset: str, studio: Studio
) -> None:
    async with follow(ada, "/events") as stream, follow(eve, "/events") as foreign:
        topic = f"account:{ada.account.id}"
        await studio.events.publish(Event(topic=topic, kind="internal", data={"lease": 1}))
        training = await submit(ada, dataset)
        await ada.json("POST", f"/trainings/{training}/cancel")
        heard = [await next_event(stream) for _ in range(3)]
        assert {event[0] for event in heard if event} == {"training", "notification"}
        news = next(data for kind, data in filter(None, heard) if kind == "notification")
        assert news["data"]["training"] == training
        assert set(news) == {"id", "kind", "data", "read_at", "created_at"}
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await next_event(foreign)


async def test_the_line_beats_and_ends_when_the_token_is_revoked(ada: Api, studio: Studio) -> None:
    token, text = await studio.tokens.create(ada.account, "tv")
    async with follow(Api(ada.client, ada.account, text), "/events") as stream:
        await stream.content.readline()
        assert await stream.content.readline() == b": still here\n"
        await studio.tokens.revoke(ada.principal, token.id)
        assert await next_event(stream) is None


async def test_a_client_that_goes_away_is_forgotten_without_noise(
    ada: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with follow(ada, "/events"):
        pass
    app = ada.client.app
    assert app is not None
    async with asyncio.timeout(30):
        while app[STREAMS].count():  # noqa: ASYNC110  # nothing tells when a stream was forgotten
            await asyncio.sleep(0.05)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_streams_are_capped_for_each_account(ada: Api, eve: Api) -> None:
    headers = {"Authorization": f"Bearer {ada.token}"}
    streams = [
        await ada.client.get(PREFIX + "/events", headers=headers) for _ in range(MAX_STREAMS)
    ]
    problem = await ada.json("GET", "/events", 503)
    assert problem["code"] == "unavailable"
    async with follow(eve, "/events"):
        pass
    for stream in streams:
        stream.close()
    async with asyncio.timeout(30):  # who has gone takes no place, long before the next beat
        while True:
            async with ada.client.get(PREFIX + "/events", headers=headers) as again:
                if again.status == 200:
                    break
            await asyncio.sleep(0.05)


async def test_a_shutdown_does_not_wait_for_listeners(studio: Studio, ada: Api) -> None:
    server = TestServer(create_app(studio))
    async with TestClient(server) as client:
        headers = {"Authorization": f"Bearer {ada.token}"}
        await client.get(PREFIX + "/events", headers=headers)
        began = asyncio.get_running_loop().time()
        await server.close()
        assert asyncio.get_running_loop().time() - began < 2


async def test_a_stream_has_no_head(ada: Api) -> None:
    assert (await ada.ask("HEAD", "/events")).status == 405


async def test_a_stream_ends_with_its_session(ada: Api, studio: Studio) -> None:
    browser = await sign_in(ada, studio)
    async with follow(browser, "/events") as stream:
        data: dict[str, JsonValue] = {"client": "Firefox", "platform": "test"}
        await studio.notifications.tell(ada.account.id, "k", NewsKind.SIGNED_IN, data)
        event = await next_event(stream)
        assert event is not None and event[1]["kind"] == "signed_in"
        await ada.json("DELETE", "/me/sessions", 204)
        assert await next_event(stream) is None


async def test_a_place_that_was_not_given_out_here_is_refused(ada: Api) -> None:
    headers = {"Last-Event-ID": "yesterday"}
    problem = await ada.json("GET", "/events", 422, headers=headers)
    assert problem["code"] == "invalid"


async def test_news_that_was_missed_comes_page_by_page_and_none_is_left_out(
    ada: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_MISSED", 2)
    news = [
        await studio.notifications.tell(ada.account.id, str(n), NewsKind.SIGNED_IN, {})
        for n in range(6)
    ]
    first, *later = sorted(news, key=lambda one: (one.created_at, one.id))  # some in one moment
    told = [one.id for one in later]
    place, seen = service.locate(first).encode(), list[str]()
    while len(seen) < len(told):
        headers = {**ada.credentials, "Last-Event-ID": place}
        async with (
            asyncio.timeout(20),
            ada.client.get(f"{PREFIX}/events", headers=headers) as stream,
        ):
            for _ in range(2):
                event = await next_event(stream)
                assert event is not None
                seen.append(event[1]["id"])
                place = service.locate(
                    await studio.notifications.mark_read(
                        studio.accounts.speak_for(ada.account), seen[-1]
                    )
                ).encode()
                if len(seen) == len(told):
                    break
            else:
                assert await next_event(stream) is None
    assert seen == told
