"""Models of points; made from the OpenAPI document by `python -m adapters.client.generate`."""

from datetime import date, datetime
from typing import Literal

from adapters.client.messages import Answer, Body


class BalanceView(Answer):
    """What can be spent now; points held for trainings are not in it."""

    balance_points: int


class SpendingView(Answer):
    """One's own caps, null for none, and what was spent since the day and the month began in UTC."""

    day_cap_points: int | None
    day_spent_points: int
    month_cap_points: int | None
    month_spent_points: int


class CapsForm(Body):
    """The most that you want to spend; null is no cap, 0 spends nothing."""

    day_points: int | None = None
    month_points: int | None = None


class PackageView(Answer):
    """So many points for so many Telegram Stars."""

    points: int
    stars: int


class TillView(Answer):
    """A platform whose bot takes money, by `/topup`, and where its chat is."""

    platform: str
    address: str


class PackageList(Answer):
    """What is sold, and where; when `sold_on` is empty, nowhere."""

    items: tuple[PackageView, ...]
    sold_on: tuple[TillView, ...]


class ReceiverView(Answer):
    """Who would receive points."""

    id: str
    display_name: str


class TransferForm(Body):
    """Points for somebody else; `to` names them as in `GET /points/receivers/{name}`."""

    to: str
    points: int


class TransferView(Answer):
    """Points that arrived."""

    id: str
    receiver_name: str
    points: int
    created_at: datetime


EntryKind = Literal[
    "grant",
    "hold",
    "refusal",
    "settle",
    "use",
    "sweep",
    "move_out",
    "move_in",
    "transfer_out",
    "transfer_in",
    "top_up",
    "refund",
]
"""What an entry is for."""


class EntryView(Answer):
    """One line of a statement."""

    id: str
    seq: int
    kind: EntryKind
    ref: str
    note: str
    amount_points: int
    balance_after_points: int
    created_at: datetime


class EarningsView(Answer):
    """What models have earned for one of their makers."""

    earned_points: int
    paid_points: int
    due_points: int


class AccrualView(Answer):
    """What one generation earned with one model."""

    id: str
    model: str
    training: str
    points: int
    created_at: datetime


class EarnedView(Answer):
    """What one model earned for you on one day."""

    day: date
    model: str
    points: int
    uses: int


class EarnedDays(Answer):
    """Every day and model that earned anything."""

    items: tuple[EarnedView, ...]
