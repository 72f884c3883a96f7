"""Tells Discord which commands there are, only when they changed; apart because Discord counts such calls."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import discord
from discord import app_commands

from core.errors import RefusedError

_log = logging.getLogger(__name__)


async def sync_commands(
    tree: app_commands.CommandTree[Any], guilds: Sequence[int], memory: Path
) -> int:
    """Sync the tree, for these servers or for all, where `memory` does not say that Discord has it so.

    Returns how often it synced. Raises RefusedError when the bot may not have commands there.
    """
    known = await asyncio.to_thread(_read, memory)
    synced = 0
    places: list[discord.Object | None] = [discord.Object(guild) for guild in guilds]
    for guild in places or [None]:
        if guild is not None:
            tree.copy_global_to(guild=guild)
        digest = await _hash(tree, guild)
        key = f"{tree.client.application_id}:{guild.id if guild else 'everywhere'}"
        if known.get(key) == digest:
            continue
        try:
            commands = await tree.sync(guild=guild)
        except discord.Forbidden as error:
            raise RefusedError(
                f"The bot may not have commands in the server {guild.id if guild else ''} of "
                "TRAINYARD_DISCORD_GUILDS. Invite it there with the scope applications.commands."
            ) from error
        known[key] = digest
        synced += 1
        await asyncio.to_thread(_write, memory, known)
        _log.info("Discord has %d commands now", len(commands))
    return synced


async def _hash(tree: app_commands.CommandTree[Any], guild: discord.Object | None) -> str:
    assert tree.translator is not None
    payload = [
        await command.get_translated_payload(tree, tree.translator)
        for command in tree.get_commands(guild=guild)
    ]
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def _read(memory: Path) -> dict[str, str]:
    """Read what was synced; a file that is not there or not ours costs one sync."""
    try:
        known = json.loads(memory.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(memory: Path, known: dict[str, str]) -> None:
    memory.parent.mkdir(parents=True, exist_ok=True)
    beside = memory.with_suffix(".new")
    beside.write_text(json.dumps(known), "utf-8")
    beside.replace(memory)
