"""What the ledger and the payments must say alike."""

from core.paging import iterate
from core.points.records import Entry, EntryKind
from core.ports import Documents
from core.topups.records import Payment


class PaymentAudit:
    """Compares each payment with its entries, and each such entry with its payment."""

    def __init__(self, payments: Documents[Payment], entries: Documents[Entry]) -> None:
        self._payments = payments
        self._entries = entries

    async def check(self, entry: Entry) -> list[str]:
        """List what is wrong with an entry that says points were bought or paid back.

        A payment is always kept before its entry, so that one without is wrong at any moment.
        """
        found = await self._payments.find({"id": entry.ref}, limit=1)
        named: list[tuple[str | None, int]]
        if entry.kind is EntryKind.TOP_UP:
            named = [(payment.account, payment.points) for payment in found]
        else:
            named = [(payment.taken_from, -payment.points) for payment in found]
        if named == [(entry.account, entry.amount_points)]:
            return []
        return [f"{entry.account} entry {entry.seq}: no payment says the same"]

    async def check_all(self) -> list[str]:
        """List payments that are said to be credited or paid back, and are not in the ledger."""
        wrong = []
        async for payment in iterate(self._payments, {}):
            if not payment.points:
                continue
            if payment.uncredited is None and not await self._has(
                payment.account, f"top_up:{payment.id}"
            ):
                wrong.append(f"payment {payment.id} is said to be credited and is not")
            if payment.refunded_at is not None and not await self._has(
                payment.taken_from or "", f"refund:{payment.id}"
            ):
                wrong.append(f"payment {payment.id} was paid back and its points were not taken")
        return wrong

    async def _has(self, account: str, key: str) -> bool:
        return bool(await self._entries.find({"account": account, "key": key}, limit=1))
