"""Models of training-offerings; made from the OpenAPI document by `python -m adapters.client.generate`."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field

from adapters.client.messages import Answer, Body

Method = Literal["lora", "dreambooth", "hyper-lora"]
"""How the weights are trained."""

Output = Literal["lora", "checkpoint"]
"""What a training yields."""

OfferingStatus = Literal["available", "coming-soon", "retired"]
"""Whether an offering can be bought."""


class PriceView(Answer):
    """The rates of the public price formula."""

    base_points: int
    points_per_1000_steps: int
    resolution_exponent: float
    native_resolution_px: int
    class_image_steps: int


class ParamView(Answer):
    """One setting that a person may change."""

    name: str
    kind: Literal["int", "float", "bool", "choice"]
    default: int | float | bool | str
    min: int | float | None
    max: int | float | None
    choices: tuple[str, ...]
    help: str


class OfferingView(Answer):
    """A kind of training that can be bought."""

    id: str
    name: str
    summary: str
    method: Method
    family: str
    base_models: tuple[str, ...]
    output: Output
    takes_class_prompt: bool
    status: OfferingStatus
    min_images: int
    max_images: int
    vram_gb: float
    price: PriceView
    params: tuple[ParamView, ...]


class OfferingList(Answer):
    """Everything that can be bought, or soon can."""

    items: tuple[OfferingView, ...]


class QuoteRequest(Body):
    """The training to price; with a dataset its size is checked too, and words where they are given."""

    params: Mapping[str, int | float | bool | str] = Field(default_factory=dict)
    base_model: str = ""
    start_from: str = ""
    dataset: str | None = None
    trigger_words: Sequence[str] | None = None
    class_prompt: str | None = None
    sample_prompts: Sequence[str] = ()


class QuoteInputsView(Answer):
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


class QuoteView(Answer):
    """A price with all that is needed to compute it again."""

    formula_version: int
    inputs: QuoteInputsView
    points: int


class QuoteAnswer(Answer):
    """A price, the settings it is for, and whether the balance covers it."""

    offering: str
    params: dict[str, int | float | bool | str]
    quote: QuoteView
    balance_points: int
    covered: bool
