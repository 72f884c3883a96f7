"""Trained models as the API shows them."""

from adapters.web.views.common import FileView, SampleView, Time, View
from core.models.records import ModelAccess


class ProvenanceView(View):
    """What a model was made from."""

    job: str
    dataset: str
    snapshot_digest: str
    offering: str
    base_model: str
    steps: int
    seed: int


class ModelView(View):
    """What a training yielded; its files are at `…/files/{name}` below its address."""

    id: str
    name: str
    family: str
    trigger_words: tuple[str, ...]
    default_weight: float
    access: ModelAccess
    files: tuple[FileView, ...]
    samples: tuple[SampleView, ...]
    provenance: ProvenanceView
    created_at: Time
