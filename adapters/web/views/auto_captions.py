"""Captions by a model as the API shows and takes them."""

from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field

from adapters.web.views.common import Form, Time, View
from adapters.web.views.fleet import ObstacleView
from adapters.web.views.trainings import FailureView, HistoryLineView, ProgressView
from core.auto_captions.records import AUTO_SET, CaptionWishes
from core.jobs.records import Status


class NewAutoCaptions(Form):
    """The captions that are wanted, for the pictures of a dataset as it is now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"prefix": "mycat"}]})

    caption_set: str = Field(
        default=AUTO_SET, description="Where they go; others stay as they are."
    )
    prefix: str = Field(default="", description="Put before each caption: the trigger word.")
    replaces: bool = Field(
        default=False,
        description="Whether captions that the set has are written anew; else they are left alone.",
    )

    def to_wishes(self) -> CaptionWishes:
        return CaptionWishes(**self.model_dump())


class CaptionSpecView(View):
    """What is written, frozen when it was submitted."""

    caption_set: str
    prefix: str
    replaces: bool
    left_out: int = Field(description="Pictures that had a caption in the set.")


class CaptionInputsView(View):
    """Everything that moves the price: pictures × rate / 100, rounded up."""

    pictures: int
    points_per_100_pictures: int


class CaptionPriceView(View):
    """A price with all that is needed to compute it again."""

    formula_version: int
    inputs: CaptionInputsView
    points: int


class AutoCaptionsView(View):
    """One auto-caption job, from submission to settlement."""

    id: str
    dataset: str
    dataset_name: str
    spec: CaptionSpecView
    quote: CaptionPriceView
    status: Status
    cancel_requested: bool
    progress: ProgressView
    obstacle: ObstacleView | None
    attempts: int
    captions: int = Field(validation_alias="steps_done", description="How many were written.")
    error: FailureView | None
    history: tuple[HistoryLineView, ...]
    charged_points: int | None
    settled: Annotated[bool, BeforeValidator(lambda marked: not marked)] = Field(
        validation_alias="needs_settling",
        description="False from the end until points and news are dealt with.",
    )
    created_at: Time
    updated_at: Time


class AutoCaptionsQuote(View):
    """A price, what it is for, and whether the balance covers it."""

    spec: CaptionSpecView
    quote: CaptionPriceView
    balance_points: int
    covered: bool


class AutoCaptionEvent(View):
    """Where an auto-caption job stands."""

    model_config = ConfigDict(extra="ignore")

    id: str
    status: Status
    progress: ProgressView
    obstacle: ObstacleView | None
    cancel_requested: bool
