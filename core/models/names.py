"""Names that one model has and no other: slugs, and public trigger words by what they look like.

A name is claimed before the model says that it has it, and given back after the model no longer
does. So a crash leaves at most a claim too many, and whoever wants that name later takes it over.
"""

import contextlib
import hashlib
from datetime import timedelta

from core.errors import AlreadyExistsError, NotFoundError, RefusedError, StaleError
from core.models.records import ModelAccess, NameClaim, TrainedModel
from core.models.words import make_skeleton
from core.ports import Clock, Documents

SLUGS = "slug"
GRACE = timedelta(minutes=10)
"""As long as a model that claimed a name may take to say that it has it."""
Name = tuple[str, str]
"""Space and key of a claim."""


class Names:
    """Who has which name."""

    def __init__(
        self, claims: Documents[NameClaim], models: Documents[TrainedModel], clock: Clock
    ) -> None:
        self._claims = claims
        self._models = models
        self._clock = clock

    async def list_held(self, model_id: str) -> list[NameClaim]:
        return await self._claims.find({"model": model_id})

    async def find_holder(self, slug: str) -> str | None:
        """Return the id of the model that has a slug, or had it before."""
        found = await self._claims.find({"space": SLUGS, "key": slug}, limit=1)
        return found[0].model if found else None

    async def claim(self, model: TrainedModel) -> None:
        """Claim every name that a model is about to have.

        Raises RefusedError for one that another model has; then the others are given back as well.
        """
        known = {(claim.space, claim.key) for claim in await self.list_held(model.id)}
        taken: list[NameClaim] = []
        try:
            for name, word in list_names(model).items():
                taken.append(await self._claim(model.id, name, word))
        except RefusedError:
            await self.release([claim for claim in taken if (claim.space, claim.key) not in known])
            raise

    async def check(self, model: TrainedModel) -> None:
        """Raise RefusedError for a name of this model that another model has now."""
        for (space, key), word in list_names(model).items():
            for held in await self._claims.find({"space": space, "key": key}, limit=1):
                if held.model != model.id and await self._is_needed(held):
                    raise _refuse(word)

    async def choose_slug(self, model_id: str, wanted: str) -> str:
        """Claim the wanted slug for a model, or one like it where another model has that; return it."""
        plain = model_id.removeprefix("md_")
        for slug in (wanted, f"{wanted}-{plain[:4]}"):
            with contextlib.suppress(RefusedError):
                await self._claim(model_id, (SLUGS, slug), slug)
                return slug
        slug = f"{wanted}-{plain}"
        await self._claim(model_id, (SLUGS, slug), slug)
        return slug

    async def release(self, held: list[NameClaim], model: TrainedModel | None = None) -> None:
        """Give claims back, but those that the model has now, or that were claimed anew meanwhile."""
        needed = list_names(model) if model is not None else {}
        for claim in held:
            if (claim.space, claim.key) not in needed:
                with contextlib.suppress(StaleError):
                    await self._claims.delete(claim)

    async def _claim(self, model_id: str, name: Name, word: str) -> NameClaim:
        """Claim a name, or write one's own claim again, so that nobody gives it back unseen."""
        space, key = name
        while True:
            now = self._clock.now()
            claim = NameClaim(
                id=_name_claim(name),
                created_at=now,
                updated_at=now,
                space=space,
                key=key,
                model=model_id,
            )
            try:
                return await self._claims.insert(claim)
            except AlreadyExistsError:
                found = await self._claims.find({"space": space, "key": key}, limit=1)
            if not found:
                continue
            held = found[0]
            if held.model != model_id and await self._is_needed(held):
                raise _refuse(word)
            with contextlib.suppress(StaleError):
                return await self._claims.replace(held.changed(now, model=model_id))

    async def _is_needed(self, claim: NameClaim) -> bool:
        """Tell whether the model that claimed a name has it, or may still be about to."""
        if self._clock.now() - claim.updated_at < GRACE:
            return True
        try:
            model = await self._models.get(claim.model)
        except NotFoundError:
            return False
        return (claim.space, claim.key) in list_names(model)


def list_names(model: TrainedModel) -> dict[Name, str]:
    """List the names that a model has, each with the word that it comes from."""
    slugs = {(SLUGS, slug): slug for slug in (model.slug, *model.old_slugs) if slug}
    if model.access is not ModelAccess.PUBLIC:
        return slugs
    words = (*model.trigger_words, *(old.word for old in model.old_words))
    return {**slugs, **{(f"words:{model.family}", make_skeleton(word)): word for word in words}}


def _name_claim(name: Name) -> str:
    """Make a claim's id of its name: the key of a long word is no good id."""
    return "nc_" + hashlib.sha256("\n".join(name).encode()).hexdigest()[:32]


def _refuse(word: str) -> RefusedError:
    return RefusedError(
        f"“{word}” is what another model is called, or looks just like it; choose another word.",
        code="name_taken",
    )
