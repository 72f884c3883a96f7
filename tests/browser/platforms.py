"""The platforms that people sign in by, served beside the browser in a thread of their own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.fake_identity.discord import Discord
from tests.fake_identity.platform import CLIENT_ID, CLIENT_SECRET, serve
from tests.fake_identity.telegram import Telegram


@dataclass
class Platforms:
    """Both, at another site than Trainyard's: browsers tell `localhost` and `127.0.0.1` apart."""

    discord: Discord
    telegram: Telegram

    @property
    def settings(self) -> dict[str, str]:
        """What Trainyard must be told of them."""
        return {
            "TRAINYARD_DISCORD_CLIENT_ID": CLIENT_ID,
            "TRAINYARD_DISCORD_CLIENT_SECRET": CLIENT_SECRET,
            "TRAINYARD_DISCORD_SIGN_IN_URL": self.discord.url,
            "TRAINYARD_TELEGRAM_CLIENT_ID": CLIENT_ID,
            "TRAINYARD_TELEGRAM_CLIENT_SECRET": CLIENT_SECRET,
            "TRAINYARD_TELEGRAM_SIGN_IN_URL": self.telegram.url,
        }


@contextmanager
def serve_both() -> Iterator[Platforms]:
    """Serve both until the block ends."""
    platforms, ready = Platforms(Discord(), Telegram()), threading.Event()
    loop, ending = asyncio.new_event_loop(), asyncio.Event()

    async def run() -> None:
        async with serve(platforms.discord, "localhost"), serve(platforms.telegram, "localhost"):
            ready.set()
            await ending.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield platforms
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join(60)
        loop.close()
