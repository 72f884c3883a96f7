"""Whatever members do, and whatever is moved between them, no point is made or lost."""

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InsufficientPointsError, NotFoundError
from core.points.moves import Moves
from core.points.records import EntryKind
from tests.clock import HandClock
from tests.core.yard import MEMORY, Yard, open_yard

MEMBERS = ("ac_a", "ac_b", "ac_c")
member = st.sampled_from(MEMBERS)
few = st.integers(0, 3)
act = st.one_of(
    st.tuples(st.just("grant"), member, st.integers(1, 50), few),
    st.tuples(st.just("hold"), member, st.integers(0, 60), few),
    st.tuples(st.just("settle"), member, st.integers(0, 10), few),
    st.tuples(st.just("move"), member, member, few),
)


async def run(yard: Yard, acts: list[tuple[str, str, int | str, int]]) -> None:
    points, moves = yard.studio.points, Moves(yard.studio.points)
    for kind, who, what, number in acts:
        with suppress(InsufficientPointsError, NotFoundError, ValueError):
            if kind == "grant":
                await points.grant(who, int(what), f"{who}{number}{what}", "gift")
            elif kind == "hold":
                await points.hold(who, f"jb_{who}{number}{what}", int(what), "job")
            elif kind == "settle":
                held = await yard.stores.entries.find({"account": who, "kind": EntryKind.HOLD})
                for hold in held[:1]:
                    charge = min(int(what), -hold.amount_points)
                    if await points.find_settlement(who, hold.ref) is None:
                        await points.settle(who, hold.ref, charge, "job")
            elif who != what:
                ref = f"{who}{what}{number}"
                first = await moves.move_balance(who, str(what), ref, "move")
                assert await moves.move_balance(who, str(what), ref, "move") >= first


@settings(max_examples=30, deadline=None)
@given(st.lists(act, max_size=14))
def test_no_point_is_made_or_lost(acts: list[tuple[str, str, int | str, int]]) -> None:
    async def check() -> None:
        with tempfile.TemporaryDirectory(prefix="ty-", dir=MEMORY) as folder:
            async with open_yard(Path(folder), HandClock()) as yard:
                await run(yard, acts)
                entries = await yard.stores.entries.find({})
                balances = {who: await yard.studio.points.get_balance(who) for who in MEMBERS}
                verdict = await yard.studio.reconciler.reconcile()
        legs = [leg for entry in entries for leg in entry.legs]
        assert sum(leg.amount_points for leg in legs) == 0
        assert all(balance >= 0 for balance in balances.values())
        for who in MEMBERS:
            assert sum(leg.amount_points for leg in legs if leg.account == who) == balances[who]
        clearing = [leg for leg in legs if leg.account.startswith("clearing:")]
        assert sum(leg.amount_points for leg in clearing) == 0
        lost = [text for text in verdict.findings if "does not exist" not in text]
        assert lost == []

    asyncio.run(check())


async def test_a_transfer_that_came_from_nowhere_is_noticed(yard: Yard) -> None:
    points = yard.studio.points
    await points.grant("ac_a", 10, "x", "gift")
    await Moves(points).move_balance("ac_a", "ac_b", "r", "move")
    out = (await yard.stores.entries.find({"kind": EntryKind.MOVE_OUT}))[0]
    into = (await yard.stores.entries.find({"kind": EntryKind.MOVE_IN}))[0]
    assert (await yard.studio.reconciler.reconcile()).findings == ()
    forged = into.model_copy(update={"id": "en_" + "z" * 16, "account": "ac_c", "version": 0})
    legs = tuple(
        leg.model_copy(update={"account": "ac_c"}) if leg.account == "ac_b" else leg
        for leg in forged.legs
    )
    await yard.stores.entries.insert(forged.model_copy(update={"legs": legs}))
    twin = out.model_copy(update={"id": "en_" + "y" * 16, "account": "ac_d", "version": 0})
    for more in ([], [twin]):  # one that went out twice is no better
        for entry in more:
            await yard.stores.entries.insert(entry)
        findings = (await yard.studio.reconciler.reconcile()).findings
        assert any("went out nowhere" in text for text in findings) and out.amount_points == -10
