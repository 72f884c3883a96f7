"""What everything here that starts processes needs: a free port, an end, and none left behind."""

import asyncio
import ctypes
import signal
import socket
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def find_free_port() -> int:
    """Find a port that is free on loopback now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def end_process(process: asyncio.subprocess.Process, within_s: float) -> None:
    """Ask a process to end, and end it when it does not in time."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(within_s):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def end_with_parent() -> None:
    """Be told to end when the parent is killed; runs in the child, before its program."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def end_on_signal(*calls: Callable[[], None]) -> asyncio.Event:
    """Make SIGTERM and SIGINT set an event, and call these first."""
    ending = asyncio.Event()

    def end() -> None:
        for call in calls:
            call()
        ending.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    return ending
