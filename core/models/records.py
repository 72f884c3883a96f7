"""What is kept of a model: its files, trigger words, samples and where it came from."""

from enum import StrEnum

from core.jobs.records import Sample, StoredFile
from core.offerings.records import Sampler
from core.records import Record, Value


class ModelAccess(StrEnum):
    """Who may use a model beside its owner."""

    PRIVATE = "private"
    UNLISTED = "unlisted"
    PUBLIC = "public"


class Provenance(Value):
    """What a model was made from."""

    job: str
    dataset: str
    snapshot_digest: str
    offering: str
    base_model: str
    steps: int
    seed: int
    started_from: str | None = None
    """The model that was trained further."""


class TrainedModel(Record):
    """What a training yields."""

    collection = "models"
    indexed = ("owner", "family", "access")

    owner: str
    name: str
    family: str
    trigger_words: tuple[str, ...]
    default_weight: float = 1.0
    sampler: Sampler | None = None
    """How a few-step model is sampled; None is its family's usual way."""
    access: ModelAccess = ModelAccess.PRIVATE
    files: tuple[StoredFile, ...]
    samples: tuple[Sample, ...]
    provenance: Provenance
