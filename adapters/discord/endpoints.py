"""Where Discord is: its own addresses, or those of a proxy or a local fake; apart because a process has one."""

from dataclasses import dataclass

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

CDN_HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
"""Where pictures that people send lie; nothing is fetched from anywhere else."""


@dataclass(frozen=True)
class Endpoints:
    """Addresses that stand in for Discord's own; empty ones do not."""

    api_url: str = ""
    gateway_url: str = ""

    def list_picture_hosts(self) -> frozenset[str]:
        """List whom pictures are fetched from: whoever stands in for Discord hands out files too."""
        host = yarl.URL(self.api_url).authority if self.api_url else ""
        return CDN_HOSTS | ({host} if host else set())


def use_endpoints(endpoints: Endpoints) -> None:
    """Talk to these addresses from now on, in this whole process: the library knows no other way.

    Nor does it any other way to keep it from asking, at each start, for what only voice needs.
    """
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    if endpoints.api_url:
        Route.BASE = endpoints.api_url.rstrip("/")
    if endpoints.gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(endpoints.gateway_url)
