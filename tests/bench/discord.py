"""Two hundred people who talk with the bot at once, on a local Discord; the server is a process of its own."""

import asyncio
import random
import time
from collections.abc import Awaitable
from statistics import median, quantiles
from typing import TypeVar

from tests.bench.figures import Effort, Reading
from tests.bench.yard import open_yard
from tests.fake_discord.person import Person
from tests.fake_discord.server import API, TOKEN, Discord, open_discord
from tests.fake_discord.stage import flatten

T = TypeVar("T")
_FIRST = 1000
_CONNECT_S = 60.0


async def measure(effort: Effort) -> dict[str, Reading]:
    async with open_yard() as yard, open_discord() as discord:
        await yard.serve(
            discord_token=TOKEN,
            discord_api_url=discord.url + API,
            discord_gateway_url=discord.url.replace("http", "ws") + "/gateway",
            welcome_points="100",
        )
        async with asyncio.timeout(_CONNECT_S):
            await discord.connected.wait()
        talkers = [_Talker(discord, number, effort) for number in range(effort.talkers)]
        began_s = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for talker in talkers:
                group.create_task(talker.talk())
        took_s = time.monotonic() - began_s
    waits_s = [wait_s for talker in talkers for wait_s in talker.waits_s]
    p99_s = quantiles(waits_s, n=100, method="inclusive")[98]
    note = (
        f"{len(waits_s)} acts of {effort.talkers} people, {len(waits_s) / took_s:.0f} a second; "
        f"median {median(waits_s):.3f} s, worst {max(waits_s):.2f} s"
    )
    return {"bots.discord_p99_s": Reading(p99_s, note)}


class _Talker:
    """One person's conversation, and how long they waited for each answer."""

    def __init__(self, discord: Discord, number: int, effort: Effort) -> None:
        self._person = Person(discord, _FIRST + number)
        self._chance = random.Random(number)
        self._pause_s = effort.talker_pause_s
        self.waits_s: list[float] = []

    async def talk(self) -> None:
        """Make three datasets, delete one, and find exactly the other two. Raises AssertionError."""
        person = self._person
        await self._pause()
        assert "100 points" in flatten(await self._time(person.command("points")))
        for name in ("One", "Two"):
            made = await self._time(person.command("dataset create", name=name))
            assert f"“{name}” is ready" in flatten(made)
        form = await self._time(person.command("dataset create"))
        assert "is ready" in flatten(await self._time(person.submit("Three", form=form["form"])))
        offered = await self._time(person.complete("dataset show", "dataset", "Tw"))
        (two,) = [choice["value"] for choice in offered]
        shown = await self._time(person.command("dataset show", dataset=two))
        assert "This dataset is empty." in flatten(shown)
        sure = await self._time(person.command("dataset delete", dataset=two))
        assert "is deleted" in flatten(await self._time(person.press("Delete", sure)))
        kept = flatten(await self._time(person.command("dataset list")))
        assert "[Three]" in kept and "[One]" in kept and "[Two]" not in kept, kept

    async def _time(self, act: Awaitable[T]) -> T:
        began_s = time.monotonic()
        answer = await act
        self.waits_s.append(time.monotonic() - began_s)
        await self._pause()
        return answer

    async def _pause(self) -> None:
        """Read and type: half to one and a half times the pause."""
        await asyncio.sleep(self._pause_s * self._chance.uniform(0.5, 1.5))
