"""Operations on instance; made from the OpenAPI document by `python -m adapters.client.generate`."""

from adapters.client.connection import Connection, Request
from adapters.client.models.instance import Instance


class InstanceOperations(Connection):
    """The operations on instance."""

    async def get_instance(self) -> Instance:
        """Get the public key that this instance signs models with."""
        return await self._ask(Instance, Request("GET", ("instance",)))
