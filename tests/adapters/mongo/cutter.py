"""A proxy for one TCP server that cuts connections when it is told to: before a request, or before its answer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Cuts:
    """How many of the next requests with `word` in them meet with a cut connection."""

    word: bytes = b""
    unsent: int = 0
    """Cut before the server has the request."""
    unanswered: int = 0
    """Cut when the server has answered, before the client hears it."""
    every: int = 0
    """Each so-manieth request is cut, in turns unsent and unanswered; 0: none."""
    seen: int = 0
    made: int = 0
    before_cut: list[asyncio.Event] = field(default_factory=list)
    """Set when a connection is to be cut; then `go_on` is awaited."""
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    def count(self, request: bytes) -> None:
        """Count a request, and plan its cut when it is its turn."""
        self.seen += self.word in request
        if self.every and self.seen % self.every == 0:
            is_odd = self.seen // self.every % 2
            self.unsent, self.unanswered = self.unsent + is_odd, self.unanswered + 1 - is_odd

    async def make(self) -> None:
        self.made += 1
        for event in self.before_cut:
            event.set()
            await self.go_on.wait()


@asynccontextmanager
async def open_cutter(port: int, cuts: Cuts) -> AsyncIterator[int]:
    """Stand before a server on loopback and give the port."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await _pass_on(reader, writer, port, cuts)
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, cuts: Cuts
) -> None:
    """Pass request after request on; MongoDB's clients send one at a time on a connection."""
    up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while request := await _read_message(reader):
            cuts.count(request)
            is_meant = cuts.word in request
            if is_meant and cuts.unsent > 0:
                cuts.unsent -= 1
                return await cuts.make()
            up_writer.write(request)
            answer = await _read_message(up_reader)
            if is_meant and cuts.unanswered > 0:
                cuts.unanswered -= 1
                return await cuts.make()
            writer.write(answer)
            await writer.drain()
    finally:
        up_writer.transport.abort()


async def _read_message(reader: asyncio.StreamReader) -> bytes:
    """Read a message of MongoDB's protocol: its first four bytes say how long it is."""
    try:
        head = await reader.readexactly(4)
        return head + await reader.readexactly(int.from_bytes(head, "little") - 4)
    except asyncio.IncompleteReadError:
        return b""
