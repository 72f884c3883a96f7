"""The ports to chat platforms beyond conversation: who somebody is there, and what they paid; apart from ports.py
because a server has several of each, by the platform's name, or none.
"""

from collections.abc import Mapping
from typing import Protocol

from core.accounts.records import Ask, Proof


class Cashier(Protocol):
    """Pays back what people have paid on one platform."""

    @property
    def platform(self) -> str:
        """The platform as identities name it."""
        ...

    async def pay_back(self, payer: str, charge: str) -> None:
        """Pay a charge back to who paid it; one that was paid back already is well. Raises
        RefusedError when the platform will never do it, UnavailableError when it may later."""
        ...


class IdentityProvider(Protocol):
    """A platform that tells us who somebody is there, when they let it."""

    @property
    def platform(self) -> str:
        """The platform as identities name it."""
        ...

    def make_address(self, ask: Ask) -> str:
        """Make the address where the person lets the platform tell us."""
        ...

    async def prove(self, ask: Ask, told: Mapping[str, str]) -> Proof:
        """Return who has come back with this query. Raises RefusedError, UnavailableError, in words."""
        ...
