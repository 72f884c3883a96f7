"""The outbox: what people should hear."""

from enum import StrEnum

from pydantic import JsonValue

from core.records import Record, UtcTime


class NewsKind(StrEnum):
    """What happened."""

    TRAINING_COMPLETED = "training_completed"
    TRAINING_FAILED = "training_failed"
    TRAINING_CANCELLED = "training_cancelled"
    GENERATION_COMPLETED = "generation_completed"
    GENERATION_FAILED = "generation_failed"
    GENERATION_CANCELLED = "generation_cancelled"
    CAPTIONS_COMPLETED = "captions_completed"
    CAPTIONS_FAILED = "captions_failed"
    CAPTIONS_CANCELLED = "captions_cancelled"
    JOB_STRANDED = "job_stranded"
    ACCOUNTS_LINKED = "accounts_linked"
    DATASET_JOINED = "dataset_joined"
    ROYALTIES_PAID = "royalties_paid"
    POINTS_RECEIVED = "points_received"
    PICTURE_WITHDRAWN = "picture_withdrawn"
    SIGNED_IN = "signed_in"
    PAYMENT_REFUNDED = "payment_refunded"


class Notification(Record):
    """One thing that one person should hear; the key makes a repetition the same notification."""

    collection = "notifications"
    unique = (("account", "key"),)
    indexed = ("read_at", "kind", "due_at")

    account: str
    key: str
    kind: NewsKind
    data: dict[str, JsonValue]
    read_at: UtcTime | None = None
    due_at: UtcTime | None = None
    """When it is to be sent to its person's platforms, next; None when nothing is left to send."""
    attempts: int = 0
    settled: tuple[str, ...] = ()
    """The identities that have it, or never will."""
