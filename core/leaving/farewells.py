"""Who was here once and is gone, as a keyed hash of where: whoever comes back is new, but not given points anew."""

import contextlib
import hashlib

from core.errors import AlreadyExistsError, NotFoundError
from core.ports import Clock, Documents, Signer
from core.records import Record


class Farewell(Record):
    """Somebody of a platform whose account was deleted. Its id says who to those alone who have the key."""

    collection = "farewells"


class Farewells:
    """Remembers nobody, and recognises those who come back."""

    def __init__(self, farewells: Documents[Farewell], signer: Signer, clock: Clock) -> None:
        self._farewells = farewells
        self._signer = signer
        self._clock = clock

    async def note(self, platform: str, external_id: str) -> None:
        """Note that somebody goes; again changes nothing."""
        now, one = self._clock.now(), self._name(platform, external_id)
        with contextlib.suppress(AlreadyExistsError):
            await self._farewells.insert(Farewell(id=one, created_at=now, updated_at=now))

    async def knows(self, platform: str, external_id: str) -> bool:
        """Tell whether somebody of this name has gone from here before."""
        try:
            await self._farewells.get(self._name(platform, external_id))
        except NotFoundError:
            return False
        return True

    def _name(self, platform: str, external_id: str) -> str:
        """Make an id from a signature, which is the same each time and which nobody else can make."""
        signature = self._signer.sign(f"farewell:{platform}:{external_id}".encode())
        return f"fw_{hashlib.sha256(signature.encode()).hexdigest()[:32]}"
