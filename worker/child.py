"""The working child: `python -m worker.child`, started ahead of its job so that torch is already imported.

It reads a task line from standard input, writes message lines to standard output, and dies with
its parent. A training ends it; after a generation it waits for the next one. It holds no credential.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from core.errors import TrainingError
from worker.captioning.describing import write_captions
from worker.generation.easel import Easel
from worker.messages import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_STOPPED,
    CaptionTask,
    FailedLine,
    GenerationTask,
    Line,
    Task,
    TrainingTask,
    parse_task,
)
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
    return run(parse_task(text), lambda: bool(stopping))


def run(task: Task, should_stop: Callable[[], bool]) -> int:
    """Run a training, a task of captions, or generations until there is none, and return the exit code."""
    try:
        if isinstance(task, TrainingTask):
            Training(task, tell, should_stop).run()
        elif isinstance(task, CaptionTask):
            write_captions(task, tell, should_stop)
        else:
            _draw_all(task, should_stop)
    except StoppedError:
        return EXIT_STOPPED
    except TrainingError as error:
        tell(FailedLine(code=error.code, message=error.message))
        return EXIT_FAILED
    return EXIT_DONE


def _draw_all(first: GenerationTask, should_stop: Callable[[], bool]) -> None:
    """Draw task after task with what stays loaded, until the parent closes or one cannot be drawn."""
    easel = Easel(tell, should_stop)
    task: Task = first
    while isinstance(task, GenerationTask):
        easel.draw(task)
        text = sys.stdin.buffer.readline()
        if not text:
            return
        task = parse_task(text)


def tell(line: Line) -> None:
    """Write one line and flush it, so that progress is seen as it happens."""
    sys.stdout.write(line.model_dump_json() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
