"""A TCP line to a server on loopback that is cut after so many bytes, or when it is told to."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_ENDLESS = 2**60


@dataclass(frozen=True)
class Cut:
    """After how many bytes, to the server or from it, a connection is cut."""

    up_bytes: int = _ENDLESS
    down_bytes: int = _ENDLESS


@dataclass
class Line:
    """`cuts` are of the next connections, one each; those after them hold."""

    port: int = 0
    cuts: deque[Cut] = field(default_factory=deque)
    connections: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut_all(self) -> None:
        """Cut every connection that is open now."""
        for writer in [*self._open]:
            writer.transport.abort()

    async def carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int
    ) -> None:
        """Carry one connection until it is cut or an end hangs up."""
        self.connections += 1
        cut = self.cuts.popleft() if self.cuts else Cut()
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", target)
        self._open |= {writer, up_writer}
        ways = (
            asyncio.create_task(_pump(reader, up_writer, cut.up_bytes)),
            asyncio.create_task(_pump(up_reader, writer, cut.down_bytes)),
        )
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open -= {writer, up_writer}
            writer.transport.abort()
            up_writer.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)


@asynccontextmanager
async def open_line(target: int) -> AsyncIterator[Line]:
    """Lay a line to a port."""
    line = Line()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await line.carry(reader, writer, target)
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        for task in [*tasks]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left_bytes: int
) -> None:
    with contextlib.suppress(ConnectionError):
        while left_bytes and (chunk := await reader.read(min(65536, left_bytes))):
            writer.write(chunk)
            await writer.drain()
            left_bytes -= len(chunk)
