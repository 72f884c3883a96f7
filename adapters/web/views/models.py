"""Trained models, and what prompts bring in, as the API shows and takes them."""

from collections.abc import Collection
from typing import Literal, Self

from pydantic import ConfigDict, Field

from adapters.web.views.common import FileView, Form, PageQuery, SampleView, Time, View
from bots.wording import Words
from core.accounts.records import Principal
from core.models.browsing import Search
from core.models.publishing import Card
from core.models.records import ModelAccess, ModelState, TrainedModel
from core.models.resolution import Resolution
from core.models.service import list_files


class SamplerView(View):
    """How a few-step model is sampled, and over which acceleration LoRA."""

    scheduler: str
    steps: int
    guidance_scale: float
    acceleration: str
    acceleration_source: str
    acceleration_sha256: str


class ProvenanceView(View):
    """What a model was made from; job, dataset, its digest and seed are shown to its owner only."""

    job: str | None
    dataset: str | None
    snapshot_digest: str | None
    offering: str
    base_model: str
    steps: int
    seed: int | None
    started_from: str | None


class OldWordView(View):
    """A trigger word that was changed and still works, and the one to write now."""

    word: str
    now: str


class ShareView(View):
    """A payee's part of what a model earns, in basis points of 10,000; shown to its owner only."""

    account: str
    bps: int
    pictures: int


class ModelView(View):
    """What a training yielded; its files are at `…/files/{name}` below its address.

    Others see a published model with the files that they may have."""

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
    """Whether it is one of yours."""
    generations: int
    files: tuple[FileView, ...]
    samples: tuple[SampleView, ...]
    provenance: ProvenanceView
    version: int
    created_at: Time
    published_at: Time | None

    @classmethod
    def show(cls, model: TrainedModel, principal: Principal, liked: Collection[str]) -> Self:
        """Show a model to somebody who may see it, and likes these."""
        kept = cls.model_fields.keys() - {"is_favourite"}
        shown = {name: getattr(model, name) for name in kept}
        shown["is_favourite"] = model.id in liked
        made = model.provenance.model_dump()
        if model.owner != principal.account:
            made |= dict.fromkeys(("job", "dataset", "snapshot_digest", "seed", "started_from"))
            shown["shares"] = ()
        names = {file.name for file in list_files(model, principal)}
        files = tuple(file for file in model.files if file.name in names)
        return cls.model_validate({**shown, "files": files, "provenance": made})


class ModelQuery(PageQuery):
    """Which models are wanted; what is left out does not matter."""

    show: Literal["mine", "public", "favourites"] = Field(
        default="mine", description="Whose models."
    )
    order: Literal["recent", "popular"] = Field(default="recent", description="Which come first.")
    family: str = Field(default="", max_length=60)
    tag: str = Field(default="", max_length=60)
    text: str = Field(default="", max_length=200, description="Words of name, tags and triggers.")

    def search(self) -> Search:
        return Search.model_validate(self.model_dump(exclude={"limit", "after"}))


class ModelChange(Form):
    """What to change of a model; what is left out stays. With the name goes the slug."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Our cat", "tags": ["cat"]}]}
    )

    name: str | None = None
    description: str | None = None
    tags: tuple[str, ...] | None = None
    default_weight: float | None = None
    downloadable: bool | None = None
    """Whether others may download the weights."""
    trigger_words: tuple[str, ...] | None = None

    def card(self) -> Card:
        return Card(**self.model_dump())


class Publication(Form):
    """Who may use a model, and under which trigger words; left out, those that it has."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"access": "public", "trigger_words": ["miracat"]}]}
    )

    access: ModelAccess = ModelAccess.PUBLIC
    trigger_words: tuple[str, ...] = ()


class PublicationPreview(View):
    """A model as publishing would make it: its words passed their check, and this is who would be paid."""

    access: ModelAccess
    trigger_words: tuple[str, ...]
    shares: tuple[ShareView, ...]


class Freeze(Form):
    """Whether a model can be used."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "frozen"}]})

    state: ModelState


class PromptForm(Form):
    """A prompt, and the family of the base model that it is for; left out, any."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"prompt": "a photo of (miracat:0.8) on a chair", "family": "tiny"}]
        }
    )

    prompt: str
    family: str = ""


class WordQuery(Form):
    """Which trigger words are wanted."""

    start: str = Field(default="", max_length=100, description="What they begin with.")
    family: str = Field(default="", max_length=60, description="Of base models; left out, any.")
    limit: int = Field(default=20, ge=1, le=100, description="How many, at most.")


class SuggestionView(View):
    """A trigger word, and the model that it brings in."""

    word: str
    model: str
    name: str
    family: str


class Suggestions(View):
    """The trigger words that were found."""

    items: tuple[SuggestionView, ...]


class ResolvedModelView(View):
    """A model that the prompt brings in; `trigger_word` is empty when a tag did."""

    id: str
    slug: str
    name: str
    owner: str
    family: str
    weight: float
    trigger_word: str
    sampler: SamplerView | None


class RenamedView(View):
    """An old word or slug of the prompt, and what to write now."""

    old: str
    now: str
    model: str


class ResolutionView(View):
    """What a prompt means: the text for the text encoder, and the models with their weights.

    `tagged_prompt` names the models by `<lora:slug:weight>` in front, for programs that read tags.
    """

    prompt: str
    tagged_prompt: str
    models: tuple[ResolvedModelView, ...]
    renamed: tuple[RenamedView, ...]
    warnings: tuple[str, ...]

    @classmethod
    def show(cls, resolution: Resolution, words: Words) -> Self:
        """Show what a prompt means, with its warnings in somebody's language."""
        view = cls.of(resolution)
        return view.model_copy(update={"warnings": tuple(map(words.known, view.warnings))})
