"""The child process that decodes: `python -m adapters.images.sandbox`; limited, replaceable, without secrets."""

import ctypes
import os
import resource
import signal
import sys
from typing import Any

from adapters.images.decoding import RefusedImageError, decode, prepare
from adapters.images.drawing import draw
from adapters.images.frames import pack, read_frame

CPU_S_PER_IMAGE = 10
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Decode frames from standard input until it ends; argument 1 is the memory limit in bytes."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    prepare()
    limit = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            header, body = read_frame(source)
        except EOFError:
            return
        _allow_cpu()
        sink.write(answer(header, body))
        sink.flush()


def _allow_cpu() -> None:
    """Give this picture its own seconds; past them the kernel ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + CPU_S_PER_IMAGE
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))


def answer(asked: dict[str, Any], body: bytes) -> bytes:
    """Decode or draw one picture and frame what came of it, or the refusal."""
    try:
        if "draw" in asked:
            return pack(*draw(asked, body))
        facts, picture, thumbnail = decode(body)
    except RefusedImageError as error:
        return pack({"refused": str(error)}, b"")
    except MemoryError:
        return pack(
            {"refused": "This picture takes too much memory to decode; make it smaller."}, b""
        )
    header: dict[str, Any] = {"facts": facts, "thumbnail_bytes": len(thumbnail)}
    return pack(header, picture + thumbnail)


if __name__ == "__main__":
    main()
