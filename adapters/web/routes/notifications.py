"""Notifications, and the stream of everything that happens to the account."""

from aiohttp import web

from adapters.web.events import VIEWS, go_on, listen, make_news, read_place, tell
from adapters.web.routing import Call, Routes
from adapters.web.views.common import Listing, PageQuery
from adapters.web.views.notifications import NotificationView
from core.accounts.records import Scope
from core.errors import InvalidError
from core.records import Page

routes = Routes("notifications")


@routes.get("/notifications")
async def list_notifications(call: Call, query: PageQuery) -> Listing[NotificationView]:
    """List your notifications, newest first."""
    page = await call.studio.notifications.list_own(call.principal, query.page())
    return Listing[NotificationView].of(page)


@routes.post("/notifications/{notification_id}/read", scope=Scope.WRITE)
async def mark_read(call: Call, notification_id: str) -> NotificationView:
    """Mark a notification as read; again changes nothing."""
    read = await call.studio.notifications.mark_read(call.principal, notification_id)
    return NotificationView.of(read)


@routes.get("/events", media="text/event-stream", events=VIEWS, errors=(InvalidError,))
async def follow_account(call: Call) -> web.StreamResponse:
    """Follow everything that happens to your account, as it happens.

    News has an id: sent as Last-Event-ID, it brings what was told since, so that a stream that broke
    misses none. Where jobs stood meanwhile is in the lists."""
    news = call.studio.notifications
    async with listen(call) as events:
        place = read_place(call.request) or await news.locate_newest(call.principal)
        missed = await news.list_missed(call.principal, place) if place else Page(())
        told = [make_news(one) for one in missed.items]
        coming = go_on(told, events, is_all=missed.next is None)
        return await tell(call, None, coming, place.encode() if place else "")
