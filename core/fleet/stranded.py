"""Finds jobs that no worker can take and tells their owners why, once; the next sweep sees when one comes up."""

import contextlib
from datetime import timedelta

from core.errors import StaleError
from core.fleet.fitting import find_obstacle
from core.fleet.service import Fleet
from core.jobs.events import job_event
from core.jobs.obstacles import Obstacle, ObstacleCode
from core.jobs.records import Job, Status
from core.notifications.service import Notifications
from core.paging import cursor_behind
from core.ports import Clock, Documents, Events
from core.records import Cursor

GRACE = timedelta(seconds=60)
"""A worker that left so lately may be starting again, and a job that came so lately may find one."""
_PAGE = 100
_MAX_TOLD = 10_000


class StrandedJobs:
    """Looks through the queue a page a sweep, and begins again at its end."""

    def __init__(
        self,
        jobs: Documents[Job],
        fleet: Fleet,
        notifications: Notifications,
        events: Events,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._fleet = fleet
        self._notifications = notifications
        self._events = events
        self._clock = clock
        self._after: Cursor | None = None
        self._told: dict[str, ObstacleCode] = {}
        """What this process has told. Another one, or this one after a crash, tells again under the same key."""

    async def sweep(self) -> int:
        """Mark and tell what is stranded, take the mark off what is not any more; return how many are."""
        found = await self._jobs.find(
            {"status": Status.QUEUED}, order="created_at", limit=_PAGE, after=self._after
        )
        self._after = cursor_behind(found[-1], "created_at") if len(found) == _PAGE else None
        late = self._clock.now() - GRACE
        waiting = [job for job in found if job.updated_at < late or job.obstacle]
        if not waiting:
            return 0
        workers = await self._fleet.list_recent(GRACE)
        stranded = 0
        for job in waiting:
            obstacle = find_obstacle(job, workers)
            stranded += obstacle is not None
            await self._tell(job, obstacle)
        return stranded

    async def _tell(self, job: Job, obstacle: Obstacle | None) -> None:
        if obstacle != job.obstacle:
            with contextlib.suppress(StaleError):  # it was claimed or cancelled meanwhile
                job = await self._jobs.replace(job.changed(self._clock.now(), obstacle=obstacle))
                await self._events.publish(job_event(job))
        if job.obstacle is None:
            self._told.pop(job.id, None)
        elif self._told.get(job.id) is not job.obstacle.code:
            await self._notifications.tell_stranded(job, job.obstacle)
            self._told[job.id] = job.obstacle.code
            if len(self._told) > _MAX_TOLD:
                self._told.clear()
