"""Receipts: what a platform has sent, kept until it is answered, so that nothing is lost and nothing taken twice."""

import contextlib
from collections.abc import Mapping
from datetime import timedelta

from pydantic import JsonValue

from core.conversations.records import Receipt
from core.errors import AlreadyExistsError, StaleError
from core.paging import iterate
from core.ports import Clock, Documents
from core.records import Below, Condition, new_id

RECEIPT_LASTS = timedelta(days=2)
"""Longer than platforms repeat what was not confirmed: Telegram does so for a day."""


class Receipts:
    """What has come in from platforms."""

    def __init__(self, receipts: Documents[Receipt], clock: Clock) -> None:
        self._receipts = receipts
        self._clock = clock

    async def keep(
        self, platform: str, external_id: str, body: Mapping[str, JsonValue]
    ) -> Receipt | None:
        """Keep what came in; the same again is the same receipt, and None once it is finished."""
        now = self._clock.now()
        receipt = Receipt(
            id=new_id("rc"),
            created_at=now,
            updated_at=now,
            platform=platform,
            external_id=external_id,
            body=dict(body),
            expires_at=now + RECEIPT_LASTS,
        )
        try:
            return await self._receipts.insert(receipt)
        except AlreadyExistsError:
            where: dict[str, Condition] = {"platform": platform, "external_id": external_id}
            known = await self._receipts.find(where, limit=1)
            return known[0] if known and not known[0].is_finished else None

    async def finish(self, receipt: Receipt) -> None:
        """Note that something was dealt with, and forget what it was."""
        with contextlib.suppress(StaleError):  # another process has finished it
            done = receipt.changed(self._clock.now(), is_finished=True, body={})
            await self._receipts.replace(done)

    async def list_unfinished(self, platform: str) -> list[Receipt]:
        """List what nobody has finished."""
        where: dict[str, Condition] = {"platform": platform, "is_finished": False}
        return [receipt async for receipt in iterate(self._receipts, where)]

    async def sweep(self) -> None:
        """Forget what is too old to come again."""
        async for receipt in iterate(self._receipts, {"expires_at": Below(self._clock.now())}):
            with contextlib.suppress(StaleError):
                await self._receipts.delete(receipt)
