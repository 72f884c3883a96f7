"""The platforms by which people can sign in here, as the server was started with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from core.platforms import IdentityProvider


@dataclass(frozen=True)
class SignInDoor:
    """By which platforms, in the order of the buttons, and what somebody new is given to begin with."""

    providers: Mapping[str, IdentityProvider] = field(default_factory=dict)
    origins: tuple[str, ...] = ()
    """Where the platforms' own pages are: our forms may lead there."""
    welcome_points: int = 0
    newcomers: bool = True
    """Whether they may come in whom no bot here has met."""


SIGN_IN_DOOR: web.AppKey[SignInDoor] = web.AppKey("sign_in_door", SignInDoor)


def list_platforms(app: web.Application) -> tuple[str, ...]:
    """List by which platforms people can sign in."""
    return tuple(app[SIGN_IN_DOOR].providers)
