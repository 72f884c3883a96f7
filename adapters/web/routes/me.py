"""The account that asks: what it is called, where it is known, and its API tokens."""

from datetime import timedelta

from aiohttp import web

from adapters.web.downloads import send_zip
from adapters.web.limiting import Action
from adapters.web.routing import Call, Routes
from adapters.web.views.accounts import (
    AccountForm,
    AccountView,
    DeletionForm,
    IdentityList,
    IdentityView,
    LinkCodeForm,
    LinkCodeView,
    MadeToken,
    NewToken,
    TokenView,
)
from adapters.web.views.common import Listing
from core.accounts.records import Scope
from core.errors import RefusedError
from core.records import Page
from core.zipping import CONTENT_TYPE

routes = Routes("me")


@routes.get("/me")
async def get_me(call: Call) -> AccountView:
    """Get the account that the token speaks for."""
    return AccountView.of(await call.studio.accounts.get(call.principal))


@routes.patch("/me", scope=Scope.WRITE)
async def change_me(call: Call, body: AccountForm) -> AccountView:
    """Change your name, your language, or the platforms to which no direct messages are sent."""
    return AccountView.of(await call.studio.accounts.describe(call.principal, body.to_change()))


@routes.get("/me/export", media=CONTENT_TYPE, action=Action.TOKEN)
async def export_me(call: Call) -> web.StreamResponse:
    """Get everything that is kept about you and is yours, as a zip: records, pictures, captions, models."""
    body = call.studio.leaving.exports.stream(call.principal)
    return await send_zip(call.request, "trainyard-account.zip", body)


@routes.post("/me/deletion", scope=Scope.WRITE, status=204, errors=(RefusedError,))
async def delete_me(call: Call, body: DeletionForm) -> None:
    """Delete your account and all that is yours, for good; `name` is your name, as a proof that you mean it.

    What was paid and earned stays in the ledger under an id that names nobody."""
    await call.studio.leaving.deletion.delete(call.principal, body.name)


@routes.get("/me/identities")
async def list_identities(call: Call) -> IdentityList:
    """List the platforms on which you are known, the oldest first."""
    found = await call.studio.accounts.list_identities(call.principal)
    return IdentityList(items=tuple(map(IdentityView.of, found)))


@routes.delete("/me/identities/{identity_id}", scope=Scope.WRITE, errors=(RefusedError,))
async def unlink_identity(call: Call, identity_id: str) -> None:
    """Take a platform off your account; it has an empty account from then on. The last one stays."""
    await call.studio.linking.unlink(call.principal, identity_id)


@routes.post("/me/link-codes", scope=Scope.WRITE, status=201, action=Action.TOKEN)
async def make_link_code(call: Call) -> LinkCodeView:
    """Make the code to type with /link on another platform; the one before is void."""
    return LinkCodeView(code=await call.studio.linking.offer(call.principal))


@routes.post("/me/links", scope=Scope.WRITE, action=Action.TOKEN, errors=(RefusedError,))
async def link_accounts(call: Call, body: LinkCodeForm) -> AccountView:
    """Join your account with the one that a code was shown to; answers the one that both are now."""
    return AccountView.of(await call.studio.linking.redeem(call.principal, body.code))


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
