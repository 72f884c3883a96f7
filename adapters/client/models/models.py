"""Models of models; made from the OpenAPI document by `python -m adapters.client.generate`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from adapters.client.messages import Answer, Body
from adapters.client.models.trainings import FileView, SampleView


class OldWordView(Answer):
    """A trigger word that was changed and still works, and the one to write now."""

    word: str
    now: str


class SamplerView(Answer):
    """How a few-step model is sampled, and over which acceleration LoRA."""

    scheduler: str
    steps: int
    guidance_scale: float
    acceleration: str
    acceleration_source: str
    acceleration_sha256: str


ModelAccess = Literal["private", "unlisted", "public"]
"""Who may use a model beside its owner.

An unlisted one is used by its slug, and by its words by those who made it a favourite.
"""

ModelState = Literal["active", "frozen"]
"""A frozen model was stopped by an admin: nobody can use it, and what it earned stays."""


class ShareView(Answer):
    """A payee's part of what a model earns, in basis points of 10,000; shown to its owner only."""

    account: str
    bps: int
    pictures: int


class ProvenanceView(Answer):
    """What a model was made from; job, dataset, its digest and seed are shown to its owner only."""

    job: str | None
    dataset: str | None
    snapshot_digest: str | None
    offering: str
    base_model: str
    steps: int
    seed: int | None
    started_from: str | None


class ModelView(Answer):
    """What a training yielded; its files are at `…/files/{name}` below its address.

    Others see a published model with the files that they may have.
    """

    id: str
    slug: str
    owner: str
    name: str
    description: str
    tags: tuple[str, ...]
    family: str
    trigger_words: tuple[str, ...]
    old_words: tuple[OldWordView, ...]
    default_weight: float
    sampler: SamplerView | None
    access: ModelAccess
    state: ModelState
    downloadable: bool
    shares: tuple[ShareView, ...]
    favourites: int
    is_favourite: bool
    generations: int
    files: tuple[FileView, ...]
    samples: tuple[SampleView, ...]
    provenance: ProvenanceView
    version: int
    created_at: datetime
    published_at: datetime | None


class ModelChange(Body):
    """What to change of a model; what is left out stays. With the name goes the slug."""

    name: str | None = None
    description: str | None = None
    tags: Sequence[str] | None = None
    default_weight: float | None = None
    downloadable: bool | None = None
    trigger_words: Sequence[str] | None = None


class Publication(Body):
    """Who may use a model, and under which trigger words; left out, those that it has."""

    access: ModelAccess = "public"
    trigger_words: Sequence[str] = ()


class PublicationPreview(Answer):
    """A model as publishing would make it: its words passed their check, and this is who would be paid."""

    access: ModelAccess
    trigger_words: tuple[str, ...]
    shares: tuple[ShareView, ...]


class Freeze(Body):
    """Whether a model can be used."""

    state: ModelState


class SuggestionView(Answer):
    """A trigger word, and the model that it brings in."""

    word: str
    model: str
    name: str
    family: str


class Suggestions(Answer):
    """The trigger words that were found."""

    items: tuple[SuggestionView, ...]


class PromptForm(Body):
    """A prompt, and the family of the base model that it is for; left out, any."""

    prompt: str
    family: str = ""


class ResolvedModelView(Answer):
    """A model that the prompt brings in; `trigger_word` is empty when a tag did."""

    id: str
    slug: str
    name: str
    owner: str
    family: str
    weight: float
    trigger_word: str
    sampler: SamplerView | None


class RenamedView(Answer):
    """An old word or slug of the prompt, and what to write now."""

    old: str
    now: str
    model: str


class ResolutionView(Answer):
    """What a prompt means: the text for the text encoder, and the models with their weights.

    `tagged_prompt` names the models by `<lora:slug:weight>` in front, for programs that read tags.
    """

    prompt: str
    tagged_prompt: str
    models: tuple[ResolvedModelView, ...]
    renamed: tuple[RenamedView, ...]
    warnings: tuple[str, ...]
