"""Models of notifications; made from the OpenAPI document by `python -m adapters.client.generate`."""

from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from adapters.client.messages import Answer
from adapters.client.models.auto_captions import JobStatus, ObstacleView, ProgressView

NewsKind = Literal[
    "training_completed",
    "training_failed",
    "training_cancelled",
    "generation_completed",
    "generation_failed",
    "generation_cancelled",
    "captions_completed",
    "captions_failed",
    "captions_cancelled",
    "job_stranded",
    "accounts_linked",
    "dataset_joined",
    "royalties_paid",
    "points_received",
    "picture_withdrawn",
    "signed_in",
    "payment_refunded",
]
"""What happened."""


class NotificationView(Answer):
    """One thing that its reader should hear."""

    id: str
    kind: NewsKind
    data: dict[str, JsonValue]
    read_at: datetime | None
    created_at: datetime


class AutoCaptionEvent(Answer):
    """Where an auto-caption job stands."""

    id: str
    status: JobStatus
    progress: ProgressView
    obstacle: ObstacleView | None
    cancel_requested: bool
