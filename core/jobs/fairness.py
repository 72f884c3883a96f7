"""Whose turn it is, pure: each account's oldest job of a kind first, where the fewest of that kind run."""

import zlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from core.jobs.records import Job, Kind


def order_fairly(
    jobs: Sequence[Job], busy: Mapping[tuple[str, Kind], Collection[int]]
) -> list[Job]:
    """Order claimable jobs: round by round one job of each kind an account, the least busy first.

    `busy` tells which slots an account's jobs of a kind take, so a generation waits for no training.
    Within a round ties go to the job that has waited longest.
    """
    queues: dict[tuple[str, Kind], list[Job]] = defaultdict(list)
    for job in sorted(jobs, key=lambda job: (job.created_at, job.id)):
        queues[job.owner, job.kind].append(job)
    ranked = [
        (len(busy.get(place, ())) + turn, job.created_at, job.id, job)
        for place, queue in queues.items()
        for turn, job in enumerate(queue)
    ]
    return [job for *_, job in sorted(ranked, key=lambda rank: rank[:3])]


def spread(ordered: Sequence[Job], worker: str) -> Iterator[Job]:
    """Yield the first job, then, as that went to another worker, one of the next two, four, eight.

    Which of them differs by the worker's name, so that twenty who lose one race do not run the
    next one together.
    """
    left = list(ordered)
    for turn in range(len(left)):
        some = min(len(left), 2**turn)
        yield left.pop(zlib.crc32(f"{turn} {worker}".encode()) % some)
