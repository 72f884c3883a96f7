"""What an operator does to accounts from the command line: tokens, links and grants."""

import secrets

from config.settings import Settings
from config.wiring import open_studio
from core.accounts.records import Account, Principal, Role
from core.studio import Studio

PLATFORM = "local"
OPERATOR = Principal(account=PLATFORM, role=Role.ADMIN)
"""Whoever can run commands here."""
_WELCOME = "Welcome to Trainyard"
"""What stands in the statement for the first points, as for those of the bot."""


async def make_token(settings: Settings, name: str, *, points: int = 0, admin: bool = False) -> str:
    """Make a token for a local account, which is made with these points when it is new."""
    role = Role.ADMIN if admin else Role.MEMBER
    async with open_studio(settings) as studio:
        account = await _meet(studio, name, points, role)
        _, text = await studio.tokens.create(account, "made on the command line")
        return text


async def make_login_link(
    settings: Settings, name: str, *, points: int = 0, admin: bool = False
) -> str:
    """Make a one-time address that signs a local account in, which is made when it is new."""
    role = Role.ADMIN if admin else Role.MEMBER
    async with open_studio(settings) as studio:
        account = await _meet(studio, name, points, role)
        principal = studio.accounts.speak_for(account)
        secret = await studio.sessions.offer_link(principal, PLATFORM)
        return f"{settings.get_public_url()}/login/{secret}"


async def grant_points(settings: Settings, name: str, points: int, note: str) -> int:
    """Grant points to a local account and return its balance."""
    async with open_studio(settings) as studio:
        account, _ = await studio.accounts.first_contact(PLATFORM, name, name)
        await studio.points.grant(account.id, points, secrets.token_hex(8), note)
        return await studio.points.get_balance(account.id)


async def _meet(studio: Studio, name: str, points: int, role: Role) -> Account:
    """Return a local account; a new one is made with these points."""
    account, is_new = await studio.accounts.first_contact(PLATFORM, name, name, role=role)
    if is_new and points:
        await studio.points.grant(account.id, points, f"start:{account.id}", _WELCOME)
    return account
