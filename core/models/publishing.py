"""Publishing: from a model of one's own to one that others find, use and pay for, and back."""

from collections.abc import Callable, Sequence

from core.accounts.records import Principal, Scope
from core.accounts.service import Accounts
from core.accounts.tokens import require_scope
from core.datasets.records import Snapshot
from core.datasets.texts import check_name
from core.errors import ForbiddenError, NotFoundError, RefusedError, StaleError
from core.jobs.records import Job
from core.models.names import Names
from core.models.records import ModelAccess, ModelState, TrainedModel
from core.models.renaming import retrigger
from core.models.service import Models
from core.models.shares import Share, compute_shares
from core.models.texts import check_card, check_tags, check_weight
from core.models.trigger_map import TriggerMap
from core.models.trigger_words import check_public_words
from core.models.words import make_slug
from core.offerings.service import check_triggers
from core.ports import Clock, Documents
from core.records import Value, check_version

MAX_OLD_SLUGS = 8


class Card(Value):
    """What to change of what people read about a model; what is None stays."""

    name: str | None = None
    description: str | None = None
    tags: tuple[str, ...] | None = None
    default_weight: float | None = None
    downloadable: bool | None = None
    trigger_words: tuple[str, ...] | None = None


class Publishing:
    """Changes who may use a model, and under which words. Every change is one compare-and-set.

    Names are claimed before it and given back after it, so of two models that want one public
    word at once exactly one gets it; then the trigger map is told.
    """

    def __init__(
        self,
        models: Models,
        records: Documents[TrainedModel],
        jobs: Documents[Job],
        snapshots: Documents[Snapshot],
        accounts: Accounts,
        names: Names,
        trigger_map: TriggerMap,
        clock: Clock,
    ) -> None:
        self._models = models
        self._records = records
        self._jobs = jobs
        self._snapshots = snapshots
        self._accounts = accounts
        self._names = names
        self._map = trigger_map
        self._clock = clock

    async def publish(
        self,
        principal: Principal,
        model_id: str,
        access: ModelAccess = ModelAccess.PUBLIC,
        trigger_words: Sequence[str] = (),
    ) -> TrainedModel:
        """Let others use a model, and fix who is paid for it when it is the first time.

        Raises RefusedError for a word that another public model of the family has, or one without
        certificate; InvalidError for a word that no public model may have.
        """
        if access is ModelAccess.PRIVATE:
            return await self.withdraw(principal, model_id)
        shares = await self._get_shares(await self._models.get_own(principal, model_id))

        def plan(model: TrainedModel) -> TrainedModel:
            return self._plan_publication(model, access, trigger_words, shares)

        return await self._change(principal, model_id, plan)

    async def preview(
        self,
        principal: Principal,
        model_id: str,
        access: ModelAccess,
        trigger_words: Sequence[str] = (),
    ) -> TrainedModel:
        """Return a model as publishing would make it, and change nothing. Raises as publishing does."""
        model = await self._models.get_own(principal, model_id)
        if access is ModelAccess.PRIVATE:
            return retrigger(model, check_triggers(trigger_words or model.trigger_words))
        shares = await self._get_shares(model)
        planned = self._plan_publication(model, access, trigger_words, shares)
        await self._names.check(planned)
        return planned

    def _plan_publication(
        self,
        model: TrainedModel,
        access: ModelAccess,
        trigger_words: Sequence[str],
        shares: tuple[Share, ...],
    ) -> TrainedModel:
        if not model.is_certified:
            raise RefusedError("Only a LoRA whose weights passed their check can be published.")
        if access is ModelAccess.PUBLIC and model.access is not ModelAccess.PUBLIC:
            model = model.model_copy(update={"old_words": ()})
        model = retrigger(model, check_triggers(trigger_words or model.trigger_words))
        if access is ModelAccess.PUBLIC:
            check_public_words(model.trigger_words)
        now = self._clock.now()
        return model.changed(
            now,
            access=access,
            shares=model.shares or shares,
            published_at=model.published_at or now,
        )

    async def withdraw(self, principal: Principal, model_id: str) -> TrainedModel:
        """Make a model private again; what it earned stays, and its public words become free."""

        def plan(model: TrainedModel) -> TrainedModel:
            return model.changed(self._clock.now(), access=ModelAccess.PRIVATE, old_words=())

        return await self._change(principal, model_id, plan)

    async def change_triggers(
        self, principal: Principal, model_id: str, trigger_words: Sequence[str]
    ) -> TrainedModel:
        """Give a model other trigger words; those that others know go on working, with a notice."""
        card = Card(trigger_words=tuple(trigger_words))
        return await self.describe(principal, model_id, card)

    async def describe(
        self, principal: Principal, model_id: str, card: Card, version: int | None = None
    ) -> TrainedModel:
        """Change what people read about a model, or its words, all at once or nothing.

        Raises ChangedError unless the model is of this version, if one is given.

        With the name goes the slug; old slugs, and old words that others know, go on working.
        """
        require_scope(principal, Scope.WRITE)
        fields = _check(card)
        words = None if card.trigger_words is None else check_triggers(card.trigger_words)
        await self._models.get_own(principal, model_id)
        wanted = make_slug(str(fields["name"])) if "name" in fields else ""
        slug = await self._names.choose_slug(model_id, wanted) if wanted else ""

        def plan(model: TrainedModel) -> TrainedModel:
            check_version(model, version)
            model = model.changed(self._clock.now(), **fields)
            if slug and slug != model.slug:
                model = _rename(model, slug)
            if words is not None:
                model = retrigger(model, words)
                if model.access is ModelAccess.PUBLIC:
                    check_public_words(words)
            return model

        return await self._change(principal, model_id, plan)

    async def freeze(
        self, principal: Principal, model_id: str, state: ModelState = ModelState.FROZEN
    ) -> TrainedModel:
        """Let an admin stop a model, or let it go on: nobody can use it, and what it earned stays."""
        require_scope(principal, Scope.WRITE)
        while True:
            model = await self._models.get(principal, model_id)
            if not principal.is_admin:
                raise ForbiddenError("Only an admin can freeze a model.")
            frozen = model.changed(self._clock.now(), state=state, needs_noting=True)
            try:
                return await self._map.note_model(await self._records.replace(frozen))
            except StaleError:
                continue

    async def _change(
        self,
        principal: Principal,
        model_id: str,
        plan: Callable[[TrainedModel], TrainedModel],
    ) -> TrainedModel:
        """Plan on the model as it is, claim its names, store it, give names back, and tell the map."""
        require_scope(principal, Scope.WRITE)
        while True:
            model = await self._models.get_own(principal, model_id)
            if model.state is ModelState.FROZEN:
                raise RefusedError("This model was frozen by an admin; ask the operator.")
            planned = plan(model).model_copy(update={"needs_noting": True})
            held = await self._names.list_held(model.id)
            await self._names.claim(planned)
            try:
                stored = await self._records.replace(planned)
            except StaleError:
                continue
            await self._names.release(held, stored)
            return await self._map.note_model(stored)

    async def _get_shares(self, model: TrainedModel) -> tuple[Share, ...]:
        """Share between owner and contributors, under the accounts that they have become since."""
        if model.shares:
            return model.shares
        job = await self._jobs.get(model.provenance.job)
        snapshot = await self._snapshots.get(job.snapshot)
        known: dict[str, str] = {}
        for contributor in {item.contributor for item in snapshot.items}:
            known[contributor] = await self._find_payee(contributor) or model.owner
        return compute_shares(model.owner, (known[item.contributor] for item in snapshot.items))

    async def _find_payee(self, contributor: str) -> str | None:
        """Find who is paid for a contributor's pictures; None: they are gone, and the trainer stands in."""
        try:
            account = await self._accounts.follow(contributor)
        except NotFoundError:
            return None
        return account.id if account.deleting is None else None


def _check(card: Card) -> dict[str, object]:
    """Return the fields that a card changes. Raises InvalidError."""
    fields: dict[str, object] = {}
    if card.name is not None:
        fields["name"] = check_name(card.name)
    if card.description is not None:
        fields["description"] = check_card(card.description)
    if card.tags is not None:
        fields["tags"] = check_tags(card.tags)
    if card.default_weight is not None:
        fields["default_weight"] = check_weight(card.default_weight)
    if card.downloadable is not None:
        fields["downloadable"] = card.downloadable
    return fields


def _rename(model: TrainedModel, slug: str) -> TrainedModel:
    old = [s for s in (*model.old_slugs, model.slug) if s and s != slug]
    return model.model_copy(update={"slug": slug, "old_slugs": tuple(old[-MAX_OLD_SLUGS:])})
