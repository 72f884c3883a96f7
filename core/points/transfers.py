"""Points that one member gives to another: a saga of two entries and a clearing account between them.

The giver's entry decides: with it the points arrive, whatever crashes; without it the transfer is
given up, after a refusal has taken its place for good. So nothing is taken behind anyone's back.
"""

import contextlib
import logging
from datetime import timedelta

from pydantic import JsonValue

from core.accounts.records import Account, Principal, Scope
from core.accounts.service import Accounts
from core.accounts.tokens import require_scope
from core.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidError,
    RefusedError,
    StaleError,
    TrainyardError,
    UnavailableError,
)
from core.notifications.records import NewsKind
from core.notifications.service import Notifications
from core.paging import iterate
from core.points.forwarding import lead_on
from core.points.moves import Moves, clearing_account
from core.points.receivers import find_receiver
from core.points.records import MAX_POINTS, EntryKind, Leg, Transfer
from core.points.service import Points, check_points
from core.ports import Clock, Documents
from core.records import Above, Below, OneOf, new_id

_GRACE = timedelta(seconds=30)
_DAY = timedelta(days=1)
_MAX_KEY_CHARACTERS = 200
_log = logging.getLogger(__name__)


class Transfers:
    """Gives points to others. Each step may be taken again, by the same call or by the sweeper."""

    def __init__(
        self,
        transfers: Documents[Transfer],
        points: Points,
        accounts: Accounts,
        notifications: Notifications,
        clock: Clock,
        per_day: int,
    ) -> None:
        self._transfers = transfers
        self._points = points
        self._moves = Moves(points)
        self._accounts = accounts
        self._notifications = notifications
        self._clock = clock
        self.per_day = per_day
        """How often one account may give in 24 hours; 0: nobody gives."""

    async def find_receiver(self, principal: Principal, to: str) -> Account:
        """Return who would receive: by account id, or as a platform names them on which the giver
        is known as well. Raises NotFoundError, and RefusedError for oneself."""
        require_scope(principal, Scope.READ)
        return await find_receiver(self._accounts, principal, to)

    async def give(self, principal: Principal, to: str, points: int, key: str) -> Transfer:
        """Give points to somebody, who hears of it; the same key again is the same transfer.

        Raises InvalidError, NotFoundError, InsufficientPointsError, OverCapError: then nothing moved;
        ConflictError when the key was used for another transfer.
        """
        require_scope(principal, Scope.SPEND)
        check_points(points)
        if not 1 <= len(key) <= _MAX_KEY_CHARACTERS or not key.isprintable():
            raise InvalidError("Send an Idempotency-Key of 1 to 200 printable characters.")
        transfer = await self._find(principal, key)
        if transfer is None:
            receiver = await self.find_receiver(principal, to)
            await self._check_room(principal.account, receiver.id, points)
            transfer = await self._insert(principal, receiver, to, points, key)
        if (transfer.to, transfer.points) != (to, points):
            raise ConflictError("This Idempotency-Key was used for something else; take a new one.")
        return await self._advance(transfer)

    async def sweep(self) -> None:
        """End transfers that stopped half-way: those that the giver paid arrive, others are given up."""
        began = Below(self._clock.now() - _GRACE)
        async for transfer in iterate(self._transfers, {"open": True, "created_at": began}):
            try:
                if not await self._withdraw(transfer):
                    await self._deliver(transfer)
            except TrainyardError:
                _log.exception("sweep: the transfer %s cannot be ended", transfer.id)

    async def _find(self, principal: Principal, key: str) -> Transfer | None:
        """Find what was given under this key, also by an account that was taken over since."""
        account = await self._accounts.get(principal)
        own = OneOf((account.id, *account.absorbed))
        found = await self._transfers.find({"account": own, "key": key})
        found.sort(key=lambda transfer: transfer.account != account.id)
        return found[0] if found else None

    async def _check_room(self, account: str, receiver: str, points: int) -> None:
        """Refuse, before anything is stored, what is too often, too much, or has no place there."""
        since = Above(self._clock.now() - _DAY)
        if await self._transfers.count({"account": account, "created_at": since}) >= self.per_day:
            raise RefusedError(
                f"Points can be given {self.per_day} times in 24 hours. Wait, then try again."
            )
        await self._points.check_covers(account, points, EntryKind.TRANSFER_OUT)
        if await self._points.get_balance(receiver) + points > MAX_POINTS:
            raise InvalidError(f"No account can have more than {MAX_POINTS} points.")

    async def _insert(
        self, principal: Principal, receiver: Account, to: str, points: int, key: str
    ) -> Transfer:
        giver = await self._accounts.get(principal)
        now = self._clock.now()
        transfer = Transfer(
            id=new_id("tf"),
            created_at=now,
            updated_at=now,
            account=principal.account,
            key=key,
            to=to,
            target=receiver.id,
            points=points,
            giver_name=giver.display_name,
            receiver_name=receiver.display_name,
        )
        try:
            return await self._transfers.insert(transfer)
        except AlreadyExistsError as error:
            twin = await self._find(principal, key)
            if twin is None:
                raise UnavailableError(
                    "This was given up meanwhile. Nothing was charged; try again."
                ) from error
            return twin

    async def _advance(self, transfer: Transfer) -> Transfer:
        if transfer.open is None:
            return transfer
        try:
            await self._take(transfer)
        except (RefusedError, UnavailableError):
            if await self._withdraw(transfer):
                raise
        except ConflictError as error:
            if await self._withdraw(transfer):
                raise UnavailableError(
                    "This was given up meanwhile. Nothing was charged; try again."
                ) from error
        return await self._deliver(transfer)

    async def _take(self, transfer: Transfer) -> None:
        giver, ref, points = transfer.account, transfer.id, transfer.points
        legs = (
            Leg(account=giver, amount_points=-points),
            Leg(account=clearing_account(ref), amount_points=points),
        )
        note = transfer.receiver_name
        await self._points.post(giver, EntryKind.TRANSFER_OUT, _out_key(ref), ref, legs, note)

    async def _withdraw(self, transfer: Transfer) -> bool:
        """Refuse the giver's entry for good and forget the transfer; False when it was paid after all."""
        key = _out_key(transfer.id)
        if await self._points.refuse(transfer.account, key, transfer.id) is not None:
            return False
        with contextlib.suppress(StaleError):
            await self._transfers.delete(transfer)
        return True

    async def _deliver(self, transfer: Transfer) -> Transfer:
        """Post into the chain that the transfer names, tell, and lead the points on if that account is gone."""
        target, ref, points = transfer.target, transfer.id, transfer.points
        legs = (
            Leg(account=clearing_account(ref), amount_points=-points),
            Leg(account=target, amount_points=points),
        )
        key, note = f"transfer_in:{ref}", transfer.giver_name
        await self._points.post(target, EntryKind.TRANSFER_IN, key, ref, legs, note)
        await lead_on(self._accounts, self._moves, target, ref)
        receiver = await self._accounts.follow(target)
        data: dict[str, JsonValue] = {"points": points, "giver": transfer.giver_name}
        news = NewsKind.POINTS_RECEIVED
        await self._notifications.tell(receiver.id, f"received:{ref}", news, data)
        done = transfer.changed(self._clock.now(), open=None)
        with contextlib.suppress(StaleError):
            done = await self._transfers.replace(done)
            _log.info("%s: %s gave %d points to %s", ref, transfer.account, points, target)
        return done


def _out_key(ref: str) -> str:
    return f"transfer_out:{ref}"
