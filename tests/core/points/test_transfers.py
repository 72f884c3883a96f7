"""Points that people give: once, to whom they meant, and whole wherever a process dies."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from core.accounts.records import Principal, Scope, SpendingCaps
from core.errors import (
    ConflictError,
    ForbiddenError,
    InsufficientPointsError,
    InvalidError,
    NotFoundError,
    OverCapError,
    RefusedError,
    TrainyardError,
    UnavailableError,
)
from core.notifications.records import NewsKind
from core.points.records import MAX_POINTS, EntryKind, Transfer
from core.points.transfers import Transfers
from core.ports import Documents
from core.records import PageRequest
from tests.clock import HandClock
from tests.core.crashing import CrashError, CrashingDocuments, Fuse, with_fuse
from tests.core.points.books import list_faults, list_rest_faults
from tests.core.yard import Yard, open_yard


async def balances(yard: Yard, *people: Principal) -> list[int]:
    return [await yard.studio.points.get_balance(person.account) for person in people]


async def check(yard: Yard) -> None:
    """Assert that the ledger is sound, and that nothing is between two accounts."""
    entries = await yard.stores.entries.find({})
    assert list_faults(entries, []) == [] and list_rest_faults(entries, []) == []
    verdict = await yard.studio.reconciler.reconcile()
    assert (verdict.findings, verdict.between_points) == ((), 0)


@pytest.mark.every_store
async def test_what_is_given_many_times_at_once_under_one_key_arrives_once(yard: Yard) -> None:
    mira, ben = await yard.meet("mira", 100), await yard.meet("ben", 5)
    give = yard.studio.transfers.give
    done = await asyncio.gather(*(give(mira, ben.account, 30, "k") for _ in range(8)))
    assert {transfer.id for transfer in done} == {done[0].id}
    assert await balances(yard, mira, ben) == [70, 35]
    news = (await yard.studio.notifications.list_own(ben, PageRequest())).items
    assert [(n.kind, n.data) for n in news] == [
        (NewsKind.POINTS_RECEIVED, {"points": 30, "giver": "mira"})
    ]
    for person, line in ((mira, ("transfer_out", "ben", -30)), (ben, ("transfer_in", "mira", 30))):
        entry = (await yard.studio.points.get_statement(person, PageRequest())).items[0]
        assert (entry.kind.value, entry.note, entry.amount_points) == line
    with pytest.raises(ConflictError, match="something else"):
        await give(mira, ben.account, 31, "k")
    await check(yard)


async def test_people_are_named_by_id_by_mention_and_by_what_a_platform_calls_them(
    yard: Yard,
) -> None:
    mira, ben = await yard.meet("mira", 100), await yard.meet("1234", 0)
    find = yard.studio.transfers.find_receiver
    for name in (ben.account, "1234", " <@1234> ", "<@!1234>", "test:1234"):
        assert (await find(mira, name)).id == ben.account
    stranger, _ = await yard.studio.accounts.first_contact("elsewhere", "77", "stranger")
    for name in ("77", "elsewhere:77", "ac_" + "a" * 16, "", "nobody", "test:", "\x00", "x" * 9999):
        with pytest.raises(NotFoundError, match="nobody of that name"):
            await find(mira, name)
    assert (await find(mira, stranger.id)).id == stranger.id
    with pytest.raises(RefusedError, match="yourself"):
        await find(mira, "mira")


async def test_a_name_that_could_be_several_is_asked_back(yard: Yard) -> None:
    mira = await yard.meet("mira", 100)
    yard.clock.pass_s(60)
    phone, _ = await yard.studio.accounts.first_contact("elsewhere", "phone", "phone")
    code = await yard.studio.linking.offer(mira)
    await yard.studio.linking.redeem(yard.studio.accounts.speak_for(phone), code)
    here = await yard.meet("77", 0)
    there, _ = await yard.studio.accounts.first_contact("elsewhere", "77", "other")
    find = yard.studio.transfers.find_receiver
    with pytest.raises(InvalidError, match="several"):
        await find(mira, "77")
    assert (await find(mira, "test:77")).id == here.account
    assert (await find(mira, "elsewhere:77")).id == there.id


@pytest.mark.parametrize(
    ("points", "error"),
    [
        (0, InvalidError),
        (-5, InvalidError),
        (1.5, InvalidError),
        (True, InvalidError),
        ("7", InvalidError),
        (MAX_POINTS + 1, InvalidError),
        (101, InsufficientPointsError),
    ],
)
async def test_what_cannot_be_given_leaves_everything_as_it_was(
    yard: Yard, points: int, error: type[TrainyardError]
) -> None:
    mira, ben = await yard.meet("mira", 100), await yard.meet("ben", 0)
    with pytest.raises(error):
        await yard.studio.transfers.give(mira, "ben", points, "k")
    assert await balances(yard, mira, ben) == [100, 0]
    assert await yard.stores.transfers.count({}) == 0


async def test_keys_scopes_full_accounts_and_the_stop_are_minded(yard: Yard) -> None:
    mira = await yard.meet("mira", 100)
    await yard.meet("ben", MAX_POINTS)
    give = yard.studio.transfers.give
    for key in ("", "k" * 201, "a\nb"):
        with pytest.raises(InvalidError, match="Idempotency-Key"):
            await give(mira, "ben", 1, key)
    with pytest.raises(InvalidError, match="No account"):
        await give(mira, "ben", 1, "k")
    writer = mira.model_copy(update={"scopes": frozenset({Scope.READ, Scope.WRITE})})
    with pytest.raises(ForbiddenError):
        await give(writer, "ben", 1, "k")
    cleo = await yard.meet("cleo", 0)
    first = await give(mira, "cleo", 1, "before")
    await yard.studio.reconciler._stop_spending("for the test")
    with pytest.raises(UnavailableError, match="paused"):
        await give(mira, "cleo", 1, "k")
    assert await give(mira, "cleo", 1, "before") == first
    assert await balances(yard, mira, cleo) == [99, 1]
    assert await yard.stores.transfers.count({}) == 1


async def test_nobody_gives_more_often_than_is_allowed_nor_beyond_a_cap(yard: Yard) -> None:
    mira, ben = await yard.meet("mira", 100), await yard.meet("ben", 0)
    transfers = yard.studio.transfers
    transfers.per_day = 2
    await yard.studio.spending.set_caps(mira, SpendingCaps(day_points=5))
    with pytest.raises(OverCapError):
        await transfers.give(mira, "ben", 6, "k0")
    for key in ("k1", "k2"):
        await transfers.give(mira, "ben", 2, key)
    with pytest.raises(RefusedError, match="2 times"):
        await transfers.give(mira, "ben", 1, "k3")
    await transfers.give(mira, "ben", 2, "k2")
    yard.clock.pass_s(86_401)
    await transfers.give(mira, "ben", 5, "k3")
    assert await balances(yard, mira, ben) == [91, 9]


async def test_a_transfer_that_raced_for_the_last_points_is_refused_and_forgotten(
    yard: Yard,
) -> None:
    mira = await yard.meet("mira", 10)
    await yard.meet("ben", 0)
    give = yard.studio.transfers.give
    answers = await asyncio.gather(
        *(give(mira, "ben", 4, f"k{n}") for n in range(5)), return_exceptions=True
    )
    assert sum(isinstance(answer, InsufficientPointsError) for answer in answers) == 3
    assert await yard.stores.transfers.count({}) == 2
    await check(yard)


@pytest.mark.parametrize("stores_first", [False, True], ids=["before", "after"])
async def test_a_crash_at_any_write_of_a_transfer_loses_nothing(
    folder: Path, stores_first: bool
) -> None:
    """Swept, it has arrived whole or never was; sent again, it has arrived once."""
    for write in itertools.count(1):
        place, clock, fuse = folder / str(write), HandClock(), Fuse()
        async with open_yard(place, clock, with_fuse(fuse)) as yard:
            mira, ben = await yard.meet("mira", 100), await yard.meet("ben", 0)
            fuse.arm(write, stores_first=stores_first)
            with suppress(CrashError):
                await yard.studio.transfers.give(mira, "ben", 30, "k")
            was_blown = fuse.is_blown
        async with open_yard(place, clock) as yard:
            assert (await yard.studio.reconciler.reconcile()).is_sound
            await yard.sweep_later()
            await check(yard)
            assert await balances(yard, mira, ben) in ([100, 0], [70, 30])
            await yard.studio.transfers.give(mira, "ben", 30, "k")
            assert await balances(yard, mira, ben) == [70, 30]
            assert await yard.stores.transfers.count({"open": True}) == 0
            assert await yard.stores.notifications.count({"account": ben.account}) == 1
            await check(yard)
        if not was_blown:
            assert write > 5, "it wrote too little for this to prove anything"
            return


class HeldTransfers(CrashingDocuments[Transfer]):
    """Transfers of a process that is overtaken by another just before it deletes one."""

    def __init__(
        self, documents: Documents[Transfer], overtake: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(documents, Fuse())
        self._overtake = overtake

    async def delete(self, record: Transfer) -> None:
        await self._overtake()
        await super().delete(record)


async def test_whoever_gives_a_transfer_up_and_whoever_goes_on_with_it_never_both_succeed(
    yard: Yard,
) -> None:
    mira, ben = await yard.meet("mira", 100), await yard.meet("ben", 0)

    async def give_and_die(write: int) -> None:
        fuse = Fuse()
        dying = yard.start_process(with_fuse(fuse))
        fuse.arm(write, stores_first=True)
        with suppress(CrashError, UnavailableError):
            await dying.studio.transfers.give(mira, "ben", 30, "k")

    await give_and_die(1)
    yard.clock.pass_s(3600)
    held = HeldTransfers(yard.stores.transfers, lambda: give_and_die(1))
    told = yard.studio.points, yard.studio.accounts, yard.studio.notifications, yard.clock
    await Transfers(held, *told, per_day=9).sweep()
    await yard.sweep_later()
    assert await balances(yard, mira, ben) == [100, 0]
    await check(yard)


@pytest.mark.parametrize("write", [2, 3], ids=["it has left", "it has arrived"])
async def test_points_on_their_way_to_an_account_that_is_taken_over_are_led_on(
    folder: Path, write: int
) -> None:
    clock, fuse = HandClock(), Fuse()
    async with open_yard(folder, clock) as yard:
        ben, mira = await yard.meet("ben", 0), await yard.meet("mira", 100)
        clock.pass_s(60)
        phone = await yard.meet("phone", 0)
        dying = yard.start_process(with_fuse(fuse))
        fuse.arm(write, stores_first=True)
        with pytest.raises(CrashError):
            await dying.studio.transfers.give(mira, "phone", 30, "k")
        await yard.studio.linking.redeem(phone, await yard.studio.linking.offer(ben))
        clock.pass_s(3600)
        await yard.studio.merging.sweep()  # which closes the merge: nothing moves points any more
        assert await yard.stores.merges.count({"open": True}) == 0
        await yard.studio.transfers.sweep()
        assert await balances(yard, mira, ben, phone) == [70, 30, 0]
        assert await yard.stores.notifications.count(
            {"account": ben.account, "kind": NewsKind.POINTS_RECEIVED}
        )
        await check(yard)


async def test_a_transfer_repeated_by_whoever_took_the_giver_over_is_the_same(yard: Yard) -> None:
    mira = await yard.meet("mira", 0)
    yard.clock.pass_s(60)
    phone, ben = await yard.meet("phone", 100), await yard.meet("ben", 0)
    first = await yard.studio.transfers.give(phone, "ben", 30, "k")
    await yard.studio.linking.redeem(phone, await yard.studio.linking.offer(mira))
    assert await yard.studio.transfers.give(mira, "ben", 30, "k") == first
    assert await balances(yard, mira, ben) == [70, 30]
    await check(yard)


async def test_a_transfer_that_came_from_nowhere_is_noticed(yard: Yard) -> None:
    mira, cleo = await yard.meet("mira", 100), await yard.meet("cleo", 0)
    await yard.meet("ben", 0)
    await yard.studio.transfers.give(mira, "ben", 10, "k")
    into = (await yard.stores.entries.find({"kind": EntryKind.TRANSFER_IN}))[0]
    legs = (into.legs[0], into.legs[1].model_copy(update={"account": cleo.account}))
    forged = {"id": "en_" + "z" * 16, "account": cleo.account, "legs": legs, "version": 0}
    await yard.stores.entries.insert(into.model_copy(update=forged))
    findings = (await yard.studio.reconciler.reconcile()).findings
    assert any("went out nowhere" in text for text in findings)
