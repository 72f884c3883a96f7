"""How the server and its sandboxes talk: a length, a JSON header, then the bytes it announces."""

import json
import struct
from typing import IO, Any

_LENGTH = struct.Struct(">II")
MAX_HEADER_BYTES = 16 * 1024
MAX_BODY_BYTES = 256 * 1024**2


def pack(header: dict[str, Any], body: bytes) -> bytes:
    """Make one frame."""
    text = json.dumps(header).encode()
    return _LENGTH.pack(len(text), len(body)) + text + body


def read_exactly(stream: IO[bytes], size: int) -> bytes:
    """Read this many bytes. Raises EOFError when the other side has gone."""
    parts: list[bytes] = []
    while size:
        part = stream.read(size)
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """Read one frame. Raises EOFError, or ValueError for one that is no frame of ours."""
    header_bytes, body_bytes = _LENGTH.unpack(read_exactly(stream, _LENGTH.size))
    if header_bytes > MAX_HEADER_BYTES or body_bytes > MAX_BODY_BYTES:
        raise ValueError("a frame is too large")
    header = json.loads(read_exactly(stream, header_bytes))
    if not isinstance(header, dict):
        raise ValueError("a frame without a header")
    return header, read_exactly(stream, body_bytes)
