"""Notifications, and the events of a stream, as the API shows them."""

from pydantic import ConfigDict, Field, JsonValue

from adapters.web.views.common import Time, View
from adapters.web.views.fleet import ObstacleView
from adapters.web.views.trainings import ProgressView
from core.jobs.records import Status
from core.notifications.records import NewsKind


class NotificationView(View):
    """One thing that its reader should hear."""

    model_config = ConfigDict(extra="ignore")

    id: str
    kind: NewsKind
    data: dict[str, JsonValue]
    read_at: Time | None
    created_at: Time


class TrainingEvent(View):
    """Where a training stands."""

    model_config = ConfigDict(extra="ignore")

    id: str
    status: Status
    progress: ProgressView
    obstacle: ObstacleView | None
    cancel_requested: bool
    samples: int = Field(description="How many sample pictures there are by now.")
