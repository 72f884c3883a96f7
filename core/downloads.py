"""Addresses under which a file can be fetched without signing in, for a day: chat platforms carry only small files."""

import contextlib
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta

from core.accounts.records import Principal
from core.codes import hash_secret
from core.errors import NotFoundError, StaleError
from core.jobs.records import StoredFile
from core.paging import iterate
from core.ports import Blobs, Clock, Documents
from core.records import Below, Record, UtcTime, new_id
from core.zipping import CONTENT_TYPE

LINK_LASTS = timedelta(days=1)
MAX_EXPORTS = 3
_GONE = "This address is no longer known; ask for a new one."


class DownloadLink(Record):
    """An address of one file; only a hash of its secret is kept."""

    collection = "download_links"
    unique = (("token_sha256",),)
    indexed = ("account", "expires_at", "is_export")

    account: str
    token_sha256: str
    file: StoredFile
    expires_at: UtcTime
    is_export: bool = False
    """The file was made for this address alone and goes with it."""


class Downloads:
    """Makes addresses and finds what they lead to."""

    def __init__(
        self, links: Documents[DownloadLink], blobs: Blobs, clock: Clock, public_url: str
    ) -> None:
        self._links = links
        self._blobs = blobs
        self._clock = clock
        self._public_url = public_url.rstrip("/")

    async def make_link(
        self, principal: Principal, file: StoredFile, *, is_export: bool = False
    ) -> str:
        """Make an address of a file that this person was shown; whoever has it may fetch the file.

        Of the files that were made to be fetched, a person has three: a fourth takes the oldest's place.
        """
        now, token = self._clock.now(), secrets.token_urlsafe(32)
        link = DownloadLink(
            id=new_id("dl"),
            created_at=now,
            updated_at=now,
            account=principal.account,
            token_sha256=hash_secret(token),
            file=file,
            expires_at=now + LINK_LASTS,
            is_export=is_export,
        )
        if is_export:
            earlier = await self._links.find(
                {"account": principal.account, "is_export": True}, order="-created_at"
            )
            for old in earlier[MAX_EXPORTS - 1 :]:
                await self._forget(old)
        await self._links.insert(link)
        return f"{self._public_url}/api/v1/downloads/{token}"

    async def keep_export(
        self, principal: Principal, name: str, body: AsyncIterator[bytes]
    ) -> tuple[StoredFile, str]:
        """Keep a zip for a day, for platforms that must know a file's size; return it and its address."""
        key = f"exports/{new_id('ex')}.zip"
        info = await self._blobs.put(key, body, content_type=CONTENT_TYPE)
        file = StoredFile(name=name, **info.model_dump())
        return file, await self.make_link(principal, file, is_export=True)

    async def find(self, token: str) -> StoredFile:
        """Return the file behind an address. Raises NotFoundError."""
        found = await self._links.find({"token_sha256": hash_secret(token)}, limit=1)
        if not found or found[0].expires_at <= self._clock.now():
            raise NotFoundError(_GONE)
        return found[0].file

    async def sweep(self) -> None:
        """Forget addresses that are over, and the files that were made for them."""
        async for link in iterate(self._links, {"expires_at": Below(self._clock.now())}):
            await self._forget(link)

    async def _forget(self, link: DownloadLink) -> None:
        if link.is_export:
            await self._blobs.delete(link.file.key)
        with contextlib.suppress(StaleError):
            await self._links.delete(link)
