"""The ledger's accounts by name, and the legs of what is charged; pure, and apart for those who audit them."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from core.points.records import EntryKind, Leg

WORLD = "world"
REVENUE = "revenue"
ACCRUED = "accrued:"


def hold_account(ref: str) -> str:
    """Name the ledger account in which a job's points wait."""
    return f"hold:{ref}"


def accrued_account(payee: str) -> str:
    """Name the ledger account in which a payee's royalties wait to be paid out."""
    return f"{ACCRUED}{payee}"


def earn(charge_points: int, royalties: Mapping[str, int]) -> tuple[Leg, ...]:
    """Make the legs of what was charged: to each payee their part, the rest to the house."""
    shared = sum(royalties.values())
    if shared > charge_points or min(royalties.values(), default=0) < 0:
        raise ValueError("royalties must not be negative, nor more than the charge")
    return (
        Leg(account=REVENUE, amount_points=charge_points - shared),
        *(Leg(account=accrued_account(p), amount_points=n) for p, n in royalties.items()),
    )


def hash_request(kind: EntryKind, ref: str, legs: Sequence[Leg]) -> str:
    """Hash what an entry says, so that a repetition can be told from a different request."""
    content = [kind.value, ref, [[leg.account, leg.amount_points] for leg in legs]]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()
