"""Usage reports: what programs outside generate with models from here, paid like a generation of our own."""

import contextlib
import hashlib
import logging

from core.accounts.records import Principal, Scope
from core.accounts.service import Accounts
from core.accounts.tokens import require_scope
from core.errors import AlreadyExistsError, ConflictError, InvalidError, StaleError, TrainyardError
from core.models.resolver import Resolver
from core.paging import iterate
from core.points.legs import earn
from core.points.records import EntryKind, Leg
from core.points.service import Points
from core.ports import Clock, Documents
from core.records import OneOf, Record, Value, new_id
from core.royalties.records import Part
from core.royalties.shares import split, sum_by_payee
from core.royalties.uses import Uses

MAX_IMAGES = 100
_MAX_KEY_CHARACTERS = 200
_log = logging.getLogger(__name__)


class UsageReport(Record):
    """What a program has reported once under this key; all that follows from it is in it."""

    collection = "usage_reports"
    unique = (("account", "key"),)
    indexed = ("unpaid",)

    account: str
    key: str
    request_sha256: str
    images: int
    models: tuple[str, ...]
    parts: tuple[Part, ...]
    points: int
    unpaid: bool | None = True
    """True until it was paid and noted."""


class NewUsage(Value):
    """What was generated: with this prompt, on base models of this family, so many pictures."""

    prompt: str
    family: str
    images: int = 1


class Usage:
    """Takes usage reports. The prompt is resolved here again: a program cannot name a model that it did not use."""

    def __init__(
        self,
        reports: Documents[UsageReport],
        resolver: Resolver,
        uses: Uses,
        points: Points,
        accounts: Accounts,
        clock: Clock,
        use_points: int,
    ) -> None:
        self._reports = reports
        self._resolver = resolver
        self._uses = uses
        self._points = points
        self._accounts = accounts
        self._clock = clock
        self.use_points = use_points

    async def report(self, principal: Principal, usage: NewUsage, key: str) -> UsageReport:
        """Pay the makers of the models that a prompt brought in, each picture with other people's models
        at `use_points`; the same key again is the same report.

        Raises InvalidError, InsufficientPointsError: then nothing was reported; ConflictError when
        the key was used for another report.
        """
        require_scope(principal, Scope.SPEND)
        if not 1 <= usage.images <= MAX_IMAGES:
            raise InvalidError(f"A report counts 1 to {MAX_IMAGES} pictures.")
        if not 1 <= len(key) <= _MAX_KEY_CHARACTERS:
            raise InvalidError("Send an Idempotency-Key of 1 to 200 characters.")
        request = hashlib.sha256(usage.model_dump_json().encode("utf-8", "replace")).hexdigest()
        report = await self._insert(principal, usage, key, request)
        if report.request_sha256 != request:
            raise ConflictError("This Idempotency-Key was used for another report.")
        return await self._finish(report)

    async def _insert(
        self, principal: Principal, usage: NewUsage, key: str, request: str
    ) -> UsageReport:
        known = await self._find(principal.account, key, request)
        if known is not None:
            return known
        resolution = await self._resolver.resolve(principal, usage.prompt, usage.family)
        claims = [
            claim
            for model in resolution.models
            if (claim := await self._uses.claim(principal.account, model.id, model.weight))
        ]
        points = usage.images * self.use_points if claims else 0
        await self._points.check_covers(principal.account, points)
        now = self._clock.now()
        try:
            return await self._reports.insert(
                UsageReport(
                    id=new_id("ur"),
                    created_at=now,
                    updated_at=now,
                    account=principal.account,
                    key=key,
                    request_sha256=request,
                    images=usage.images,
                    models=tuple(model.id for model in resolution.models),
                    parts=split(points, claims),
                    points=points,
                )
            )
        except AlreadyExistsError:
            found = await self._reports.find({"account": principal.account, "key": key}, limit=1)
            return found[0]

    async def _find(self, account: str, key: str, request: str) -> UsageReport | None:
        """Find what was reported under this key; if not by this account, then the same by one it took over."""
        own = OneOf(await self._uses.list_own(account))
        found = await self._reports.find({"account": own, "key": key})
        for report in found:
            if report.account == account:
                return report
        return next((report for report in found if report.request_sha256 == request), None)

    async def _finish(self, report: UsageReport) -> UsageReport:
        """Pay and note a report; what a crash left undone is done by the next call or by the sweeper."""
        if report.unpaid is None:
            return report
        if report.points:
            await self._pay(report)
        await self._uses.note(report.id, report.account, report.models, report.parts)
        paid = report.changed(self._clock.now(), unpaid=None)
        with contextlib.suppress(StaleError):
            return await self._reports.replace(paid)
        return paid

    async def _pay(self, report: UsageReport) -> None:
        """Pay out of the reporter's chain, or that of whoever took the reporter over: out of one alone.

        From an account that was taken over its points are gone, so there the payment is refused for
        good before the next one is tried; who was led where never changes, so all payers agree.
        """
        payer, key = report.account, f"use:{report.id}"
        while True:
            account = await self._accounts.get_as_it_is(payer)
            if account.merged_into is None:
                try:
                    return await self._post(report, payer, key)
                except ConflictError:  # taken over and refused meanwhile
                    account = await self._accounts.get_as_it_is(payer)
                    if account.merged_into is None:
                        raise
            if await self._points.refuse(payer, key, report.id) is not None:
                return
            payer = account.merged_into

    async def _post(self, report: UsageReport, payer: str, key: str) -> None:
        legs = (
            Leg(account=payer, amount_points=-report.points),
            *earn(report.points, sum_by_payee(report.parts)),
        )
        note = "Generated elsewhere"
        await self._points.post(payer, EntryKind.USE, key, report.id, legs, note)

    async def sweep(self) -> None:
        """Finish what crashes left undone; a report that cannot be paid any more is tried again later."""
        async for report in iterate(self._reports, {"unpaid": True}):
            try:
                await self._finish(report)
            except TrainyardError as error:
                _log.warning("the usage report %s stays unpaid: %s", report.id, error.code)
