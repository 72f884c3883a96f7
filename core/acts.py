"""The audit log: what admins did to what belongs to others, who it was and when; kept for good."""

from core.accounts.records import Principal
from core.accounts.tokens import require_admin
from core.paging import list_page
from core.ports import Clock, Documents
from core.records import Page, PageRequest, Record, new_id


class AdminAct(Record):
    """One act of an admin, noted before it is done: an act that then fails is an attempt."""

    collection = "admin_acts"
    indexed = ("admin", "target")

    admin: str
    """An account, or `local` for whoever has the command line."""
    act: str
    target: str
    """What it was done to: an account, a model, the ledger."""
    detail: str = ""


class AuditLog:
    """Written by what admins do, read by admins, changed by nobody."""

    def __init__(self, acts: Documents[AdminAct], clock: Clock) -> None:
        self._acts = acts
        self._clock = clock

    async def note(self, principal: Principal, act: str, target: str, detail: str = "") -> AdminAct:
        """Note an act that is about to be done."""
        now = self._clock.now()
        return await self._acts.insert(
            AdminAct(
                id=new_id("aa"),
                created_at=now,
                updated_at=now,
                admin=principal.account,
                act=act,
                target=target,
                detail=detail[:300],
            )
        )

    async def list_all(self, principal: Principal, page: PageRequest) -> Page[AdminAct]:
        """List acts, the newest first. Raises ForbiddenError for all but admins."""
        require_admin(principal)
        return await list_page(self._acts, {}, "-created_at", page)
