"""Server-sent events, read from a stream of bytes."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass

RECONNECT_S = 3.0


@dataclass
class EventReader:
    """Reads a stream of events, and remembers what a new connection needs to go on.

    Source: the HTML standard, section 9.2, server-sent events.
    """

    last_id: str = ""
    reconnect_s: float = RECONNECT_S

    async def read(self, lines: AsyncIterable[bytes]) -> AsyncIterator[tuple[str, bytes]]:
        """Yield each event's name and data; what is cut off at the end is no event."""
        kind, new_id, data = "message", self.last_id, list[str]()
        async for line in lines:
            name, _, value = line.decode(errors="replace").rstrip("\r\n").partition(":")
            value = value.removeprefix(" ")
            if not name and not value:
                self.last_id = new_id
                if data:
                    yield kind, "\n".join(data).encode()
                kind, data = "message", []
            elif name == "event":
                kind = value
            elif name == "data":
                data.append(value)
            elif name == "id" and "\0" not in value:
                new_id = value
            elif name == "retry" and value.isdecimal():
                self.reconnect_s = int(value) / 1000
