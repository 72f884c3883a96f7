"""The ledger on a real store: conservation, idempotency, races and the reconciler."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters.mongo.database import MongoDatabase
from adapters.mongo.documents import MongoDocuments
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.documents import SqliteDocuments
from core.accounts.records import Account
from core.errors import (
    ConflictError,
    InsufficientPointsError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from core.jobs.records import Job
from core.points.reconcile import Reconciler
from core.points.records import Entry, SpendingStop
from core.points.service import Points
from core.points.spending import Spending
from core.ports import Documents
from core.royalties.records import Accrual
from core.topups.audit import PaymentAudit
from core.topups.records import Payment


class WallClock:
    """The real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class Ledger(NamedTuple):
    """What a test needs of the ledger."""

    points: Points
    entries: Documents[Entry]
    reconciler: Reconciler
    elsewhere: Points
    """The same ledger as another process has it."""


@pytest.fixture
async def ledger(tmp_path: Path, documents: MongoDatabase | None) -> AsyncIterator[Ledger]:
    async with SqliteDatabase(tmp_path / "t.sqlite") as database:
        if documents is None:
            yield make_ledger(
                await SqliteDocuments.open(database, Entry),
                await SqliteDocuments.open(database, SpendingStop),
                await SqliteDocuments.open(database, Job),
                await SqliteDocuments.open(database, Accrual),
                await SqliteDocuments.open(database, Payment),
                await SqliteDocuments.open(database, Account),
            )
        else:
            yield make_ledger(
                await MongoDocuments.open(documents, Entry),
                await MongoDocuments.open(documents, SpendingStop),
                await MongoDocuments.open(documents, Job),
                await MongoDocuments.open(documents, Accrual),
                await MongoDocuments.open(documents, Payment),
                await MongoDocuments.open(documents, Account),
            )


def make_ledger(
    entries: Documents[Entry],
    stops: Documents[SpendingStop],
    jobs: Documents[Job],
    accruals: Documents[Accrual],
    payments: Documents[Payment],
    accounts: Documents[Account],
) -> Ledger:
    spending = Spending(entries, stops, accounts, WallClock())
    here, elsewhere = (Points(entries, spending, WallClock()) for _ in range(2))
    audit = PaymentAudit(payments, entries)
    reconciler = Reconciler(entries, stops, jobs, accruals, audit, here, WallClock())
    return Ledger(here, entries, reconciler, elsewhere)


async def test_grant_hold_and_settle_add_up(ledger: Ledger) -> None:
    await ledger.points.grant("ac_a", 100, "welcome", "Welcome")
    await ledger.points.hold("ac_a", "jb_1", 30, "Training")
    assert await ledger.points.get_balance("ac_a") == 70
    settled = await ledger.points.settle("ac_a", "jb_1", 12, "Training")
    assert settled.balance_after_points == 88
    legs = {leg.account: leg.amount_points for leg in settled.legs}
    assert legs == {"hold:jb_1": -30, "revenue": 12, "ac_a": 18}
    verdict = await ledger.reconciler.reconcile()
    assert verdict.is_sound
    assert verdict.entries == 3
    assert (verdict.granted_points, verdict.charged_points) == (100, 12)


async def test_hold_and_refusal_exclude_each_other(ledger: Ledger) -> None:
    await ledger.points.grant("ac_a", 50, "welcome", "Welcome")
    assert await ledger.points.refuse_hold("ac_a", "jb_1") is None
    assert await ledger.points.refuse_hold("ac_a", "jb_1") is None
    with pytest.raises(ConflictError):
        await ledger.points.hold("ac_a", "jb_1", 30, "Training")
    held = await ledger.points.hold("ac_a", "jb_2", 30, "Training")
    assert await ledger.points.refuse_hold("ac_a", "jb_2") == held
    assert await ledger.points.find_hold("ac_a", "jb_1") is None
    for n in range(20):
        hold, refused = await asyncio.gather(
            ledger.points.hold("ac_a", f"jb_r{n}", 1, "Training"),
            ledger.points.refuse_hold("ac_a", f"jb_r{n}"),
            return_exceptions=True,
        )
        assert (refused is None) == isinstance(hold, ConflictError)
        assert isinstance(hold, ConflictError) or hold == refused


async def test_no_balance_passes_what_json_clients_keep_exactly(ledger: Ledger) -> None:
    await ledger.points.grant("ac_a", 2**53 - 1, "much", "Much")
    with pytest.raises(InvalidError, match="No account"):
        await ledger.points.grant("ac_a", 1, "more", "More")


