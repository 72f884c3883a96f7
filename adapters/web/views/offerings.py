"""Offerings and quotes as the API shows and takes them."""

from typing import Literal

from pydantic import ConfigDict, Field

from adapters.web.views.common import Form, View
from core.offerings.records import Method, Output, ParamValue, Status


class ParamView(View):
    """One setting that a person may change."""

    name: str
    kind: Literal["int", "float", "bool", "choice"]
    default: ParamValue
    min: int | float | None
    max: int | float | None
    choices: tuple[str, ...]
    help: str


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
    """The training to price; with a dataset its size is checked too."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"params": {"steps": 500}}]})

    params: dict[str, ParamValue] = Field(default={}, max_length=100)
    base_model: str = ""
    start_from: str = ""
    dataset: str | None = None


class QuoteAnswer(View):
    """A price, the settings it is for, and whether the balance covers it."""

    offering: str
    params: dict[str, ParamValue]
    quote: QuoteView
    balance_points: int
    covered: bool
