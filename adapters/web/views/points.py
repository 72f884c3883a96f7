"""Balance and statement as the API shows them."""

from datetime import date
from typing import Self

from pydantic import ConfigDict, Field, StrictInt

from adapters.web.views.common import Form, Time, View
from bots.wording import Words
from core.points.records import Entry, EntryKind


class BalanceView(View):
    """What can be spent now; points held for trainings are not in it."""

    balance_points: int


class SpendingView(View):
    """One's own caps, null for none, and what was spent since the day and the month began in UTC."""

    day_cap_points: int | None
    day_spent_points: int
    month_cap_points: int | None
    month_spent_points: int


class CapsForm(Form):
    """The most that you want to spend; null is no cap, 0 spends nothing."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"day_points": 100, "month_points": None}]}
    )

    day_points: StrictInt | None = None
    month_points: StrictInt | None = None


class PackageView(View):
    """So many points for so many Telegram Stars."""

    points: int
    stars: int


class TillView(View):
    """A platform whose bot takes money, by `/topup`, and where its chat is."""

    platform: str
    address: str


class PackageList(View):
    """What is sold, and where; when `sold_on` is empty, nowhere."""

    items: tuple[PackageView, ...]
    sold_on: tuple[TillView, ...]


class ReceiverView(View):
    """Who would receive points."""

    model_config = ConfigDict(extra="ignore")

    id: str
    display_name: str


class TransferForm(Form):
    """Points for somebody else; `to` names them as in `GET /points/receivers/{name}`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"to": "ac_aaaaaaaaaaaaaaaa", "points": 20}]}
    )

    to: str = Field(max_length=100)
    points: StrictInt


class TransferView(View):
    """Points that arrived."""

    model_config = ConfigDict(extra="ignore")

    id: str
    receiver_name: str
    points: int
    created_at: Time


class EntryView(View):
    """One line of a statement."""

    id: str
    seq: int
    kind: EntryKind
    ref: str
    note: str
    amount_points: int
    balance_after_points: int
    created_at: Time

    @classmethod
    def show(cls, entry: Entry, words: Words) -> Self:
        """Show a line; what it was for is said in somebody's language."""
        view = cls.of(entry)
        return view.model_copy(update={"note": words.known(view.note)})


class EarningsView(View):
    """What models have earned for one of their makers."""

    earned_points: int
    paid_points: int
    due_points: int


class AccrualView(View):
    """What one generation earned with one model."""

    model_config = ConfigDict(extra="ignore")

    id: str
    model: str
    training: str
    points: int
    created_at: Time


class DaysQuery(Form):
    """How far back."""

    days: int = Field(default=30, ge=1, le=366, description="How many, today is one of them.")


class EarnedView(View):
    """What one model earned for you on one day."""

    day: date
    model: str
    points: int
    uses: int


class EarnedDays(View):
    """Every day and model that earned anything."""

    items: tuple[EarnedView, ...]


class UsageForm(Form):
    """What was generated outside."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"prompt": "a photo of mycat", "family": "sdxl", "images": 4}]
        }
    )

    prompt: str
    family: str
    images: int = 1


class UsageView(View):
    """A report that was taken; `points` is what it cost."""

    model_config = ConfigDict(extra="ignore")

    id: str
    images: int
    models: tuple[str, ...]
    points: int
    created_at: Time
