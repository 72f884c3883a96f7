"""The training child: `python -m worker.child`, started ahead of its job so that torch is already imported.

It reads one TrainingTask line from standard input, writes message lines to standard output, and
dies with its parent. It holds no credential.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from core.errors import TrainingError
from worker.messages import EXIT_DONE, EXIT_FAILED, EXIT_STOPPED, FailedLine, Line, TrainingTask
from worker.tiny_sd.training import count_threads, prepare_cpu
from worker.training.recipe import Training
from worker.training.report import StoppedError

_PR_SET_PDEATHSIG = 1


def main() -> int:
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return EXIT_STOPPED
    stopping = []

    def stop(signum: int, frame: FrameType | None) -> None:
        stopping.append(signum)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare_cpu(count_threads())
    text = sys.stdin.buffer.readline()
    if not text:
        return EXIT_STOPPED
    return run(TrainingTask.model_validate_json(text), lambda: bool(stopping))


def run(task: TrainingTask, should_stop: Callable[[], bool]) -> int:
    """Run one task and return the exit code."""
    try:
        Training(task, tell, should_stop).run()
    except StoppedError:
        return EXIT_STOPPED
    except TrainingError as error:
        tell(FailedLine(code=error.code, message=error.message))
        return EXIT_FAILED
    return EXIT_DONE


def tell(line: Line) -> None:
    """Write one line and flush it, so that progress is seen as it happens."""
    sys.stdout.write(line.model_dump_json() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
