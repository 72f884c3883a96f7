"""The process that measures what was trained: `python -m worker.measuring`, which stays while more may be asked.

It reads a request a line from standard input, and answers each with a line of what was found: torch
is imported once for all of them. Apart from the trainings' children, so that it sees only what a user has.
"""

import sys

from pydantic import TypeAdapter

from worker.evaluation import evaluate
from worker.findings import Evaluation, Glance, GlanceRequest, Request
from worker.glance import look
from worker.tiny_sd.training import count_threads, prepare_cpu

_REQUEST: TypeAdapter[Request | GlanceRequest] = TypeAdapter(Request | GlanceRequest)


def main() -> None:
    prepare_cpu(count_threads())
    for line in sys.stdin.buffer:
        sys.stdout.write(answer(line).model_dump_json() + "\n")
        sys.stdout.flush()


def answer(line: bytes) -> Evaluation | Glance:
    """Answer a request, see worker/findings.py. Raises ValidationError when it is none."""
    request = _REQUEST.validate_json(line)
    request.out.mkdir(parents=True, exist_ok=True)
    return evaluate(request) if isinstance(request, Request) else look(request)


if __name__ == "__main__":
    main()
