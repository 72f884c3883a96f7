"""Models as their owners see them; one is made when its job completes."""

from collections.abc import AsyncIterator

from core.accounts.records import Principal
from core.datasets.records import Snapshot
from core.errors import AlreadyExistsError, ForbiddenError, NotFoundError
from core.jobs.records import Job, StoredFile
from core.models.names import Names
from core.models.records import Provenance, TrainedModel
from core.models.trigger_map import TriggerMap
from core.models.words import make_slug
from core.paging import list_page
from core.ports import Blobs, Clock, Documents
from core.records import Page, PageRequest

_NO_MODEL = "There is no such model."
_WEIGHTS = (".safetensors", ".bin", ".zip")


class Models:
    """What trainings yield."""

    def __init__(
        self,
        models: Documents[TrainedModel],
        snapshots: Documents[Snapshot],
        names: Names,
        trigger_map: TriggerMap,
        blobs: Blobs,
        clock: Clock,
    ) -> None:
        self._models = models
        self._snapshots = snapshots
        self._names = names
        self._map = trigger_map
        self._blobs = blobs
        self._clock = clock

    async def create(self, job: Job) -> TrainedModel:
        """Make the model of a completed job; its id follows from the job's, so twice makes one."""
        model_id = model_id_of(job.id)
        try:
            model = await self._models.get(model_id)
        except NotFoundError:
            model = await self._insert(model_id, job)
        return await self._map.note_model(model) if model.needs_noting else model

    async def _insert(self, model_id: str, job: Job) -> TrainedModel:
        name = f"{job.dataset_name}: {job.training.trigger_words[0]}"[:100]
        slug = await self._names.choose_slug(model_id, make_slug(name))
        now = self._clock.now()
        snapshot = await self._snapshots.get(job.snapshot)
        model = TrainedModel(
            id=model_id,
            created_at=now,
            updated_at=now,
            owner=job.owner,
            name=name,
            slug=slug,
            family=job.training.base_model.family,
            trigger_words=job.training.trigger_words,
            output=job.training.output,
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
                started_from=job.training.start.model if job.training.start else None,
            ),
            needs_noting=True,
        )
        try:
            return await self._models.insert(model)
        except AlreadyExistsError:
            return await self._models.get(model_id)

    async def get(self, principal: Principal, model_id: str) -> TrainedModel:
        """Return a model that the principal may see. Raises NotFoundError, the same for all others."""
        try:
            model = await self._models.get(model_id)
        except NotFoundError as error:
            raise NotFoundError(_NO_MODEL) from error
        is_own = model.owner == principal.account
        if not (is_own or model.is_shown_to_others or principal.is_admin):
            raise NotFoundError(_NO_MODEL)
        return model

    async def name(self, model_id: str) -> str:
        """Return what a model is called, for those who were told its id; the id once it is gone."""
        try:
            return (await self._models.get(model_id)).name
        except NotFoundError:
            return model_id

    async def get_own(self, principal: Principal, model_id: str) -> TrainedModel:
        """Return a model that the principal may change.

        Raises NotFoundError for one that it may not see, ForbiddenError for one that it may."""
        model = await self.get(principal, model_id)
        if model.owner != principal.account:
            raise ForbiddenError("This model belongs to somebody else.")
        return model

    async def get_by_slug(self, principal: Principal, slug: str) -> TrainedModel:
        """Return a visible model by its slug, or by one that it had before. Raises NotFoundError."""
        model_id = await self._names.find_holder(slug.lower())
        if model_id is None:
            raise NotFoundError(_NO_MODEL)
        return await self.get(principal, model_id)

    async def list_own(self, principal: Principal, page: PageRequest) -> Page[TrainedModel]:
        return await list_page(self._models, {"owner": principal.account}, "-created_at", page)

    async def find_file(self, principal: Principal, model_id: str, name: str) -> StoredFile:
        """Return one of a visible model's files by name; weights of others only if they allow it.

        Raises NotFoundError."""
        model = await self.get(principal, model_id)
        for file in list_files(model, principal):
            if file.name == name:
                return file
        raise NotFoundError("This model has no such file.")

    def read(self, file: StoredFile) -> AsyncIterator[bytes]:
        """Stream a file that the caller was shown."""
        return self._blobs.read(file.key)


def list_files(model: TrainedModel, principal: Principal) -> list[StoredFile]:
    """List the files that a person may have of a model that it sees."""
    has_weights = model.owner == principal.account or model.downloadable
    shown = (f for f in model.files if has_weights or not f.name.endswith(_WEIGHTS))
    return [*shown, *(sample.file for sample in model.samples)]


def model_id_of(job_id: str) -> str:
    """Name the model of a job."""
    return "md_" + job_id.removeprefix("jb_")
