"""The outbox: what people should hear."""

from enum import StrEnum

from pydantic import JsonValue

from core.records import Record, UtcTime


class NewsKind(StrEnum):
    """What happened."""

    TRAINING_COMPLETED = "training_completed"
    TRAINING_FAILED = "training_failed"
    TRAINING_CANCELLED = "training_cancelled"
    ACCOUNTS_LINKED = "accounts_linked"


class Notification(Record):
    """One thing that one person should hear; the key makes a repetition the same notification."""

    collection = "notifications"
    unique = (("account", "key"),)
    indexed = ("read_at", "kind")

    account: str
    key: str
    kind: NewsKind
    data: dict[str, JsonValue]
    read_at: UtcTime | None = None
