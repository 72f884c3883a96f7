"""Drafts and shortcuts: kept, found, replaced and, when nobody came back to them, forgotten."""

import base64
import contextlib
import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta

from pydantic import JsonValue

from core.conversations.records import Draft, Shortcut
from core.errors import AlreadyExistsError, InvalidError, NotFoundError, StaleError
from core.paging import iterate
from core.ports import Clock, Documents
from core.records import Below, Value, new_id

DRAFT_LASTS = timedelta(hours=6)
SHORTCUT_LASTS = timedelta(days=800)
"""Long enough for a button that somebody presses a year later."""
SURE_LASTS = timedelta(hours=1)
"""A price that was shown is not a price for ever."""
MAX_ARGS_BYTES = 64 * 1024


class Spot(Value):
    """Who talks and where: a draft belongs to one person in one place."""

    platform: str
    external_id: str
    place: str


class Conversations:
    """What the doors of chat platforms remember between two messages."""

    def __init__(
        self, drafts: Documents[Draft], shortcuts: Documents[Shortcut], clock: Clock
    ) -> None:
        self._drafts = drafts
        self._shortcuts = shortcuts
        self._clock = clock

    async def find_draft(self, spot: Spot) -> Draft | None:
        """Return the half-answered command of this person here, unless it is too old."""
        found = await self._drafts.find(spot.model_dump(), limit=1)
        if not found or found[0].expires_at <= self._clock.now():
            return None
        return found[0]

    async def keep_draft(
        self, spot: Spot, command: str, args: Mapping[str, JsonValue], asked: str
    ) -> Draft:
        """Remember what was answered so far, in place of whatever was half-answered here before."""
        check_args(args)
        while True:
            now = self._clock.now()
            new = Draft(
                id=new_id("dr"),
                created_at=now,
                updated_at=now,
                command=command,
                args=dict(args),
                asked=asked,
                expires_at=now + DRAFT_LASTS,
                **spot.model_dump(),
            )
            known = await self._drafts.find(spot.model_dump(), limit=1)
            try:
                if not known:
                    return await self._drafts.insert(new)
                kept = new.model_copy(update={"id": known[0].id, "version": known[0].version})
                return await self._drafts.replace(kept)
            except (AlreadyExistsError, StaleError):  # the same person twice at once: the later
                continue

    async def drop_draft(self, spot: Spot) -> bool:
        """Forget what was half-answered here; False when there was nothing."""
        for draft in await self._drafts.find(spot.model_dump(), limit=1):
            with contextlib.suppress(StaleError):
                await self._drafts.delete(draft)
            return draft.expires_at > self._clock.now()
        return False

    async def keep_shortcut(
        self, account: str, command: str, args: Mapping[str, JsonValue], *, sure: bool = False
    ) -> Shortcut:
        """Remember what a button stands for. The same button again is the same record, unless it
        confirms: each question to be sure is one of its own."""
        check_args(args)
        now = self._clock.now()
        shortcut = Shortcut(
            id=new_id("sc") if sure else _name(account, command, args),
            created_at=now,
            updated_at=now,
            account=account,
            command=command,
            args=dict(args),
            sure=sure,
            expires_at=now + (SURE_LASTS if sure else SHORTCUT_LASTS),
        )
        try:
            return await self._shortcuts.insert(shortcut)
        except AlreadyExistsError:
            return await self._shortcuts.get(shortcut.id)

    async def get_shortcut(self, account: str, shortcut_id: str) -> Shortcut:
        """Return what a button stands for. Raises NotFoundError: too old, or somebody else's."""
        try:
            shortcut = await self._shortcuts.get(shortcut_id)
        except NotFoundError as error:
            raise NotFoundError("This button is no longer known.") from error
        if shortcut.account != account:
            raise NotFoundError("This button belongs to somebody else.")
        if shortcut.expires_at <= self._clock.now():
            raise NotFoundError("This button is too old.")
        return shortcut

    async def sweep(self) -> int:
        """Forget drafts and shortcuts that have expired."""
        now = self._clock.now()
        old = {"expires_at": Below(now)}
        forgotten = 0
        async for draft in iterate(self._drafts, old):
            with contextlib.suppress(StaleError):
                await self._drafts.delete(draft)
                forgotten += 1
        async for shortcut in iterate(self._shortcuts, old):
            with contextlib.suppress(StaleError):
                await self._shortcuts.delete(shortcut)
                forgotten += 1
        return forgotten


def check_args(args: Mapping[str, JsonValue]) -> None:
    """Raise InvalidError when somebody typed more than a conversation can remember."""
    if len(json.dumps(dict(args)).encode()) > MAX_ARGS_BYTES:
        raise InvalidError("That is too much for one message; send less at a time.")


def _name(account: str, command: str, args: Mapping[str, JsonValue]) -> str:
    """Name a shortcut after what it says, with as many characters as every id."""
    content = json.dumps([account, command, args], sort_keys=True)
    digest = hashlib.sha256(content.encode()).digest()
    return "sc_" + base64.b32encode(digest[:10]).decode().lower()
