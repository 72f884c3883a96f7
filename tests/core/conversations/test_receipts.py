"""Receipts: once each, kept until finished, forgotten in the end."""

import asyncio

from tests.core.yard import Yard


async def test_of_many_at_once_there_is_one_receipt_until_it_is_finished(yard: Yard) -> None:
    receipts = yard.studio.receipts
    kept = await asyncio.gather(*(receipts.keep("test", "7", {"a": 1}) for _ in range(5)))
    assert len({receipt.id for receipt in kept if receipt is not None}) == 1
    (receipt,) = await receipts.list_unfinished("test")
    assert receipt.body == {"a": 1}
    await receipts.finish(receipt)
    await receipts.finish(receipt)
    assert await receipts.keep("test", "7", {"a": 1}) is None
    assert await receipts.keep("elsewhere", "7", {}) is not None
    assert await receipts.list_unfinished("test") == []


async def test_a_finished_receipt_holds_nothing_of_what_was_said(yard: Yard) -> None:
    receipts = yard.studio.receipts
    receipt = await receipts.keep("test", "7", {"text": "secret"})
    assert receipt is not None
    await receipts.finish(receipt)
    stored = await yard.stores.receipts.get(receipt.id)
    assert stored.is_finished and stored.body == {}


async def test_receipts_are_forgotten_after_two_days(yard: Yard) -> None:
    await yard.studio.receipts.keep("test", "7", {})
    yard.clock.pass_s(2 * 24 * 3600 - 1)
    await yard.studio.sweeper.sweep()
    assert len(await yard.studio.receipts.list_unfinished("test")) == 1
    yard.clock.pass_s(2)
    await yard.studio.sweeper.sweep()
    assert await yard.studio.receipts.list_unfinished("test") == []
