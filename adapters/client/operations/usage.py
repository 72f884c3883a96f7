"""Operations on usage; made from the OpenAPI document by `python -m adapters.client.generate`."""

from adapters.client.connection import Connection, Request
from adapters.client.models.usage import UsageForm, UsageView


class UsageOperations(Connection):
    """The operations on usage."""

    async def report_usage(self, body: UsageForm, *, key: str = "") -> UsageView:
        """Report pictures that you made with a prompt that was resolved here; their models' makers are paid.

        The prompt is resolved once more, so send it as it was typed. Your own models cost nothing.
        """
        return await self._ask(UsageView, Request("POST", ("usage",), body=body, key=key))
