"""Whose turn it is, pure: each account's oldest job of a kind first, where the fewest of that kind run."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from core.jobs.records import Job, Kind


def order_fairly(jobs: Sequence[Job], busy: Mapping[tuple[str, Kind], int]) -> list[Job]:
    """Order claimable jobs: round by round one job of each kind an account, the least busy first.

    `busy` counts an account's running jobs of a kind, so a generation waits for no training.
    Within a round ties go to the job that has waited longest.
    """
    queues: dict[tuple[str, Kind], list[Job]] = defaultdict(list)
    for job in sorted(jobs, key=lambda job: (job.created_at, job.id)):
        queues[job.owner, job.kind].append(job)
    ranked = [
        (busy.get(place, 0) + turn, job.created_at, job.id, job)
        for place, queue in queues.items()
        for turn, job in enumerate(queue)
    ]
    return [job for *_, job in sorted(ranked, key=lambda rank: rank[:3])]
