"""What is kept about storage itself, and the rules that an operator sets for it."""

from datetime import timedelta

from core.records import Record, Value

STRAY_GRACE = timedelta(days=1)
"""Longer than anything may take between a blob and the record that names it."""


class StorageRules(Value):
    """How much an instance may keep, and for how long; 0 means without bound."""

    quota_bytes: int = 0
    """Of all accounts together."""
    keep_free_bytes: int = 0
    """What uploads leave free where blobs are kept."""
    stray_grace: timedelta = STRAY_GRACE
    picture_days: int = 0
    """Pictures of generations."""
    sample_days: int = 0
    """Samples of trainings that yielded no model."""
    loss_days: int = 0
    """Loss histories of trainings that have ended."""
    news_days: int = 0
    """Notifications that were read."""


class Stray(Record):
    """A blob that no record names, since it was seen so for the first time."""

    collection = "strays"
    unique = (("key",),)

    key: str


class Drift(Value):
    """An account whose reserved storage is not what its items, uploads and pictures account for."""

    account: str
    reserved_bytes: int
    accounted_bytes: int


class StorageReport(Value):
    """What was found; of each kind of finding the first hundred."""

    blobs: int = 0
    strays: int = 0
    stray_keys: tuple[str, ...] = ()
    unknown_keys: tuple[str, ...] = ()
    """At places that this version does not know: they are left alone."""
    deleted: int = 0
    missing: tuple[str, ...] = ()
    """Rows whose blobs are not there, as `item it_… of ds_…: KEY`."""
    drifts: tuple[Drift, ...] = ()
    repaired: int = 0

    @property
    def is_sound(self) -> bool:
        return not (self.strays - self.deleted or self.missing or len(self.drifts) - self.repaired)
