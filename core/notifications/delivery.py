"""Which news is to be sent where, now; apart because a worker sends it, long after it was told.

Delivery is at least once: a claim holds for a minute, and whoever claims next goes on with what is left.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from core.accounts.records import Account, Identity
from core.accounts.service import Accounts
from core.errors import NotFoundError, StaleError
from core.notifications.records import Notification
from core.ports import Clock, Documents
from core.records import Below

_log = logging.getLogger(__name__)
_CLAIM = timedelta(minutes=1)
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(hours=1)
_GIVEN_UP = timedelta(days=2)
_AT_ONCE = 20


@dataclass(frozen=True)
class Parcel:
    """One piece of news, whose it is, and where it is still to be sent."""

    news: Notification
    account: Account
    addresses: tuple[Identity, ...]


class Deliveries:
    """Hands out news to whoever can send it, and remembers where it has arrived."""

    def __init__(
        self, notifications: Documents[Notification], accounts: Accounts, clock: Clock
    ) -> None:
        self._notifications = notifications
        self._accounts = accounts
        self._clock = clock

    async def claim(self, platforms: frozenset[str]) -> Parcel | None:
        """Take the news that has waited longest, for a minute; None when none is due.

        News that nobody on these platforms is to get is done with.
        """
        now = self._clock.now()
        due = await self._notifications.find(
            {"due_at": Below(now + timedelta(milliseconds=1))}, order="due_at", limit=_AT_ONCE
        )
        for news in due:
            addresses, account = await self._find_addresses(news, platforms)
            change = {"due_at": now + _CLAIM, "attempts": news.attempts + 1} if addresses else None
            try:
                claimed = await self._notifications.replace(
                    news.changed(now, **(change or {"due_at": None}))
                )
            except StaleError:  # somebody else has it
                continue
            if addresses:
                return Parcel(claimed, account, addresses)
        return None

    async def _find_addresses(
        self, news: Notification, platforms: frozenset[str]
    ) -> tuple[tuple[Identity, ...], Account]:
        account = await self._accounts.follow(news.account)
        identities = await self._accounts.list_identities(self._accounts.speak_for(account))
        wanted = platforms - frozenset(account.muted)
        return (
            tuple(i for i in identities if i.platform in wanted and i.id not in news.settled),
            account,
        )

    async def settle(self, news: Notification, identity: Identity) -> None:
        """Note that this identity has the news, or never will."""
        await self._change(news.id, lambda found: {"settled": (*found.settled, identity.id)})

    async def finish(self, news: Notification) -> None:
        """Note that nothing is left to send."""
        await self._change(news.id, lambda found: {"due_at": None})

    async def put_off(self, news: Notification, retry_after_s: float = 0.0) -> None:
        """Send the rest later: each time twice as late, and not at all after two days."""
        now = self._clock.now()
        pause = min(_FIRST_PAUSE * 2 ** min(news.attempts, 12), _LONGEST_PAUSE)
        due_at = now + max(pause, timedelta(seconds=min(retry_after_s, 86400)))
        if due_at - news.created_at > _GIVEN_UP:
            _log.warning("news %s could not be sent for two days; it stays in the inbox", news.id)
            return await self.finish(news)
        return await self._change(news.id, lambda found: {"due_at": due_at})

    async def _change(
        self, news_id: str, make: Callable[[Notification], dict[str, object]]
    ) -> None:
        while True:
            try:
                found = await self._notifications.get(news_id)
                await self._notifications.replace(found.changed(self._clock.now(), **make(found)))
            except StaleError:
                continue
            except NotFoundError:
                return
            return
