"""The reconciler notices each way in which rows can be wrong, and agrees with all that is merely under way."""

import json
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from core.accounts.records import Role
from core.errors import ForbiddenError, UnavailableError
from core.points.legs import hash_request
from core.points.records import Entry, EntryKind, Leg
from tests.core.yard import PRICE, Yard

Body = dict[str, Any]  # a stored row, as JSON


async def tamper(yard: Yard, table: str, change: Callable[[Body], None], where: str = "1") -> None:
    """Change stored rows behind the core's back."""

    def work(connection: sqlite3.Connection) -> None:
        rows = connection.execute(f"SELECT id, body FROM {table} WHERE {where}").fetchall()
        assert rows
        for row_id, text in rows:
            body = json.loads(text)
            change(body)
            statement = f"UPDATE {table} SET body = ? WHERE id = ?"
            connection.execute(statement, (json.dumps(body), row_id))

    await yard.database.write(work)


async def execute(yard: Yard, statement: str) -> None:
    await yard.database.write(lambda connection: connection.execute(statement).rowcount)


async def live(yard: Yard) -> None:
    """Have one job completed, one cancelled and one running; and a member who did nothing else."""
    mira = await yard.meet()
    await yard.meet("ben")
    dataset = await yard.fill(mira)
    await yard.finish(await yard.train(mira, dataset, "one"))
    job = await yard.submit(mira, dataset, "two")
    await yard.studio.jobs.cancel(mira, job.id)
    await yard.train(mira, dataset, "three")


def forge(yard: Yard, account: str, seq: int, kind: EntryKind, legs: tuple[Leg, ...]) -> Entry:
    """Make an entry whose own numbers are right."""
    now = yard.clock.now()
    amount = sum(leg.amount_points for leg in legs if leg.account == account)
    return Entry(
        id="en_forged",
        created_at=now,
        updated_at=now,
        account=account,
        seq=seq,
        key=f"{kind.value}:jb_forged",
        kind=kind,
        ref="jb_forged",
        note="",
        legs=legs,
        amount_points=amount,
        balance_after_points=1000 + amount,
        request_sha256=hash_request(kind, "jb_forged", legs),
    )


def move(source: str, target: str, points: int) -> tuple[Leg, ...]:
    return (Leg(account=source, amount_points=-points), Leg(account=target, amount_points=points))


def set_last_leg(points: int) -> Callable[[Body], None]:
    return lambda body: body["legs"][-1].update(amount_points=points)


@pytest.mark.parametrize(
    ("table", "where", "change", "words"),
    [
        ("entries", "seq = 1", set_last_leg(2000), "do not sum to zero"),
        ("entries", "kind = 'hold'", lambda b: b.update(amount_points=-1), "differs from its leg"),
        ("entries", "seq = 2", lambda b: b.update(balance_after_points=5), "does not follow"),
        ("entries", "seq = 6", lambda b: b.update(balance_after_points=-9), "is negative"),
        ("entries", "seq = 6", lambda b: b.update(seq=9), "has a gap"),
        ("entries", "seq = 2", lambda b: b.update(ref="jb_other"), "differs from its hash"),
        ("entries", "seq = 2", lambda b: b.update(key="hold:jb_other"), "its key is"),
        ("entries", "kind = 'settle'", lambda b: b.update(kind="grant"), "does not"),
        ("entries", "seq = 3", lambda b: b.pop("legs"), "cannot be read"),
        ("entries", "seq = 3", lambda b: b.update(seq="three"), "cannot be read"),
        ("jobs", "status = 'running'", lambda b: b["quote"].update(points=1), "instead of 1"),
        ("jobs", "status = 'running'", lambda b: b.update(status="failed"), "holds 13 points"),
        ("jobs", "status = 'completed'", lambda b: b.update(charged_points=1), "another charge"),
        ("jobs", "status = 'completed'", lambda b: b.update(status="queued"), "settled already"),
        ("jobs", "status = 'running'", lambda b: b.update(owner="ac_x"), "which is another's"),
        ("jobs", "status = 'running'", lambda b: b.update(status="lost"), "cannot be read"),
    ],
)
async def test_a_row_that_was_changed_is_noticed_and_stops_spending(
    yard: Yard, table: str, where: str, change: Callable[[Body], None], words: str
) -> None:
    await live(yard)
    assert (await yard.studio.reconciler.reconcile()).is_sound
    await tamper(yard, table, change, where)
    verdict = await yard.studio.reconciler.reconcile()
    assert any(words in finding for finding in verdict.findings), verdict.findings
    with pytest.raises(UnavailableError, match="paused"):
        await yard.studio.points.hold("ac_anyone", "jb_new", 0, "?")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM entries WHERE seq = 2", "has a gap"),
        ("DELETE FROM entries WHERE seq = 6", "held 0 points instead of 13"),
        ("DELETE FROM entries WHERE kind = 'settle'", "has a gap"),
        ("DELETE FROM jobs WHERE status = 'running'", "which does not exist"),
    ],
)
async def test_a_row_that_is_missing_is_noticed(yard: Yard, statement: str, words: str) -> None:
    await live(yard)
    await execute(yard, statement)
    findings = (await yard.studio.reconciler.reconcile()).findings
    assert any(words in finding for finding in findings), findings


