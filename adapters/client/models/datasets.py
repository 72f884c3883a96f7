"""Models of datasets; made from the OpenAPI document by `python -m adapters.client.generate`."""

from datetime import datetime
from typing import Literal

from adapters.client.messages import Answer, Body


class NewDataset(Body):
    """The dataset that is wanted."""

    name: str
    description: str = ""


Access = Literal["private", "unlisted", "public"]
"""Who sees a dataset beside its owner."""


class DatasetView(Answer):
    """An ordered collection of pictures with captions."""

    id: str
    name: str
    description: str
    tags: tuple[str, ...]
    access: Access
    default_caption_set: str
    items: int
    """How many pictures it has."""
    cover: str | None
    """The id of the first one."""
    own: bool
    """Whether it is yours; else you have joined it, or it is open."""
    version: int
    created_at: datetime
    updated_at: datetime


class DatasetChange(Body):
    """What to change of a dataset; what is left out stays."""

    name: str | None = None
    description: str | None = None
    default_caption_set: str | None = None


class NearDuplicateView(Answer):
    """Two items that look alike; distance in differing bits of 64."""

    first: str
    second: str
    distance: int


class BucketView(Answer):
    """How many items are trained at one size."""

    width_px: int
    height_px: int
    items: int


class OfferingFitView(Answer):
    """Whether the dataset fits an offering, and what it would cost with the defaults."""

    offering: str
    name: str
    fits: bool
    reason: str
    steps: int
    steps_per_epoch: int
    price_points: int
    buckets: tuple[BucketView, ...]


class ReportView(Answer):
    """The free health check of a dataset; lists of items are lists of their ids."""

    dataset: str
    items: int
    total_bytes: int
    uncaptioned: tuple[str, ...]
    near_duplicates: tuple[NearDuplicateView, ...]
    near_duplicate_groups: tuple[tuple[str, ...], ...]
    too_small: tuple[str, ...]
    blurred: tuple[str, ...]
    extreme_aspect: tuple[str, ...]
    offerings: tuple[OfferingFitView, ...]
    advice: tuple[str, ...]
