"""The process that an operator starts: `trainyard serve` with a token, and how it ends."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from config.processes import find_free_port
from config.settings import Settings
from tests.fake_discord.person import Person
from tests.fake_discord.server import API, TOKEN, Discord
from tests.fake_discord.stage import flatten

ROOT = Path(__file__).resolve().parents[3]


async def test_a_served_bot_talks_and_ends_within_five_seconds(
    discord: Discord, settings: Settings
) -> None:
    wanted = {
        "TRAINYARD_DATA_FOLDER": str(settings.data_folder),
        "TRAINYARD_REDIS_URL": settings.get_redis_url(),
        "TRAINYARD_HTTP_PORT": str(find_free_port()),
        "TRAINYARD_DISCORD_TOKEN": TOKEN,
        "TRAINYARD_DISCORD_API_URL": discord.url + API,
        "TRAINYARD_DISCORD_GATEWAY_URL": discord.url.replace("http", "ws") + "/gateway",
        "TRAINYARD_WELCOME_POINTS": "70",
    }
    command = [sys.executable, "-m", "config.cli", "serve"]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env={**os.environ, **wanted}, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60):
            await discord.connected.wait()
        mira = Person(discord)
        assert "You have 70 points" in flatten(await mira.command("points"))
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            _, logged = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, logged.decode()
    assert b"Traceback" not in logged and TOKEN.encode() not in logged
