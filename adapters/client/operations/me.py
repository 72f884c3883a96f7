"""Operations on me; made from the OpenAPI document by `python -m adapters.client.generate`."""

from pathlib import Path

from adapters.client.connection import Connection, Request
from adapters.client.models.me import (
    AccountForm,
    AccountView,
    DeletionForm,
    IdentityList,
    LinkCodeForm,
    LinkCodeView,
    MadeToken,
    NewToken,
    TokenView,
)
from adapters.client.paging import Pages


class MeOperations(Connection):
    """The operations on me."""

    async def get_me(self) -> AccountView:
        """Get the account that the token speaks for."""
        return await self._ask(AccountView, Request("GET", ("me",)))

    async def change_me(self, body: AccountForm) -> AccountView:
        """Change your name, your language, or the platforms to which no direct messages are sent."""
        return await self._ask(AccountView, Request("PATCH", ("me",), body=body))

    async def export_me(self, *, to: Path) -> Path:
        """Get everything that is kept about you and is yours, as a zip: records, pictures, captions, models."""
        return await self._download(Request("GET", ("me", "export")), to)

    async def delete_me(self, body: DeletionForm) -> None:
        """Delete your account and all that is yours, for good; `name` is your name, as a proof that you mean it.

        What was paid and earned stays in the ledger under an id that names nobody.
        """
        await self._do(Request("POST", ("me", "deletion"), body=body))

    async def list_identities(self) -> IdentityList:
        """List the platforms on which you are known, the oldest first."""
        return await self._ask(IdentityList, Request("GET", ("me", "identities")))

    async def unlink_identity(self, identity_id: str) -> None:
        """Take a platform off your account; it has an empty account from then on. The last one stays."""
        await self._do(Request("DELETE", ("me", "identities", identity_id)))

    async def make_link_code(self) -> LinkCodeView:
        """Make the code to type with /link on another platform; the one before is void."""
        return await self._ask(LinkCodeView, Request("POST", ("me", "link-codes")))

    async def link_accounts(self, body: LinkCodeForm) -> AccountView:
        """Join your account with the one that a code was shown to; answers the one that both are now."""
        return await self._ask(AccountView, Request("POST", ("me", "links"), body=body))

    def list_tokens(self) -> Pages[TokenView]:
        """List your tokens, newest first."""
        return self._list(TokenView, Request("GET", ("me", "tokens")))

    async def create_token(self, body: NewToken) -> MadeToken:
        """Make a token. Its text is shown this once.

        It may have only scopes that the token making it has.
        """
        return await self._ask(MadeToken, Request("POST", ("me", "tokens"), body=body))

    async def revoke_token(self, token_id: str) -> None:
        """Revoke a token, at once and for good."""
        await self._do(Request("DELETE", ("me", "tokens", token_id)))
