"""The account that asks, and its API tokens."""

from datetime import timedelta

from adapters.web.limiting import Action
from adapters.web.routing import Call, Routes
from adapters.web.views.accounts import AccountView, MadeToken, NewToken, TokenView
from adapters.web.views.common import Listing
from core.accounts.records import Scope
from core.records import Page

routes = Routes("me")


@routes.get("/me")
async def get_me(call: Call) -> AccountView:
    """Get the account that the token speaks for."""
    return AccountView.of(await call.studio.accounts.get(call.principal))


@routes.get("/me/tokens")
async def list_tokens(call: Call) -> Listing[TokenView]:
    """List your tokens, newest first."""
    tokens = await call.studio.tokens.list_own(call.principal)
    return Listing[TokenView].of(Page(tuple(tokens)))


@routes.post("/me/tokens", scope=Scope.WRITE, status=201, action=Action.TOKEN)
async def create_token(call: Call, body: NewToken) -> MadeToken:
    """Make a token. Its text is shown this once.

    It may have only scopes that the token making it has."""
    lifetime = timedelta(days=body.expires_in_days) if body.expires_in_days else None
    token, text = await call.studio.tokens.create_own(
        call.principal, body.name, sorted(body.scopes), lifetime=lifetime
    )
    return MadeToken(token=TokenView.of(token), text=text)


@routes.delete("/me/tokens/{token_id}", scope=Scope.WRITE)
async def revoke_token(call: Call, token_id: str) -> None:
    """Revoke a token, at once and for good."""
    await call.studio.tokens.revoke(call.principal, token_id)
