"""What is kept of a model: its files, trigger words, samples, where it came from and who may use it."""

from enum import StrEnum

from core.jobs.records import Sample, StoredFile
from core.models.shares import Share
from core.offerings.records import Output, Sampler
from core.records import Record, UtcTime, Value


class ModelAccess(StrEnum):
    """Who may use a model beside its owner.

    An unlisted one is used by its slug, and by its words by those who made it a favourite.
    """

    PRIVATE = "private"
    UNLISTED = "unlisted"
    PUBLIC = "public"


class ModelState(StrEnum):
    """A frozen model was stopped by an admin: nobody can use it, and what it earned stays."""

    ACTIVE = "active"
    FROZEN = "frozen"


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


class OldWord(Value):
    """A trigger word that was changed: it still brings the model in, and says what it is called now."""

    word: str
    now: str


class TrainedModel(Record):
    """What a training yields."""

    collection = "models"
    indexed = (
        "owner",
        "family",
        "access",
        "generations",
        "provenance.dataset",
        "needs_noting",
    )
    filtered = ("state",)

    owner: str
    name: str
    description: str = ""
    tags: tuple[str, ...] = ()
    slug: str = ""
    """Its name in addresses and in `<lora:slug:weight>`; no two models have the same one."""
    old_slugs: tuple[str, ...] = ()
    family: str
    trigger_words: tuple[str, ...]
    trained_words: tuple[str, ...] = ()
    """What its captions said, for as long as it lives; empty while the trigger words say the same."""
    old_words: tuple[OldWord, ...] = ()
    default_weight: float = 1.0
    output: Output = Output.LORA
    sampler: Sampler | None = None
    """How a few-step model is sampled; None is its family's usual way."""
    access: ModelAccess = ModelAccess.PRIVATE
    state: ModelState = ModelState.ACTIVE
    downloadable: bool = False
    """Whether others may have the weights themselves, not only use them here."""
    published_at: UtcTime | None = None
    shares: tuple[Share, ...] = ()
    """Who is paid when others use it; fixed when it is published for the first time."""
    favourites: int = 0
    generations: int = 0
    """How often it was used, as it was last counted; what it earned stands in the accruals."""
    files: tuple[StoredFile, ...]
    samples: tuple[Sample, ...]
    provenance: Provenance
    needs_noting: bool | None = None
    """True from a change until the trigger map says that there was one."""

    def find_file(self, name: str) -> StoredFile | None:
        return next((file for file in self.files if file.name == name), None)

    @property
    def is_certified(self) -> bool:
        """Whether it has LoRA weights: a worker hands them over only after they passed their check."""
        return self.output is Output.LORA and any(
            file.name.endswith(".safetensors") for file in self.files
        )

    @property
    def taught_words(self) -> tuple[str, ...]:
        """The words that the weights know."""
        return self.trained_words or self.trigger_words

    @property
    def is_usable(self) -> bool:
        """Whether a prompt can bring it in at all."""
        return self.state is ModelState.ACTIVE and self.is_certified

    @property
    def is_public(self) -> bool:
        return self.access is ModelAccess.PUBLIC and self.is_usable

    @property
    def is_shown_to_others(self) -> bool:
        return self.access is not ModelAccess.PRIVATE and self.state is ModelState.ACTIVE


class NameClaim(Record):
    """A name that one model has: a slug, or what a public model's trigger word looks like in its family.

    Two publications at once meet here: the store keeps one of them.
    """

    collection = "model_names"
    unique = (("space", "key"),)
    indexed = ("model",)

    space: str
    """`slug`, or `words:<family>`."""
    key: str
    model: str


class MapState(Record):
    """The one record that says that models changed; its version is the trigger map's version."""

    collection = "trigger_maps"

    recent: tuple[str, ...] = ()
    """What each of the latest changes was about, a model or an account; the last made this version."""


class Favourite(Record):
    """A model that somebody likes."""

    collection = "favourites"
    unique = (("account", "model"),)
    indexed = ("account", "model")

    account: str
    model: str
