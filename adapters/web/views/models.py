"""Trained models as the API shows them."""

from adapters.web.views.common import FileView, SampleView, Time, View
from core.models.records import ModelAccess


class SamplerView(View):
    """How a few-step model is sampled, and over which acceleration LoRA."""

    scheduler: str
    steps: int
    guidance_scale: float
    acceleration: str
    acceleration_source: str
    acceleration_sha256: str


class ProvenanceView(View):
    """What a model was made from."""

    job: str
    dataset: str
    snapshot_digest: str
    offering: str
    base_model: str
    steps: int
    seed: int
    started_from: str | None


class ModelView(View):
    """What a training yielded; its files are at `…/files/{name}` below its address."""

    id: str
    name: str
    family: str
    trigger_words: tuple[str, ...]
    default_weight: float
    sampler: SamplerView | None
    access: ModelAccess
    files: tuple[FileView, ...]
    samples: tuple[SampleView, ...]
    provenance: ProvenanceView
    created_at: Time
