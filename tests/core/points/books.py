"""The ledger added up again from its raw entries, with nothing of the core's own arithmetic."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from core.points.records import Entry
from core.royalties.records import Accrual


class Totals(NamedTuple):
    """What the reconciler says as well."""

    granted: int
    charged: int
    held: int
    left: int


def add_up(entries: Sequence[Entry]) -> Counter[str]:
    """Return what is in each ledger account."""
    sums: Counter[str] = Counter()
    for entry in entries:
        for leg in entry.legs:
            sums[leg.account] += leg.amount_points
    return sums


def compute_totals(entries: Sequence[Entry]) -> Totals:
    """Return what was issued, what was ever earned by house and makers, what is held and what is left."""
    sums = add_up(entries)
    paid_out = -sum(
        leg.amount_points
        for entry in entries
        for leg in entry.legs
        if leg.account.startswith("accrued:") and leg.amount_points < 0
    )
    return Totals(
        -sums["world"],
        sums["revenue"] + _sum_of(sums, "accrued:") + paid_out,
        _sum_of(sums, "hold:"),
        sum(sums[account] for account in {entry.account for entry in entries}),
    )


def list_faults(entries: Sequence[Entry], accruals: Sequence[Accrual]) -> list[str]:
    """List what may be so at no moment, whatever is under way."""
    sums = add_up(entries)
    faults = [f"{e.key} does not balance" for e in entries if sum(_amounts(e)) != 0]
    faults += [f"{a} is {n}" for a, n in sums.items() if n < 0 and a != "world"]
    if sum(sums.values()) != 0:
        faults.append("the sum of all accounts is not zero")
    once = Counter((entry.kind, entry.ref) for entry in entries)
    faults += [f"{kind} of {ref} is there {n} times" for (kind, ref), n in once.items() if n > 1]
    given = _royalties(entries)
    for (generation, payee), points in _accrued(accruals).items():
        if points > given[generation, payee]:
            faults.append(f"{payee} accrued {points} by {generation}, and was given less")
    return faults + _follow_chains(entries)


def list_rest_faults(entries: Sequence[Entry], accruals: Sequence[Accrual]) -> list[str]:
    """List what may not be so once everything was swept: royalties open, or points between two accounts."""
    sums = add_up(entries)
    between = ("accrued:", "clearing:")
    faults = [f"{a} still has {n}" for a, n in sums.items() if n and a.startswith(between)]
    if +_royalties(entries) != +_accrued(accruals):
        faults.append("the accruals are not what the entries gave")
    return faults


def _follow_chains(entries: Sequence[Entry]) -> list[str]:
    faults = []
    left: Counter[str] = Counter()
    length: Counter[str] = Counter()
    for entry in sorted(entries, key=lambda entry: entry.seq):
        left[entry.account] += sum(
            leg.amount_points for leg in entry.legs if leg.account == entry.account
        )
        length[entry.account] += 1
        if entry.seq != length[entry.account]:
            faults.append(f"{entry.account} has a gap before {entry.seq}")
        if not 0 <= left[entry.account] == entry.balance_after_points:
            faults.append(f"{entry.account} has {left[entry.account]} after {entry.key}")
    return faults


def _royalties(entries: Sequence[Entry]) -> Counter[tuple[str, str]]:
    given: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        for leg in entry.legs:
            if leg.account.startswith("accrued:") and leg.amount_points > 0:
                given[entry.ref, leg.account.removeprefix("accrued:")] += leg.amount_points
    return given


def _accrued(accruals: Sequence[Accrual]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for accrual in accruals:
        found[accrual.generation, accrual.payee] += accrual.points
    return found


def _amounts(entry: Entry) -> list[int]:
    return [leg.amount_points for leg in entry.legs]


def _sum_of(sums: Counter[str], prefix: str) -> int:
    return sum(points for account, points in sums.items() if account.startswith(prefix))
