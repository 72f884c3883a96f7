"""Models as their owners see them; one is made when its job completes."""

from collections.abc import AsyncIterator

from core.accounts.records import Principal
from core.datasets.records import Snapshot
from core.errors import AlreadyExistsError, NotFoundError
from core.jobs.records import Job, StoredFile
from core.models.records import Provenance, TrainedModel
from core.paging import list_page
from core.ports import Blobs, Clock, Documents
from core.records import Page, PageRequest

_NO_MODEL = "There is no such model."


class Models:
    """What trainings yield."""

    def __init__(
        self,
        models: Documents[TrainedModel],
        snapshots: Documents[Snapshot],
        blobs: Blobs,
        clock: Clock,
    ) -> None:
        self._models = models
        self._snapshots = snapshots
        self._blobs = blobs
        self._clock = clock

    async def create(self, job: Job) -> TrainedModel:
        """Make the model of a completed job; its id follows from the job's, so twice makes one."""
        model_id = model_id_of(job.id)
        now = self._clock.now()
        snapshot = await self._snapshots.get(job.snapshot)
        model = TrainedModel(
            id=model_id,
            created_at=now,
            updated_at=now,
            owner=job.owner,
            name=f"{job.dataset_name}: {job.training.trigger_words[0]}"[:100],
            family=job.training.base_model.family,
            trigger_words=job.training.trigger_words,
            sampler=job.training.sampler,
            files=job.artifacts,
            samples=job.samples,
            provenance=Provenance(
                job=job.id,
                dataset=job.dataset,
                snapshot_digest=snapshot.digest,
                offering=job.training.offering,
                base_model=job.training.base_model.id,
                steps=job.steps_done,
                seed=job.training.get_int("seed"),
            ),
        )
        try:
            return await self._models.insert(model)
        except AlreadyExistsError:
            return await self._models.get(model_id)

    async def get(self, principal: Principal, model_id: str) -> TrainedModel:
        """Return one's own model. Raises NotFoundError for all others."""
        try:
            model = await self._models.get(model_id)
        except NotFoundError as error:
            raise NotFoundError(_NO_MODEL) from error
        if model.owner != principal.account:
            raise NotFoundError(_NO_MODEL)
        return model

    async def name(self, model_id: str) -> str:
        """Return what a model is called, for those who were told its id; the id once it is gone."""
        try:
            return (await self._models.get(model_id)).name
        except NotFoundError:
            return model_id

    async def list_own(self, principal: Principal, page: PageRequest) -> Page[TrainedModel]:
        return await list_page(self._models, {"owner": principal.account}, "-created_at", page)

    async def find_file(self, principal: Principal, model_id: str, name: str) -> StoredFile:
        """Return one of a model's files by name. Raises NotFoundError."""
        model = await self.get(principal, model_id)
        files = (*model.files, *(sample.file for sample in model.samples))
        for file in files:
            if file.name == name:
                return file
        raise NotFoundError("This model has no such file.")

    def read(self, file: StoredFile) -> AsyncIterator[bytes]:
        """Stream a file that the caller was shown."""
        return self._blobs.read(file.key)


def model_id_of(job_id: str) -> str:
    """Name the model of a job."""
    return "md_" + job_id.removeprefix("jb_")
