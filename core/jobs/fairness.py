"""Whose turn it is, pure: each account's oldest job first, accounts with the fewest running jobs before others."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from core.jobs.records import Job


def order_fairly(jobs: Sequence[Job], busy: Mapping[str, int]) -> list[Job]:
    """Order claimable jobs: round by round one job an account, the least busy account first.

    Within a round ties go to the job that has waited longest.
    """
    queues: dict[str, list[Job]] = defaultdict(list)
    for job in sorted(jobs, key=lambda job: (job.created_at, job.id)):
        queues[job.owner].append(job)
    ranked = [
        (busy.get(owner, 0) + turn, job.created_at, job.id, job)
        for owner, queue in queues.items()
        for turn, job in enumerate(queue)
    ]
    return [job for *_, job in sorted(ranked, key=lambda rank: rank[:3])]
