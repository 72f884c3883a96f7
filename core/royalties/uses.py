"""A generation's models as the ledger sees them: who claims what of its pool, and what is noted of it afterwards."""

from collections.abc import Sequence

from core.accounts.service import Accounts
from core.errors import NotFoundError
from core.models.records import TrainedModel
from core.ports import Documents
from core.royalties.records import Claim, Part
from core.royalties.service import Royalties
from core.royalties.shares import WHOLE_BPS, make_claim


class Uses:
    """What using models means for their makers."""

    def __init__(
        self,
        models: Documents[TrainedModel],
        royalties: Royalties,
        accounts: Accounts,
    ) -> None:
        self._models = models
        self._royalties = royalties
        self._accounts = accounts

    async def list_own(self, account: str) -> tuple[str, ...]:
        """List an account and those that it has taken over: all are one person."""
        return (account, *(await self._accounts.get_as_it_is(account)).absorbed)

    async def claim(self, payer: str, model: str, weight: float) -> Claim | None:
        """Return a model's claim to what this payer's generation leaves for makers; None for one's own.

        Made when the price is agreed on and kept with it: whatever happens to the model or to its
        makers afterwards, everyone who settles splits alike. Raises NotFoundError.
        """
        found = await self._models.get(model)
        if found.owner == payer:
            return None
        shares: dict[str, int] = {}
        for share in found.shares:
            account = await self._accounts.follow(share.account)
            shares[account.id] = shares.get(account.id, 0) + share.bps
        if not shares:
            shares = {found.owner: WHOLE_BPS}
        return make_claim(found.id, found.provenance.job, weight, shares, payer)

    async def note(
        self, generation: str, user: str, models: Sequence[str], parts: Sequence[Part]
    ) -> None:
        """Note a settled generation: which models it used and what each maker earned; again changes nothing."""
        await self._royalties.accrue(generation, user, parts)
        for model in models:
            try:
                training = (await self._models.get(model)).provenance.job
            except NotFoundError:  # deleted since: what it earned stays
                continue
            await self._royalties.note_use(generation, user, model, training)
