"""Auto captions: quoted, bought, looked at and cancelled by people; written one by one by a worker."""

from core.accounts.records import Principal, Role, Scope
from core.accounts.tokens import require_scope
from core.auto_captions.records import CaptionSpec, CaptionWishes
from core.datasets.captions import CaptionEdit, EditKind
from core.datasets.records import Dataset, Item, ItemState
from core.datasets.service import MAX_CAPTION_SETS, Datasets
from core.datasets.snapshots import Snapshots
from core.datasets.texts import MAX_CAPTION_BYTES, check_caption, check_name
from core.errors import InvalidError, NotFoundError, RefusedError, StaleError, TrainingError
from core.jobs.leases import Leases
from core.jobs.owned import OwnJobs
from core.jobs.records import Job, Kind, Progress
from core.jobs.submission import Submission
from core.offerings.price import quote_captions
from core.offerings.records import CaptionInputs, Quote
from core.offerings.service import Offerings
from core.ports import Clock, Documents
from core.records import Page, PageRequest, new_id
from core.texts import clean_text

MAX_PREFIX_CHARACTERS = 200


class AutoCaptions:
    """Captions by a model, from submission to settlement: jobs of another kind."""

    def __init__(
        self,
        own: OwnJobs,
        catalogue: Offerings,
        datasets: Datasets,
        items: Documents[Item],
        snapshots: Snapshots,
        submission: Submission,
        leases: Leases,
        clock: Clock,
    ) -> None:
        self._own = own
        self._catalogue = catalogue
        self._datasets = datasets
        self._items = items
        self._snapshots = snapshots
        self._submission = submission
        self._leases = leases
        self._clock = clock

    async def quote(
        self, principal: Principal, dataset_id: str, wishes: CaptionWishes
    ) -> tuple[CaptionSpec, Quote]:
        """Check and price captions without buying them.

        Raises NotFoundError, and RefusedError where no caption model is set or nothing is to be done.
        """
        dataset = await self._datasets.get_joint(principal, dataset_id)
        _, spec, quote = await self._specify(dataset, wishes)
        return spec, quote

    async def submit(
        self, principal: Principal, dataset_id: str, wishes: CaptionWishes, idempotency_key: str
    ) -> Job:
        """Freeze pictures, specification and price, hold the points, and queue the job.

        The same key with the same content returns the same job and finishes a half-done saga (see
        `Submission`); other content is a conflict.
        """
        require_scope(principal, Scope.SPEND)
        require_scope(principal, Scope.WRITE)
        request = wishes.hash_for(dataset_id)
        job = await self._submission.repeat(principal.account, idempotency_key, request)
        if job is not None:
            return job
        dataset = await self._datasets.get_joint(principal, dataset_id)
        items, spec, quote = await self._specify(dataset, wishes)
        snapshot = await self._snapshots.take(dataset, items)
        now = self._clock.now()
        return await self._submission.enter(
            Job(
                id=new_id("jb"),
                created_at=now,
                updated_at=now,
                kind=Kind.CAPTION,
                owner=principal.account,
                idempotency_key=idempotency_key,
                request_sha256=request,
                dataset=dataset.id,
                dataset_name=dataset.name,
                snapshot=snapshot.id,
                spec=spec,
                quote=quote,
                progress=Progress(total_steps=quote.inputs.total_steps),
            )
        )

    async def get(self, principal: Principal, job_id: str) -> Job:
        """Return one's own auto-caption job. Raises NotFoundError for all others."""
        return await self._own.get(principal, job_id)

    async def list_own(self, principal: Principal, page: PageRequest) -> Page[Job]:
        return await self._own.list_own(principal, page)

    async def cancel(self, principal: Principal, job_id: str) -> Job:
        """Ask it to stop, see `OwnJobs.cancel`; captions that are written stay and are charged."""
        return await self._own.cancel(principal, job_id)

    async def write(self, job: Job, index: int, item_id: str, text: str) -> Job:
        """Write a caption into the set, for the worker that holds the job, and count it once.

        The lease is looked at between reading the item and replacing it, so a worker that lost it
        writes over nothing that came later. A picture that was removed, or that somebody captioned
        meanwhile, is left alone and costs nothing. Raises LeaseLostError, and TrainingError when
        the dataset is gone.
        """
        while True:
            await self._check_dataset(job)
            item = await self._find(item_id)
            job = await self._leases.heartbeat(job)
            captioned = _put(job.captioning, item, text) if item is not None else None
            if item is None or captioned is None:
                return await self._leases.count_caption(job, index, written=0)
            try:
                if captioned != item.captions:
                    await self._items.replace(item.changed(self._clock.now(), captions=captioned))
            except StaleError:
                continue
            return await self._leases.count_caption(job, index, written=1)

    async def _specify(
        self, dataset: Dataset, wishes: CaptionWishes
    ) -> tuple[list[Item], CaptionSpec, Quote]:
        """Choose the pictures that lack a caption in the set, all of them where it is to be replaced."""
        offer = self._catalogue.captions
        if not offer.model:
            raise RefusedError(
                "Captions by a model are switched off here. Whoever runs Trainyard switches them on "
                "by naming a model in TRAINYARD_CAPTION_MODEL.",
                code="captions_off",
            )
        name, prefix = check_name(wishes.caption_set), clean_text(wishes.prefix)
        if len(prefix) > MAX_PREFIX_CHARACTERS:
            raise InvalidError(f"A prefix has at most {MAX_PREFIX_CHARACTERS} characters.")
        active = await self._datasets.list_active(dataset.id)
        if not active:
            raise InvalidError("This dataset is empty; add pictures before they are captioned.")
        bare = [item for item in active if wishes.replaces or not item.captions.get(name)]
        if not bare:
            raise RefusedError(
                f"Every picture has a caption in the set “{name}”. Name another set, or ask for "
                "captions to be replaced."
            )
        spec = CaptionSpec(
            caption_model=offer.model,
            revision=offer.revision,
            caption_set=name,
            prefix=prefix,
            replaces=wishes.replaces,
            left_out=len(active) - len(bare),
        )
        inputs = CaptionInputs(
            pictures=len(bare), points_per_100_pictures=offer.points_per_100_pictures
        )
        return bare, spec, quote_captions(inputs)

    async def _check_dataset(self, job: Job) -> None:
        """Raise TrainingError unless the job's owner still works on its dataset."""
        try:
            owner = Principal(account=job.owner, role=Role.MEMBER)
            await self._datasets.get_joint(owner, job.dataset)
        except NotFoundError as error:
            raise TrainingError(
                "The dataset was deleted or is no longer shared with you. All points were returned.",
                code="dataset_gone",
            ) from error

    async def _find(self, item_id: str) -> Item | None:
        try:
            item = await self._items.get(item_id)
        except NotFoundError:
            return None
        return item if item.state is ItemState.ACTIVE else None


def make_caption(prefix: str, text: str) -> str:
    """Join the prefix and what the model wrote, cut to what a caption may have."""
    whole = clean_text(text)
    if prefix:
        whole = CaptionEdit(kind=EditKind.PREFIX, text=f"{prefix}, ").apply(whole)
    return check_caption(whole.encode(errors="replace")[:MAX_CAPTION_BYTES].decode(errors="ignore"))


def _put(spec: CaptionSpec, item: Item, text: str) -> dict[str, str] | None:
    """Return the item's captions with this one; None when there is nothing to put, or no room.

    What is there already and reads the same was written by an attempt that broke right after it.
    """
    caption, before = make_caption(spec.prefix, text), item.captions.get(spec.caption_set, "")
    if not caption or (before not in ("", caption) and not spec.replaces):
        return None
    captions = {**item.captions, spec.caption_set: caption}
    return captions if len(captions) <= MAX_CAPTION_SETS else None
