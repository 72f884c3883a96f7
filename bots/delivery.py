"""Sending news to people who did not ask just now; every platform the same, over whatever it gives for that."""

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from typing import Protocol

from bots.announcements import announce
from bots.conversation import Conversation
from bots.dialog import Reply
from bots.wording import Words
from core.errors import TrainyardError, UnavailableError, UndeliverableError
from core.notifications.delivery import Parcel
from core.studio import Studio

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 1.0
_NONCE_CHARACTERS = 24


class DirectMessages(Protocol):
    """Writes to one person on one platform."""

    @property
    def platform(self) -> str:
        """The platform as identities name it."""
        ...

    async def send(self, external_id: str, reply: Reply, nonce: str) -> None:
        """Send one message; `nonce`, at most 25 characters, names it where a platform can drop a repetition.

        The buttons carry their data already. Raises UndeliverableError when the platform will never
        take it for this person, UnavailableError when it may later.
        """
        ...


async def deliver_news(
    studio: Studio, conversation: Conversation, messengers: Mapping[str, DirectMessages]
) -> None:
    """Send what is due, until cancelled; what cannot be sent now is put off."""
    while messengers:
        try:
            if not await deliver_next(studio, conversation, messengers):
                await asyncio.sleep(_LOOK_EVERY_S)
        except TrainyardError:
            _log.exception("news cannot be sent now")
            await asyncio.sleep(_LOOK_EVERY_S)


async def deliver_next(
    studio: Studio, conversation: Conversation, messengers: Mapping[str, DirectMessages]
) -> bool:
    """Send the piece of news that has waited longest; False when none is due."""
    parcel = await studio.deliveries.claim(frozenset(messengers))
    if parcel is None:
        return False
    try:
        reply = await _write(studio, conversation, parcel)
        await _send(studio, parcel, reply, messengers)
    except Exception:  # the outbox's door for errors: one piece of news must not stop all others
        _log.exception("news %s cannot be sent; it is tried again", parcel.news.id)
        await studio.deliveries.put_off(parcel.news)
    return True


async def _write(studio: Studio, conversation: Conversation, parcel: Parcel) -> Reply:
    principal = studio.accounts.speak_for(parcel.account)
    reply = await announce(studio, principal, Words(parcel.account.locale), parcel.news)
    sealed = await conversation.seal(principal.account, reply)
    assert isinstance(sealed, Reply)
    return sealed


async def _send(
    studio: Studio, parcel: Parcel, reply: Reply, messengers: Mapping[str, DirectMessages]
) -> None:
    later: list[float] = []
    for identity in parcel.addresses:
        nonce = hashlib.sha256(f"{parcel.news.id}:{identity.id}".encode()).hexdigest()
        try:
            messenger = messengers[identity.platform]
            await messenger.send(identity.external_id, reply, nonce[:_NONCE_CHARACTERS])
        except UndeliverableError as error:
            _log.info("news %s is not sent on %s: %s", parcel.news.id, identity.platform, error)
        except UnavailableError as error:
            _log.warning("news %s waits on %s: %s", parcel.news.id, identity.platform, error)
            later.append(error.retry_after_s or 0.0)
            continue
        await studio.deliveries.settle(parcel.news, identity)
    if later:
        await studio.deliveries.put_off(parcel.news, max(later))
    else:
        await studio.deliveries.finish(parcel.news)
