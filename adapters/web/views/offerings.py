"""Offerings and quotes as the API shows and takes them."""

from collections.abc import Iterable
from typing import Literal, Self

from pydantic import ConfigDict, Field

from adapters.web.views.common import Form, View
from bots.wording import Words
from core.offerings.records import Method, Offering, Output, Param, ParamValue, Status


class ParamView(View):
    """One setting that a person may change."""

    name: str
    kind: Literal["int", "float", "bool", "choice"]
    default: ParamValue
    min: int | float | None
    max: int | float | None
    choices: tuple[str, ...]
    help: str


def show_params(params: Iterable[Param], words: Words) -> tuple[ParamView, ...]:
    """Show settings with their help in somebody's language."""
    views = (ParamView.of(param) for param in params)
    return tuple(view.model_copy(update={"help": words.known(view.help)}) for view in views)


class PriceView(View):
    """The rates of the public price formula."""

    base_points: int
    points_per_1000_steps: int
    resolution_exponent: float
    native_resolution_px: int
    class_image_steps: int


class OfferingView(View):
    """A kind of training that can be bought."""

    id: str
    name: str
    summary: str
    method: Method
    family: str
    base_models: tuple[str, ...]
    output: Output
    takes_class_prompt: bool
    status: Status
    min_images: int
    max_images: int
    vram_gb: float
    price: PriceView
    params: tuple[ParamView, ...]

    @classmethod
    def show(cls, offering: Offering, words: Words) -> Self:
        """Show an offering in somebody's language, as far as its texts are known there."""
        shown = cls.of(offering)
        update = {
            "summary": words.known(shown.summary),
            "params": show_params(offering.params, words),
        }
        return shown.model_copy(update=update)


class OfferingList(View):
    """Everything that can be bought, or soon can."""

    items: tuple[OfferingView, ...]


class QuoteInputsView(View):
    """Everything that moves the price."""

    steps: int
    train_batch_size: int
    resolution_px: int
    gradient_accumulation_steps: int
    base_points: int
    points_per_1000_steps: int
    resolution_exponent: float
    native_resolution_px: int
    class_images: int
    class_image_steps: int


class QuoteView(View):
    """A price with all that is needed to compute it again."""

    formula_version: int
    inputs: QuoteInputsView
    points: int


class QuoteRequest(Form):
    """The training to price; with a dataset its size is checked too, and words where they are given."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"params": {"steps": 500}}]})

    params: dict[str, ParamValue] = Field(default={}, max_length=100)
    base_model: str = ""
    start_from: str = ""
    dataset: str | None = None
    trigger_words: tuple[str, ...] | None = Field(default=None, max_length=20)
    class_prompt: str | None = Field(default=None, max_length=1000)
    sample_prompts: tuple[str, ...] = Field(default=(), max_length=50)


class QuoteAnswer(View):
    """A price, the settings it is for, and whether the balance covers it."""

    offering: str
    params: dict[str, ParamValue]
    quote: QuoteView
    balance_points: int
    covered: bool
