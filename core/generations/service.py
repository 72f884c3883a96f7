"""Generations as their owners see them: quote, submit, look, cancel; the worker's side is core/jobs/leases.py."""

from core.accounts.records import Principal, Scope
from core.accounts.service import Accounts
from core.accounts.tokens import require_scope
from core.errors import NotFoundError
from core.generations.loras import resolve_loras
from core.generations.records import GenerationSpec
from core.generations.wishes import GenerationWishes, check_prompt, specify
from core.jobs.owned import OwnJobs
from core.jobs.records import Job, Kind, Progress, StoredFile
from core.jobs.submission import Submission
from core.models.resolver import Resolver
from core.models.service import Models
from core.offerings.generation import GenerationOffer
from core.offerings.price import quote_generation
from core.offerings.records import BaseModel, Quote
from core.offerings.service import Offerings
from core.ports import Clock
from core.records import Page, PageRequest, new_id
from core.royalties.uses import Uses


class Generations:
    """Generations from submission to settlement: jobs of another kind."""

    def __init__(
        self,
        own: OwnJobs,
        accounts: Accounts,
        catalogue: Offerings,
        models: Models,
        resolver: Resolver,
        uses: Uses,
        royalty_bps: int,
        submission: Submission,
        clock: Clock,
    ) -> None:
        self._own = own
        self._accounts = accounts
        self._catalogue = catalogue
        self._models = models
        self._resolver = resolver
        self._uses = uses
        self._royalty_bps = royalty_bps
        self._submission = submission
        self._clock = clock

    async def quote(
        self, principal: Principal, wishes: GenerationWishes
    ) -> tuple[GenerationSpec, Quote]:
        """Resolve, check and price a generation without buying it; a seed not given is another each time."""
        prompt, _ = check_prompt(wishes.prompt, wishes.negative_prompt)
        base_model, offer = await self._choose_base(principal, wishes)
        named = [(lora.model, lora.weight) for lora in wishes.loras]
        resolved = await resolve_loras(
            self._models, self._resolver, principal, prompt, named, offer.family
        )
        spec, inputs = specify(wishes, base_model, offer, resolved)
        claims = [await self._uses.claim(principal.account, m.model, m.weight) for m in spec.loras]
        due = {"claims": tuple(filter(None, claims)), "royalty_bps": self._royalty_bps}
        return spec.model_copy(update=due), quote_generation(inputs)

    async def submit(
        self, principal: Principal, wishes: GenerationWishes, idempotency_key: str
    ) -> Job:
        """Freeze specification and price, hold the points, and queue the job.

        The same key with the same content returns the same job, with the seed that was drawn first,
        and finishes a half-done saga (see `Submission`); other content is a conflict.
        """
        require_scope(principal, Scope.SPEND)
        request = wishes.hash()
        job = await self._submission.repeat(principal.account, idempotency_key, request)
        if job is not None:
            return job
        await self._accounts.check_room(principal)
        spec, quote = await self.quote(principal, wishes)
        now = self._clock.now()
        return await self._submission.enter(
            Job(
                id=new_id("jb"),
                created_at=now,
                updated_at=now,
                kind=Kind.GENERATE,
                owner=principal.account,
                idempotency_key=idempotency_key,
                request_sha256=request,
                spec=spec,
                quote=quote,
                vram_gb=self._catalogue.get_generation(spec.base_model.id)[1].needed_gb,
                progress=Progress(total_steps=quote.inputs.total_steps),
            )
        )

    async def get(self, principal: Principal, job_id: str) -> Job:
        """Return one's own generation. Raises NotFoundError for all others, and for one not yet submitted."""
        return await self._own.get(principal, job_id)

    async def list_own(self, principal: Principal, page: PageRequest) -> Page[Job]:
        return await self._own.list_own(principal, page)

    async def cancel(self, principal: Principal, job_id: str) -> Job:
        """Ask a generation to stop, see `OwnJobs.cancel`; pictures that are ready are charged and stay."""
        return await self._own.cancel(principal, job_id)

    async def find_picture(self, principal: Principal, job_id: str, name: str) -> StoredFile:
        """Return one of a generation's pictures by its file's name. Raises NotFoundError."""
        job = await self.get(principal, job_id)
        for picture in job.pictures:
            if picture.file.name == name:
                return picture.file
        raise NotFoundError("This generation has no such picture.")

    async def _choose_base(
        self, principal: Principal, wishes: GenerationWishes
    ) -> tuple[BaseModel, GenerationOffer]:
        """Take the base model that was named, else the one that the first LoRA was trained on."""
        chosen = wishes.base_model
        wanted = [lora.model for lora in wishes.loras]
        if not chosen and not wanted:
            resolution = await self._resolver.resolve(principal, wishes.prompt)
            wanted = [model.id for model in resolution.models]
        if not chosen and wanted:
            chosen = (await self._models.get(principal, wanted[0])).provenance.base_model
        return self._catalogue.get_generation(chosen)
