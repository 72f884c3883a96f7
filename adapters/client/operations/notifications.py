"""Operations on notifications; made from the OpenAPI document by `python -m adapters.client.generate`."""

from collections.abc import AsyncGenerator

from adapters.client.connection import Connection, Request
from adapters.client.models.generations import GenerationEvent
from adapters.client.models.notifications import AutoCaptionEvent, NotificationView
from adapters.client.models.trainings import TrainingEvent
from adapters.client.paging import Pages


class NotificationsOperations(Connection):
    """The operations on notifications."""

    def list_notifications(
        self, *, limit: int | None = None, after: str | None = None
    ) -> Pages[NotificationView]:
        """List your notifications, newest first."""
        return self._list(
            NotificationView,
            Request("GET", ("notifications",), query={"limit": limit, "after": after}),
        )

    async def mark_read(self, notification_id: str) -> NotificationView:
        """Mark a notification as read; again changes nothing."""
        return await self._ask(
            NotificationView, Request("POST", ("notifications", notification_id, "read"))
        )

    def follow_account(
        self,
    ) -> AsyncGenerator[
        TrainingEvent | GenerationEvent | AutoCaptionEvent | NotificationView, None
    ]:
        """Follow everything that happens to your account, as it happens.

        News has an id: sent as Last-Event-ID, it brings what was told since, so that a stream that broke misses
        none. Where jobs stood meanwhile is in the lists.
        """
        return self._follow(
            ("events",),
            {
                "training": TrainingEvent,
                "generation": GenerationEvent,
                "auto_caption": AutoCaptionEvent,
                "notification": NotificationView,
            },
        )
