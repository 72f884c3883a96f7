"""What is sold, what was offered to whom, and what was paid."""

from pydantic import Field

from core.records import Record, UtcTime, Value


class Package(Value):
    """So many points for so many Telegram Stars."""

    points: int = Field(ge=1, le=10**9)
    stars: int = Field(ge=1, le=10_000)


class Invoice(Record):
    """An offer to one account, which never changes; its id is what the platform brings back."""

    collection = "invoices"
    indexed = ("expires_at",)

    account: str
    points: int
    stars: int
    expires_at: UtcTime


class Paid(Value):
    """What a platform says of a payment: by whom, for which invoice, in its own words."""

    platform: str
    charge: str
    """The platform's own number of the payment, by which it is paid back."""
    payer: str
    """Who paid, as the platform names them."""
    payer_name: str
    invoice: str
    stars: int


class Payment(Record):
    """Money that came in, once for each charge. It is kept before its points are credited."""

    collection = "payments"
    unique = (("platform", "charge"),)
    indexed = ("account", "invoice", "uncredited", "unrefunded")

    platform: str
    charge: str
    payer: str
    account: str
    """Whose chain the points were credited to; never another one."""
    invoice: str
    stars: int
    points: int
    """0: nobody knows what it was for; it is waiting to be paid back."""
    uncredited: bool | None = True
    """True until its points are in the ledger."""
    unrefunded: bool | None = None
    """True while it is being paid back."""
    taken_from: str | None = None
    """Whose chain the points of a refund are taken out of."""
    refunded_at: UtcTime | None = None
    refund_refused: str | None = None
    """Why the platform will never pay it back."""