async def test_forged_entries_with_right_sums_are_noticed(yard: Yard) -> None:
    ben = (await yard.meet("ben")).account
    held = "hold:jb_forged"
    for kind, legs, words in (
        (EntryKind.HOLD, move(ben, held, 5), "jb_forged, which does not exist"),
        (EntryKind.SETTLE, move(held, ben, 5), "for which nothing is held"),
        (EntryKind.GRANT, move("revenue", ben, 5), "its kind does not"),
        (EntryKind.HOLD, move("world", ben, 5), "its kind does not"),
    ):
        entry = await yard.stores.entries.insert(forge(yard, ben, 2, kind, legs))
        findings = (await yard.studio.reconciler.reconcile()).findings
        assert any(words in finding for finding in findings), findings
        await yard.stores.entries.delete(entry)


async def test_a_settlement_of_another_sum_is_noticed(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.submit(mira, await yard.fill(mira))
    await yard.studio.jobs.cancel(mira, job.id)

    def shrink(body: Body) -> None:
        body["legs"][0]["amount_points"], body["legs"][2]["amount_points"] = -1, 1
        body.update(amount_points=1, balance_after_points=1000 - PRICE + 1)
        legs = tuple(Leg.model_validate(leg) for leg in body["legs"])
        body["request_sha256"] = hash_request(EntryKind.SETTLE, body["ref"], legs)

    await tamper(yard, "entries", shrink, "kind = 'settle'")
    findings = (await yard.studio.reconciler.reconcile()).findings
    assert any("another sum than the 13 points held" in finding for finding in findings)


async def test_findings_are_bounded_however_wrong_the_ledger_is(yard: Yard) -> None:
    ben = (await yard.meet("ben", points=1)).account
    for n in range(60):
        await yard.studio.points.grant(ben, 1, f"g{n}", "one")
    await tamper(yard, "entries", lambda b: b.update(note="x", request_sha256="0", amount_points=7))
    assert len((await yard.studio.reconciler.reconcile()).findings) == 100


async def test_the_totals_are_told(yard: Yard) -> None:
    await live(yard)
    verdict = await yard.studio.reconciler.reconcile()
    totals = (verdict.granted_points, verdict.charged_points, verdict.open_holds_points)
    assert totals == (2000, PRICE, PRICE)
    assert verdict.balances_points == 2000 - 2 * PRICE
    assert (verdict.jobs, verdict.entries) == (3, 7)


async def test_only_an_admin_lifts_the_stop_and_a_wrong_ledger_stops_again(yard: Yard) -> None:
    mira = await yard.meet()
    await tamper(yard, "entries", lambda b: b.update(balance_after_points=2000))
    await yard.studio.reconciler.reconcile()
    with pytest.raises(ForbiddenError):
        await yard.studio.reconciler.lift_stop(mira)
    admin = mira.model_copy(update={"role": Role.ADMIN})
    await yard.studio.reconciler.lift_stop(admin)
    await yard.studio.reconciler.lift_stop(admin)
    assert await yard.stores.stops.count({}) == 0
    await yard.studio.reconciler.reconcile()
    assert await yard.stores.stops.count({}) == 1