async def test_one_point_short_is_refused_and_charges_nothing(ledger: Ledger) -> None:
    await ledger.points.grant("ac_a", 29, "welcome", "Welcome")
    with pytest.raises(InsufficientPointsError, match="1 more"):
        await ledger.points.hold("ac_a", "jb_1", 30, "Training")
    assert await ledger.points.get_balance("ac_a") == 29


async def test_what_another_process_granted_can_be_spent_at_once(ledger: Ledger) -> None:
    await ledger.points.grant("ac_a", 10, "welcome", "Welcome")
    await ledger.elsewhere.grant("ac_a", 20, "more", "More")
    await ledger.points.hold("ac_a", "jb_1", 30, "Training")
    assert await ledger.points.get_balance("ac_a") == 0


async def test_what_another_process_spent_is_spent(ledger: Ledger) -> None:
    await ledger.points.grant("ac_a", 30, "welcome", "Welcome")
    await ledger.elsewhere.hold("ac_a", "jb_1", 20, "Training")
    with pytest.raises(InsufficientPointsError, match="your balance is 10"):
        await ledger.points.hold("ac_a", "jb_2", 30, "Training")
    await ledger.points.hold("ac_a", "jb_3", 10, "Training")
    assert (await ledger.reconciler.reconcile()).entries == 3


async def test_a_full_account_takes_points_again_once_another_process_spent_some(
    ledger: Ledger,
) -> None:
    await ledger.points.grant("ac_a", 2**53 - 1, "much", "Much")
    await ledger.elsewhere.hold("ac_a", "jb_1", 5, "Training")
    granted = await ledger.points.grant("ac_a", 5, "more", "More")
    assert granted.balance_after_points == 2**53 - 1


async def test_the_same_key_twice_is_one_entry(ledger: Ledger) -> None:
    first = await ledger.points.grant("ac_a", 50, "welcome", "Welcome")
    assert await ledger.points.grant("ac_a", 50, "welcome", "Welcome") == first
    with pytest.raises(ConflictError):
        await ledger.points.grant("ac_a", 51, "welcome", "Welcome")
    held = await ledger.points.hold("ac_a", "jb_1", 50, "Training")
    assert await ledger.points.hold("ac_a", "jb_1", 50, "Training") == held


async def test_a_settled_job_cannot_be_settled_again(ledger: Ledger) -> None:
    await ledger.points.grant("ac_a", 50, "welcome", "Welcome")
    await ledger.points.hold("ac_a", "jb_1", 50, "Training")
    charge, void = await asyncio.gather(
        ledger.points.settle("ac_a", "jb_1", 50, "done"),
        ledger.points.settle("ac_a", "jb_1", 0, "cancelled"),
    )
    assert charge == void
    assert await ledger.points.get_balance("ac_a") in (0, 50)


async def test_settling_without_a_hold_or_above_it_is_refused(ledger: Ledger) -> None:
    with pytest.raises(NotFoundError):
        await ledger.points.settle("ac_a", "jb_1", 0, "?")
    await ledger.points.grant("ac_a", 50, "welcome", "Welcome")
    await ledger.points.hold("ac_a", "jb_1", 20, "Training")
    with pytest.raises(InvalidError):
        await ledger.points.settle("ac_a", "jb_1", 21, "?")


@pytest.mark.parametrize("points", [0, -1, 2**53, True, 1.5])
async def test_points_are_whole_and_bounded(ledger: Ledger, points: int) -> None:
    with pytest.raises(InvalidError):
        await ledger.points.grant("ac_a", points, "x", "x")


@pytest.mark.every_store
async def test_of_a_hundred_racing_holds_exactly_the_affordable_succeed(ledger: Ledger) -> None:
    await ledger.points.grant("ac_a", 100, "welcome", "Welcome")
    holds = (ledger.points.hold("ac_a", f"jb_{n}", 7, "Training") for n in range(100))
    results = await asyncio.gather(*holds, return_exceptions=True)
    assert sum(isinstance(result, Entry) for result in results) == 14
    assert await ledger.points.get_balance("ac_a") == 2
    entries = await ledger.entries.find({"account": "ac_a"}, order="seq")
    assert [entry.seq for entry in entries] == list(range(1, 16))
    assert [entry.balance_after_points for entry in entries] == list(range(100, 0, -7))


async def test_a_forged_entry_stops_spending_but_not_reading(ledger: Ledger) -> None:
    entry = await ledger.points.grant("ac_a", 100, "welcome", "Welcome")
    forged = entry.changed(datetime.now(UTC), balance_after_points=1000)
    await ledger.entries.replace(forged)
    verdict = await ledger.reconciler.reconcile()
    assert not verdict.is_sound
    with pytest.raises(UnavailableError, match="paused"):
        await ledger.points.hold("ac_a", "jb_1", 5, "Training")
    assert await ledger.points.get_balance("ac_a") == 1000
