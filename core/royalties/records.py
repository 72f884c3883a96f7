"""What is kept of a model's uses, and of what each of its makers earns by each."""

from core.records import Record, Value


class RoyaltyRates(Value):
    """What the instance shares, and from when it pays."""

    royalty_bps: int = 5000
    """Basis points of what a generation with other people's models costs."""
    payout_minimum_points: int = 1
    use_points: int = 1
    """What an external generator pays for each picture made with other people's models."""


class Claim(Value):
    """One model's claim to a royalty pool: how much of it beside the other models, and whose."""

    model: str
    training: str
    weight_milli: int
    """Thousandths of the weight that the model was used with."""
    shares: tuple[tuple[str, int], ...]
    """(payee, basis points); they need not sum to 10,000: who pays gets nothing of it."""


class Part(Value):
    """What one payee gets of one use of one model."""

    model: str
    training: str
    payee: str
    points: int


class ModelUse(Record):
    """One generation that used a model; whoever counts a model's uses counts these."""

    collection = "model_uses"
    unique = (("generation", "model"),)
    indexed = ("model", "training", "created_at")

    generation: str
    """A job, or a usage report."""
    model: str
    training: str
    user: str


class Accrual(Record):
    """What one payee earned by one generation with one model; never changed but for its mark.

    The ledger holds the same sum in the entry that ended the generation's hold. `unpaid` is a hint
    for the payouts: what is due follows from sums alone.
    """

    collection = "accruals"
    unique = (("generation", "model", "payee"),)
    indexed = ("payee", "unpaid", "model", "training", "generation", "points", "created_at")

    generation: str
    model: str
    training: str
    payee: str
    payer: str
    points: int
    unpaid: bool | None = True
