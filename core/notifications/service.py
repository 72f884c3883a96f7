"""Puts news in the outbox, once each, and tells whoever listens; the inbox always has it."""

from pydantic import JsonValue

from core.accounts.records import Principal
from core.errors import AlreadyExistsError, NotFoundError, StaleError
from core.jobs.obstacles import Obstacle
from core.jobs.records import Job, Kind, Status
from core.models.records import TrainedModel
from core.notifications.records import NewsKind, Notification
from core.paging import cursor_behind, list_page
from core.ports import Clock, Documents, Event, Events
from core.records import Condition, Cursor, Page, PageRequest, new_id

MAX_MISSED = 200
_NO_NOTIFICATION = "There is no such notification."
_KINDS = {
    (Kind.TRAIN, Status.COMPLETED): NewsKind.TRAINING_COMPLETED,
    (Kind.TRAIN, Status.FAILED): NewsKind.TRAINING_FAILED,
    (Kind.TRAIN, Status.CANCELLED): NewsKind.TRAINING_CANCELLED,
    (Kind.GENERATE, Status.COMPLETED): NewsKind.GENERATION_COMPLETED,
    (Kind.GENERATE, Status.FAILED): NewsKind.GENERATION_FAILED,
    (Kind.GENERATE, Status.CANCELLED): NewsKind.GENERATION_CANCELLED,
    (Kind.CAPTION, Status.COMPLETED): NewsKind.CAPTIONS_COMPLETED,
    (Kind.CAPTION, Status.FAILED): NewsKind.CAPTIONS_FAILED,
    (Kind.CAPTION, Status.CANCELLED): NewsKind.CAPTIONS_CANCELLED,
}


class Notifications:
    """What people should hear."""

    def __init__(
        self, notifications: Documents[Notification], events: Events, clock: Clock
    ) -> None:
        self._notifications = notifications
        self._events = events
        self._clock = clock

    async def tell_job_ended(
        self, job: Job, model: TrainedModel | None, charged_points: int
    ) -> Notification:
        """Tell a job's owner how it ended, what it cost and what came back; twice tells once."""
        started, ended = job.history[0].at, job.history[-1].at
        data: dict[str, JsonValue] = {
            **_describe(job, model),
            "charged_points": charged_points,
            "refunded_points": job.quote.points - charged_points,
            "duration_s": round((ended - started).total_seconds(), 1),
            "error": job.error.message if job.error else None,
        }
        return await self.tell(job.owner, f"ended:{job.id}", _KINDS[job.kind, job.status], data)

    async def tell_stranded(self, job: Job, obstacle: Obstacle) -> Notification:
        """Tell a job's owner why no worker can take it; once for each reason."""
        data: dict[str, JsonValue] = {
            "job": job.id,
            "job_kind": job.kind.value,
            "dataset": job.dataset,
            "dataset_name": job.dataset_name,
            "obstacle": obstacle.model_dump(mode="json"),
        }
        key = f"stranded:{job.id}:{obstacle.code}"
        return await self.tell(job.owner, key, NewsKind.JOB_STRANDED, data)

    async def tell(
        self, account: str, key: str, kind: NewsKind, data: dict[str, JsonValue]
    ) -> Notification:
        """Put one piece of news in the outbox; the same key again is the same news."""
        now = self._clock.now()
        notification = Notification(
            id=new_id("nt"),
            created_at=now,
            updated_at=now,
            account=account,
            key=key,
            kind=kind,
            data=data,
            due_at=now,
        )
        try:
            stored = await self._notifications.insert(notification)
        except AlreadyExistsError:
            where: dict[str, Condition] = {"account": account, "key": key}
            return (await self._notifications.find(where, limit=1))[0]
        event = stored.model_dump(mode="json")
        await self._events.publish(
            Event(topic=f"account:{account}", kind="notification", data=event)
        )
        return stored

    async def list_own(self, principal: Principal, page: PageRequest) -> Page[Notification]:
        where = {"account": principal.account}
        return await list_page(self._notifications, where, "-created_at", page)

    async def list_missed(self, principal: Principal, after: Cursor) -> Page[Notification]:
        """List what was told behind a place (see `locate`), oldest first, MAX_MISSED a page."""
        where = {"account": principal.account}
        page = PageRequest(limit=MAX_MISSED, after=after)
        return await list_page(self._notifications, where, "created_at", page)

    async def locate_newest(self, principal: Principal) -> Cursor | None:
        """Return the place behind everything that was told; None when nothing was."""
        newest = await self.list_own(principal, PageRequest(limit=1))
        return locate(newest.items[0]) if newest.items else None

    async def mark_read(self, principal: Principal, notification_id: str) -> Notification:
        """Mark one's own notification as read; again changes nothing. Raises NotFoundError."""
        while True:
            try:
                found = await self._notifications.get(notification_id)
            except NotFoundError as error:
                raise NotFoundError(_NO_NOTIFICATION) from error
            if found.account != principal.account:
                raise NotFoundError(_NO_NOTIFICATION)
            if found.read_at is not None:
                return found
            now = self._clock.now()
            try:
                return await self._notifications.replace(found.changed(now, read_at=now))
            except StaleError:
                continue


def locate(news: Notification) -> Cursor:
    """Return the place of a notification among its reader's, oldest first."""
    return cursor_behind(news, "created_at")


def _describe(job: Job, model: TrainedModel | None) -> dict[str, JsonValue]:
    if job.kind is Kind.GENERATE:
        return {
            "generation": job.id,
            "prompt": job.generation.typed_prompt,
            "pictures": len(job.pictures),
            "warnings": list(job.generation.warnings),
        }
    if job.kind is Kind.CAPTION:
        return {
            "auto_caption": job.id,
            "dataset": job.dataset,
            "dataset_name": job.dataset_name,
            "caption_set": job.captioning.caption_set,
            "captions": job.steps_done,
        }
    return {
        "training": job.id,
        "dataset_name": job.dataset_name,
        "model": model.id if model else None,
        "model_name": model.name if model else None,
        "trigger_words": list(job.training.trigger_words),
    }
