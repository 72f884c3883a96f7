"""The platforms by which people sign in on the web: those whose client id and secret are set."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from adapters.identity_providers.discord import DiscordIdentities
from adapters.identity_providers.exchange import Client
from adapters.identity_providers.telegram import TelegramIdentities
from adapters.web.proving import SignInDoor
from config.settings import Settings

Provider = DiscordIdentities | TelegramIdentities


@dataclass(frozen=True)
class Way:
    """A platform that is set up, or half so."""

    platform: str
    url: str
    client: Client
    make: Callable[[str, Client], Provider]

    @property
    def provider(self) -> Provider:
        return self.make(self.url, self.client)

    @property
    def is_whole(self) -> bool:
        return bool(self.client.id and self.client.secret)

    def find_mistakes(self) -> list[str]:
        """Say what cannot work, without asking anybody."""
        name = f"TRAINYARD_{self.platform.upper()}_CLIENT"
        found = []
        if not self.is_whole:
            found.append(f"Set both {name}_ID and {name}_SECRET; one alone shows no button.")
        if self.client.id and not (self.client.id.isascii() and self.client.id.isdigit()):
            found.append(f"{name}_ID is a number; the secret belongs into {name}_SECRET.")
        if not _is_reachable(self.client.redirect_uri):
            found.append(
                "People would come back without TLS: give TRAINYARD_PUBLIC_URL as https://…"
            )
        return found


def list_ways(settings: Settings) -> list[Way]:
    """List the platforms for which anything is set."""
    home = settings.get_public_url()
    discord, telegram = settings.discord_client_secret, settings.telegram_client_secret
    ways = [
        Way(
            "discord",
            settings.discord_sign_in_url.rstrip("/"),
            _make_client(home, "discord", settings.discord_client_id, discord.get_secret_value()),
            DiscordIdentities,
        ),
        Way(
            "telegram",
            settings.telegram_sign_in_url.rstrip("/"),
            _make_client(
                home, "telegram", settings.telegram_client_id, telegram.get_secret_value()
            ),
            TelegramIdentities,
        ),
    ]
    return [way for way in ways if way.client.id or way.client.secret]


def make_sign_in(settings: Settings) -> SignInDoor:
    """Make the door on the web for those platforms that are set up whole."""
    ways = [way for way in list_ways(settings) if way.is_whole]
    return SignInDoor(
        providers={way.platform: way.provider for way in ways},
        origins=tuple(_get_origin(way.url) for way in ways),
        welcome_points=settings.welcome_points,
        newcomers=settings.sign_in_newcomers,
    )


def _make_client(home: str, platform: str, client_id: str, secret: str) -> Client:
    return Client(client_id.strip(), secret.strip(), f"{home}/sign-in/{platform}/callback")


def _get_origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_reachable(url: str) -> bool:
    """Tell whether platforms send people there: by TLS, or to this machine itself."""
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
