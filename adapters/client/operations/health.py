"""Operations on health; made from the OpenAPI document by `python -m adapters.client.generate`."""

from adapters.client.connection import Connection, Request
from adapters.client.models.health import Health, Readiness


class HealthOperations(Connection):
    """The operations on health."""

    async def get_health(self) -> Health:
        """Say that the server answers."""
        return await self._ask(Health, Request("GET", ("health",)))

    async def get_readiness(self) -> Readiness:
        """Say whether everything that the server needs works."""
        return await self._ask(Readiness, Request("GET", ("ready",)))

    async def get_openapi(self) -> bytes:
        """Get this document."""
        return await self._do(Request("GET", ("openapi.json",)))
