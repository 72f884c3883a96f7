"""Points from one member to another, through a clearing account: one entry in each chain, never a rewritten one."""

from core.errors import ConflictError, InsufficientPointsError
from core.points.records import Entry, EntryKind, Leg
from core.points.service import Points


def clearing_account(ref: str) -> str:
    """Name the ledger account in which points are between two entries of one transfer."""
    return f"clearing:{ref}"


class Moves:
    """Transfers whole balances. A crash between the two entries is mended by the same call again."""

    def __init__(self, points: Points) -> None:
        self._points = points

    async def move_balance(self, source: str, target: str, ref: str, note: str) -> int:
        """Move all that the source has now; the same `ref` again is the same transfer, to its end.

        Returns what was moved, 0 for nothing.
        """
        out = await self._take(source, ref, note)
        if out is None:
            return 0
        points = -out.amount_points
        legs = (
            Leg(account=clearing_account(ref), amount_points=-points),
            Leg(account=target, amount_points=points),
        )
        await self._points.post(target, EntryKind.MOVE_IN, f"move_in:{ref}", ref, legs, note)
        return points

    async def _take(self, source: str, ref: str, note: str) -> Entry | None:
        """Take the balance out once; what the first to come took is what was taken."""
        key = f"move_out:{ref}"
        while True:
            known = await self._points.find_entry(source, key)
            if known is not None:
                return known
            points = await self._points.get_balance(source)
            if points <= 0:
                return None
            legs = (
                Leg(account=source, amount_points=-points),
                Leg(account=clearing_account(ref), amount_points=points),
            )
            try:
                return await self._points.post(source, EntryKind.MOVE_OUT, key, ref, legs, note)
            except (ConflictError, InsufficientPointsError):  # it moved meanwhile: look again
                continue
