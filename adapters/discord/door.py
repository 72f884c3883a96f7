"""The door to Discord: opened, kept open, closed without cutting anybody short, and inspected."""

from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import discord

from adapters.discord.attachments import Pictures
from adapters.discord.client import Client, Place
from adapters.discord.desk import PLATFORM, Desk
from adapters.discord.endpoints import Endpoints, use_endpoints
from bots.conversation import Conversation
from core.errors import RefusedError

Hook = Callable[[Mapping[str, str], bytes], Awaitable[int]]
DRAIN_S = 4.0
_WRONG_TOKEN = (
    "Discord does not accept TRAINYARD_DISCORD_TOKEN. Make a new one in the developer portal, on "
    "the page Bot under “Reset Token”, and put it into .env."
)
_REFUSALS = {
    4004: _WRONG_TOKEN,
    4011: "The bot is in more servers than one connection takes (2,500).",
    4013: "Discord does not know what this bot wants to hear; update Trainyard.",
    4014: (
        "Discord does not let this bot hear what it wants to hear. It needs no privileged intent: "
        "look at the page Bot in the developer portal."
    ),
}
"""What an operator must do about a connection that Discord closes for good, by its code."""


class DiscordDoor:
    """The bot on Discord."""

    name = PLATFORM
    hooks: dict[str, Hook]

    def __init__(
        self, token: str, conversation: Conversation, endpoints: Endpoints, place: Place
    ) -> None:
        self._token = token
        self._conversation = conversation
        self._endpoints = endpoints
        self._place = place
        self.hooks = {}

    async def run(self) -> None:
        """Serve until cancelled, then finish what runs. Raises RefusedError when the operator must act."""
        use_endpoints(self._endpoints)
        pictures = Pictures(self._endpoints.list_picture_hosts())
        await pictures.open()
        client = Client(Desk(self._conversation, pictures), self._place)
        try:
            await client.start(self._token)
        except discord.LoginFailure as error:
            raise RefusedError(_WRONG_TOKEN) from error
        except discord.PrivilegedIntentsRequired as error:
            raise RefusedError(_REFUSALS[4014]) from error
        except discord.ConnectionClosed as error:
            if error.code in _REFUSALS:
                raise RefusedError(_REFUSALS[error.code]) from error
            raise
        finally:
            await client.drain(DRAIN_S)
            await client.close()
            await pictures.close()

    async def inspect(self) -> list[str]:
        """List what is wrong, and what to do about it."""
        use_endpoints(self._endpoints)
        async with discord.Client(intents=discord.Intents(guilds=True)) as client:
            try:
                await client.login(self._token)
                return await self._look_around(client)
            except discord.LoginFailure:
                return [_WRONG_TOKEN]
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                return [f"Discord cannot be reached: {error}."]

    async def _look_around(self, client: discord.Client) -> list[str]:
        problems = []
        application = client.application
        assert application is not None
        if application.interactions_endpoint_url:
            problems.append(
                "An interactions endpoint URL is set in the developer portal, so that no command "
                "reaches the bot. Empty that field on the page General Information."
            )
        link = discord.utils.oauth_url(application.id, permissions=discord.Permissions.none())
        if not self._place.guilds and not [guild async for guild in client.fetch_guilds(limit=1)]:
            problems.append(f"The bot is in no server yet. Invite it: {link}")
        for guild_id in self._place.guilds:
            try:
                await client.fetch_guild(guild_id, with_counts=False)
            except (discord.Forbidden, discord.NotFound):
                problems.append(
                    f"The bot is not in the server {guild_id} of TRAINYARD_DISCORD_GUILDS. Invite "
                    f"it: {link}"
                )
        return problems
