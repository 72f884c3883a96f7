"""News to one person over REST alone: no connection is kept, so a worker can send it too."""

import asyncio

import aiohttp
import discord

from adapters.discord.desk import PLATFORM
from adapters.discord.endpoints import Endpoints, use_endpoints
from adapters.discord.exchange import make_message
from adapters.discord.rendering import render_reply
from bots.dialog import Reply
from bots.wording import Words
from core.errors import UnavailableError, UndeliverableError

_SEND_S = 60.0
_LONGEST_WAIT_S = 30.0
"""A longer pause that Discord asks for is left to the outbox; the library waits shorter ones out."""
_NEVER = {
    50007: "This person takes no direct messages from the bot.",
    50278: "The bot and this person share no server.",
    10013: "Discord does not know this person any more.",
    50033: "Discord does not know this person any more.",
}
"""Source: Discord's reference, "JSON error codes"; 50278 since March 2026."""


class DiscordDirectMessages:
    """Writes to people on Discord. Signs in when the first message is sent."""

    platform = PLATFORM

    def __init__(self, token: str, endpoints: Endpoints) -> None:
        self._token = token
        self._endpoints = endpoints
        self._client: discord.Client | None = None
        self._signing_in = asyncio.Lock()

    async def __aenter__(self) -> "DiscordDirectMessages":
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._client is not None:
            await self._client.close()

    async def send(self, external_id: str, reply: Reply, nonce: str) -> None:
        """Send one message; Discord drops a second one of the same nonce within a few minutes."""
        try:
            async with asyncio.timeout(_SEND_S):
                client = await self._sign_in()
                channel = await client.create_dm(discord.Object(int(external_id)))
                message = make_message(await render_reply(reply, Words()))
                await channel.send(**message, nonce=nonce)
        except discord.RateLimited as error:
            raise UnavailableError(
                "Discord asks for a pause.", retry_after_s=error.retry_after
            ) from error
        except discord.LoginFailure as error:
            raise UnavailableError("Discord does not accept the bot's token.") from error
        except discord.HTTPException as error:
            raise _explain(error) from error
        except (aiohttp.ClientError, OSError) as error:
            raise UnavailableError("Discord cannot be reached.") from error

    async def _sign_in(self) -> discord.Client:
        """Return a client that is signed in, the same one each time."""
        async with self._signing_in:
            if self._client is not None:
                return self._client
            use_endpoints(self._endpoints)
            client = discord.Client(
                intents=discord.Intents(guilds=True),
                allowed_mentions=discord.AllowedMentions.none(),
                max_ratelimit_timeout=_LONGEST_WAIT_S,
            )
            try:
                await client.login(self._token)
            except BaseException:
                await client.close()
                raise
            self._client = client
            return client


def _explain(error: discord.HTTPException) -> UndeliverableError | UnavailableError:
    """Tell what is final from what may pass."""
    if error.code in _NEVER:
        return UndeliverableError(_NEVER[error.code])
    if error.status == 400:
        return UndeliverableError(f"Discord does not take this message: {error.text}.")
    if error.status == 429:
        pause = error.response.headers.get("Retry-After")
        return UnavailableError("Discord asks for a pause.", retry_after_s=float(pause or 60))
    return UnavailableError(f"Discord answers with {error.status}.")
