"""The runner, and clients that misbehave: no answer of ours breaks, and nobody's log fills."""

import asyncio
import contextlib
import io
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from adapters.web import bodies
from adapters.web.app import create_app
from adapters.web.server import BoundedSite, make_runner
from core.studio import Studio
from tests.adapters.web.conftest import Api, World


@pytest.fixture
async def port(studio: Studio) -> AsyncIterator[int]:
    runner = make_runner(create_app(studio))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield int(runner.addresses[0][1])
    await runner.cleanup()


async def send(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    async with asyncio.timeout(30):
        answer = await reader.read()
    writer.close()
    return answer


async def test_garbage_gets_an_answer_and_no_traceback(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    healthy = b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for request in (
        b"\x16\x03\x01\x02\x00garbage\r\n\r\n",
        b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\ntrailing garbage\r\n\r\n",
        b"GET /api/v1/\xff%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    ):
        assert b" 400 " in await send(port, request)
        assert b'{"status":"ok"}' in await send(port, healthy)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_head_request_is_answered_without_a_body(port: int) -> None:
    answer = await send(
        port, b"HEAD /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 200 OK") and answer.endswith(b"\r\n\r\n")


async def test_strange_addresses_are_not_found(port: int, ada: Api) -> None:
    token = f"Authorization: Bearer {ada.token}\r\n".encode()
    for path in (
        b"datasets/%00",
        b"datasets/%ff",
        b"datasets/..%2f..%2fetc",
        b"datasets/%ED%A0%80",
    ):
        head = b"GET /api/v1/" + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        assert (await send(port, head + token + b"\r\n")).startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize("kind", ["json", "form", "download"])
async def test_a_client_that_goes_away_leaves_no_traceback(
    port: int, ada: Api, world: World, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    caplog.set_level(logging.INFO)
    path, extra = {
        "json": (
            "POST /api/v1/datasets",
            "Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
        ),
        "form": (
            f"POST /api/v1/datasets/{world.dataset_id}/images",
            "Content-Type: multipart/form-data; boundary=X\r\nContent-Length: 9999\r\n\r\n--X\r\n"
            'Content-Disposition: form-data; name="files"; filename="a.png"\r\n\r\nabc',
        ),
        "download": (f"GET /api/v1/models/{world.model_id}/files/mycat.safetensors", "\r\n"),
    }[kind]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ada.token}\r\n{extra}"
    writer.write(head.encode())
    await writer.drain()
    if kind == "download":
        await reader.read(10)
    await asyncio.sleep(0.2)
    writer.transport.abort()
    await asyncio.sleep(0.3)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert len((await ada.json("GET", f"/datasets/{world.dataset_id}/items"))["items"]) == 3


async def test_a_broken_chunked_body_is_the_clients_problem(
    port: int, ada: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    head = (
        "POST /api/v1/datasets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {ada.token}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n"
    )
    assert b" 400 " in await send(port, head.encode())
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_hook_takes_what_a_platform_posts_and_says_the_status(studio: Studio) -> None:
    taken: list[tuple[str, bytes]] = []

    async def hook(headers: Mapping[str, str], body: bytes) -> int:
        taken.append((headers["X-Secret"], body))
        return 200 if headers["X-Secret"] == "s" else 403

    app = create_app(studio, hooks={"/hooks/some": hook})
    async with TestClient(TestServer(app)) as client:
        for secret, status in (("s", 200), ("t", 403)):
            answer = await client.post("/hooks/some", data=b"{}", headers={"X-Secret": secret})
            assert answer.status == status
        large = await client.post(
            "/hooks/some", data=io.BytesIO(bytes(1_100_000)), headers={"X-Secret": "s"}
        )
        assert large.status == 413
    assert taken == [("s", b"{}"), ("t", b"{}")]


@asynccontextmanager
async def listen(
    studio: Studio, *, keepalive_s: float = 20.0, most: int = 256
) -> AsyncIterator[int]:
    """Serve as in production, with bounds that a test can wait for."""
    runner = make_runner(create_app(studio), keepalive_s=keepalive_s)
    await runner.setup()
    await BoundedSite(runner, "127.0.0.1", 0, most).start()
    yield int(runner.addresses[0][1])
    await runner.cleanup()


HEAD = b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize("kind", ["silent", "half a head", "a line at a time", "after an answer"])
async def test_a_connection_without_a_whole_head_ends(studio: Studio, kind: str) -> None:
    async with listen(studio, keepalive_s=0.6) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        began_s = time.monotonic()
        if kind == "after an answer":
            writer.write(HEAD + b"\r\n" + HEAD)  # a whole one, and the beginning of another
            assert b'{"status":"ok"}' in await reader.readuntil(b"}")
        elif kind != "silent":
            writer.write(HEAD)

        async def drip() -> None:
            with contextlib.suppress(ConnectionError):
                while kind == "a line at a time":
                    writer.write(b"X-Slow: 1\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.1)

        dripping = asyncio.create_task(drip())
        async with asyncio.timeout(30):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        assert 0.4 < time.monotonic() - began_s < 5
        dripping.cancel()
        writer.close()


async def test_many_slow_connections_keep_nobody_else_waiting(studio: Studio) -> None:
    async with listen(studio, keepalive_s=1.5) as port:
        slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
        for _, writer in slow:
            writer.write(HEAD)
        healthy = HEAD + b"Connection: close\r\n\r\n"
        for _ in range(20):
            assert b'{"status":"ok"}' in await send(port, healthy)
        async with asyncio.timeout(15):
            for reader, writer in slow:
                with contextlib.suppress(ConnectionError):
                    assert await reader.read() == b""
                writer.close()


async def test_one_address_has_so_many_connections_and_no_more(studio: Studio) -> None:
    async with listen(studio, most=3) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for reader, writer in held:
            writer.write(HEAD + b"\r\n")
            assert b'{"status":"ok"}' in await reader.readuntil(b"}")
        healthy = HEAD + b"Connection: close\r\n\r\n"
        with contextlib.suppress(ConnectionError):
            assert await send(port, healthy) == b""
        held[0][1].close()
        await held[0][1].wait_closed()
        async with asyncio.timeout(30):  # until the server has seen that one is gone
            while b'{"status":"ok"}' not in await try_to_send(port, healthy):
                pass
        for _, writer in held[1:]:
            writer.close()


async def try_to_send(port: int, request: bytes) -> bytes:
    try:
        return await send(port, request)
    except ConnectionError:
        return b""


@pytest.mark.parametrize("kind", ["json", "form"])
async def test_a_body_that_drips_is_given_up(
    studio: Studio, ada: Api, dataset: str, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(bodies, "READ_STALL_S", 0.6)
    path, media, first = {
        "json": ("datasets", "application/json", b'{"name": "'),
        "form": (
            f"datasets/{dataset}/images",
            "multipart/form-data; boundary=X",
            b'--X\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n',
        ),
    }[kind]
    head = (
        f"POST /api/v1/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ada.token}\r\n"
        f"Content-Type: {media}\r\nContent-Length: 9999\r\n\r\n"
    )
    async with listen(studio) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode() + first)
        began_s = time.monotonic()

        async def drip() -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(0.1)

        dripping = asyncio.create_task(drip())
        async with asyncio.timeout(30):
            answer = await reader.readuntil(b"\r\n")
        assert answer.startswith(b"HTTP/1.1 408") and time.monotonic() - began_s < 5
        dripping.cancel()
        writer.transport.abort()
