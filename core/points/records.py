"""What the ledger keeps: entries whose legs sum to zero, and the switch that stops spending."""

from enum import StrEnum

from core.records import Record, Value

MAX_POINTS = 2**53 - 1
"""The largest integer that JSON clients keep exactly."""


class EntryKind(StrEnum):
    """What an entry is for."""

    GRANT = "grant"
    HOLD = "hold"
    REFUSAL = "refusal"
    SETTLE = "settle"
    USE = "use"
    SWEEP = "sweep"
    MOVE_OUT = "move_out"
    MOVE_IN = "move_in"
    TRANSFER_OUT = "transfer_out"
    TRANSFER_IN = "transfer_in"
    TOP_UP = "top_up"
    REFUND = "refund"


class Leg(Value):
    """One side of an entry: points into (+) or out of (-) a ledger account."""

    account: str
    amount_points: int


class Entry(Record):
    """One posting in a member's chain; never changed, corrected only by another entry.

    `seq` counts from 1 without a gap, so two writers cannot both extend the chain; `key` makes a
    repeated posting the same posting; `request_sha256` tells a repetition from a different request.
    """

    collection = "entries"
    unique = (("account", "seq"), ("account", "key"))
    indexed = ("ref",)
    filtered = ("kind", "amount_points")

    account: str
    seq: int
    key: str
    kind: EntryKind
    ref: str
    """The job, or whatever else the entry is about."""
    note: str
    legs: tuple[Leg, ...]
    amount_points: int
    """The member's own leg."""
    balance_after_points: int
    request_sha256: str


class Transfer(Record):
    """Points on their way from one member to another; kept so that the same key gives once."""

    collection = "transfers"
    unique = (("account", "key"),)
    indexed = ("open", "created_at")

    account: str
    """Whose points they were."""
    key: str
    to: str
    """As the giver named the receiver."""
    target: str
    """The account into whose chain they go, even if it is taken over meanwhile."""
    points: int
    giver_name: str
    receiver_name: str
    open: bool | None = True


class SpendingStop(Record):
    """Present while the reconciler has found the ledger wrong: holds are refused, reading is not."""

    collection = "spending_stops"

    reason: str
