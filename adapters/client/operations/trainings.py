"""Operations on trainings; made from the OpenAPI document by `python -m adapters.client.generate`."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Literal

from adapters.client.connection import Connection, Request
from adapters.client.models.trainings import MetricsView, NewTraining, TrainingEvent, TrainingView
from adapters.client.paging import Pages


class TrainingsOperations(Connection):
    """The operations on trainings."""

    async def submit_training(self, body: NewTraining, *, key: str = "") -> TrainingView:
        """Buy a training of a dataset as it is now; its points are held until it ends.

        The same Idempotency-Key with the same content is the same training, with other content 409.
        """
        return await self._ask(TrainingView, Request("POST", ("trainings",), body=body, key=key))

    def list_trainings(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
        show: Literal["all", "active", "completed", "failed", "cancelled"] | None = None,
    ) -> Pages[TrainingView]:
        """List your trainings, newest first."""
        return self._list(
            TrainingView,
            Request("GET", ("trainings",), query={"limit": limit, "after": after, "show": show}),
        )

    async def get_training(self, training_id: str) -> TrainingView:
        """Get a training as it is now."""
        return await self._ask(TrainingView, Request("GET", ("trainings", training_id)))

    async def cancel_training(self, training_id: str) -> TrainingView:
        """Ask a training to stop; steps that it has done are charged, the rest comes back."""
        return await self._ask(TrainingView, Request("POST", ("trainings", training_id, "cancel")))

    async def retry_training(self, training_id: str, *, key: str = "") -> TrainingView:
        """Buy a failed or cancelled training again, on the same pictures and at the same price."""
        return await self._ask(
            TrainingView, Request("POST", ("trainings", training_id, "retry"), key=key)
        )

    async def get_metrics(self, training_id: str, *, after: int | None = None) -> MetricsView:
        """Get the loss history, or what has come to it behind a step.

        A training that goes on from a checkpoint writes the steps behind it anew.
        """
        return await self._ask(
            MetricsView,
            Request("GET", ("trainings", training_id, "metrics"), query={"after": after}),
        )

    async def download_samples(self, training_id: str, *, to: Path) -> Path:
        """Download every picture that the training made on its way, as a zip."""
        return await self._download(Request("GET", ("trainings", training_id, "samples")), to)

    async def get_sample(self, training_id: str, name: str, *, to: Path) -> Path:
        """Get a picture that the training made on its way."""
        return await self._download(Request("GET", ("trainings", training_id, "samples", name)), to)

    def follow_training(
        self, training_id: str
    ) -> AsyncGenerator[TrainingView | TrainingEvent, None]:
        """Follow one training: a `snapshot` of it, then each `training` event until it has ended."""
        return self._follow(
            ("trainings", training_id, "events"),
            {"snapshot": TrainingView, "training": TrainingEvent},
        )
