"""Jobs as their owners see them: submit, look, cancel, retry; the worker's side is leases.py."""

import hashlib
from collections.abc import Iterable, Sequence

from core.accounts.records import Principal, Scope
from core.accounts.tokens import require_scope
from core.datasets.buckets import Size
from core.datasets.records import Item, SnapshotItem
from core.datasets.service import Datasets
from core.datasets.snapshots import Snapshots
from core.errors import ConflictError, NotFoundError, RefusedError
from core.jobs.owned import OwnJobs
from core.jobs.records import VISIBLE, Job, Kind, LossChunk, Progress, Status
from core.jobs.settlement import Settlement
from core.jobs.starting import find_start
from core.jobs.submission import Submission
from core.models.service import Models
from core.offerings.records import Quote, TrainingSpec
from core.offerings.service import Offerings, TrainingWishes, check_size
from core.paging import iterate
from core.ports import Clock, Documents, Events
from core.records import Page, PageRequest, new_id


class Jobs:
    """Trainings from submission to settlement."""

    def __init__(
        self,
        jobs: Documents[Job],
        losses: Documents[LossChunk],
        catalogue: Offerings,
        snapshots: Snapshots,
        datasets: Datasets,
        models: Models,
        submission: Submission,
        settlement: Settlement,
        events: Events,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._losses = losses
        self._catalogue = catalogue
        self._snapshots = snapshots
        self._datasets = datasets
        self._models = models
        self._submission = submission
        self._clock = clock
        self._own = OwnJobs(Kind.TRAIN, jobs, settlement, events, clock)

    async def quote(
        self, principal: Principal, wishes: TrainingWishes, dataset_id: str | None = None
    ) -> tuple[TrainingSpec, Quote]:
        """Check and price a training without buying it; with a dataset its size is checked too."""
        if dataset_id is None:
            return await self._specify(principal, wishes, None)
        dataset = await self._datasets.get(principal, dataset_id)
        if self._catalogue.counts_epochs(wishes):
            items = await self._datasets.list_active(dataset.id)
            sizes, count = _list_sizes(items), len(items)
        else:
            sizes, count = None, await self._datasets.count_active(dataset.id)
        spec, quote = await self._specify(principal, wishes, sizes)
        check_size(self._catalogue.get(spec.offering), count)
        return spec, quote

    async def _specify(
        self, principal: Principal, wishes: TrainingWishes, sizes: Sequence[Size] | None
    ) -> tuple[TrainingSpec, Quote]:
        if not wishes.start_from:
            return self._catalogue.specify(wishes, sizes)
        offering = self._catalogue.get(wishes.offering)
        start = await find_start(self._models, self._jobs, principal, wishes.start_from)
        spec, quote = self._catalogue.specify(start.fill(wishes, offering), sizes)
        return start.put_into(spec), quote

    async def submit(
        self, principal: Principal, dataset_id: str, wishes: TrainingWishes, idempotency_key: str
    ) -> Job:
        """Freeze snapshot, specification and price, hold the points, and queue the job.

        The same key with the same content returns the same job and finishes a half-done saga (see
        `Submission`); other content is a conflict.
        """
        require_scope(principal, Scope.SPEND)
        request = wishes.hash_for(dataset_id)
        job = await self._submission.repeat(principal.account, idempotency_key, request)
        if job is not None:
            return job
        dataset = await self._datasets.get(principal, dataset_id)
        await self.quote(principal, wishes, dataset_id)  # refuses before anything is stored
        snapshot = await self._snapshots.take(dataset)
        spec, quote = await self._specify(principal, wishes, _list_sizes(snapshot.items))
        check_size(self._catalogue.get(spec.offering), len(snapshot.items))
        now = self._clock.now()
        return await self._submission.enter(
            Job(
                id=new_id("jb"),
                created_at=now,
                updated_at=now,
                owner=principal.account,
                idempotency_key=idempotency_key,
                request_sha256=request,
                dataset=dataset.id,
                dataset_name=dataset.name,
                snapshot=snapshot.id,
                spec=spec,
                quote=quote,
                vram_gb=self._catalogue.get(spec.offering).needed_gb,
                progress=Progress(total_steps=quote.inputs.total_steps),
            )
        )

    async def get(self, principal: Principal, job_id: str) -> Job:
        """Return one's own training. Raises NotFoundError for all others, and for one not yet submitted."""
        return await self._own.get(principal, job_id)

    async def list_own(
        self, principal: Principal, page: PageRequest, statuses: frozenset[Status] = VISIBLE
    ) -> Page[Job]:
        """List one's own trainings in these states, newest first."""
        return await self._own.list_own(principal, page, statuses)

    async def list_losses(
        self, principal: Principal, job_id: str, after: int = -1
    ) -> list[tuple[int, float, float]]:
        """Return a job's loss history behind a step, (step, loss, learning rate) in order of steps."""
        chunks = await self._list_chunks(principal, job_id, after)
        return [point for chunk in chunks for point in chunk.points if point[0] > after]

    async def list_validation_losses(
        self, principal: Principal, job_id: str, after: int = -1
    ) -> list[tuple[int, float]]:
        """Return a job's losses on held-out pictures behind a step, (step, loss) in order of steps."""
        chunks = await self._list_chunks(principal, job_id, after)
        return [point for chunk in chunks for point in chunk.validation if point[0] > after]

    async def _list_chunks(self, principal: Principal, job_id: str, after: int) -> list[LossChunk]:
        """Read the chunks that reach beyond a step, from the newest backwards: a curve grows at its end."""
        job = await self.get(principal, job_id)
        found: list[LossChunk] = []
        async for chunk in iterate(self._losses, {"job": job.id}, "-index", page_size=8):
            found.insert(0, chunk)
            if chunk.points and chunk.points[0][0] <= after:
                break
        return found

    async def cancel(self, principal: Principal, job_id: str) -> Job:
        """Ask a training to stop, see `OwnJobs.cancel`."""
        return await self._own.cancel(principal, job_id)

    async def retry(self, principal: Principal, job_id: str, idempotency_key: str) -> Job:
        """Submit a failed or cancelled training again, on the same frozen snapshot and price.

        Raises RefusedError when the offering, the dataset or a picture is gone since.
        """
        require_scope(principal, Scope.SPEND)
        old = await self.get(principal, job_id)
        request = hashlib.sha256(f"retry {old.id}".encode()).hexdigest()
        job = await self._submission.repeat(principal.account, idempotency_key, request)
        if job is not None:
            return job
        if old.status not in (Status.FAILED, Status.CANCELLED):
            raise ConflictError("Only a failed or cancelled training can be tried again.")
        self._catalogue.check_available(old.training)
        try:
            await self._datasets.get(principal, old.dataset)
        except NotFoundError as error:
            raise RefusedError(
                "The dataset of this training is gone or no longer shared with you."
            ) from error
        await self._snapshots.renew(old.snapshot)
        now = self._clock.now()
        return await self._submission.enter(
            Job(
                id=new_id("jb"),
                created_at=now,
                updated_at=now,
                idempotency_key=idempotency_key,
                request_sha256=request,
                progress=Progress(total_steps=old.quote.inputs.total_steps),
                **{name: getattr(old, name) for name in _FROZEN},
            )
        )

    async def wake(self, job: Job) -> None:
        """Nudge a worker; when that fails the sweeper does it later."""
        await self._submission.wake(job)


def _list_sizes(items: Iterable[Item | SnapshotItem]) -> list[Size]:
    return [Size(item.width_px, item.height_px) for item in items]


_FROZEN = ("owner", "dataset", "dataset_name", "snapshot", "spec", "quote", "vram_gb")
