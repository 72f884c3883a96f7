"""Keeps one process of `trainyard up` running: started again when it dies, told to end when we are."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType

from config.processes import end_with_parent

_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 15.0
_STEADY_S = 60.0


def keep(command: Sequence[str]) -> int:
    """Run a command until it ends well or we are told to end; return its last exit code.

    A command that dies is started again after a pause, which doubles while it keeps dying early.
    """
    ending: list[int] = []
    child: subprocess.Popen[bytes] | None = None

    def end(number: int, frame: FrameType | None) -> None:
        ending.append(number)
        if child is not None and child.poll() is None:
            child.send_signal(signal.SIGTERM)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    pause_s = _PAUSE_S
    while True:
        began_s = time.monotonic()
        child = subprocess.Popen(command, start_new_session=True, preexec_fn=end_with_parent)
        code = child.wait()
        if code == 0 or ending:
            return max(code, 0)
        if time.monotonic() - began_s > _STEADY_S:
            pause_s = _PAUSE_S
        name = command[-1]
        print(f"{name} ended with {code}; starting it again in {pause_s:g} s", file=sys.stderr)
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        if ending:
            return 0
