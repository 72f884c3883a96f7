"""Two hundred people who talk to the bot on Telegram at once: a server's process, and theirs."""

import asyncio
import random
import time
from statistics import median, quantiles

from tests.adapters.telegram.chats import TOKEN
from tests.adapters.telegram.fake import FakeTelegram
from tests.adapters.telegram.people import Somebody, read
from tests.bench.figures import Effort, Reading
from tests.bench.yard import open_yard

_PAUSE_S = (2.0, 4.0)
"""How long somebody reads before they go on; also when each of them begins."""


async def measure(effort: Effort) -> dict[str, Reading]:
    async with FakeTelegram().serve() as fake, open_yard() as yard:
        await yard.serve(telegram_token=TOKEN, telegram_api_url=fake.url, welcome_points="10")
        await fake.wait_for("getUpdates", 1)
        people = [Somebody(fake, 1000 + n, f"Person {n}") for n in range(effort.people)]
        async with asyncio.TaskGroup() as group:
            talks = [group.create_task(_talk(person, effort.rounds)) for person in people]
    waits_s = sorted(wait_s for talk in talks for wait_s in talk.result())
    p99_s = quantiles(waits_s, n=100, method="inclusive")[98]
    note = (
        f"{len(waits_s)} answers to {len(people)} people, median {median(waits_s) * 1000:.0f} ms, "
        f"slowest {waits_s[-1]:.2f} s, none lost"
    )
    return {"bots.telegram_p99_s": Reading(p99_s, note)}


async def _talk(person: Somebody, rounds: int) -> list[float]:
    """Talk for some rounds, and return how long each answer took. Raises when one is lost or wrong."""
    rng = random.Random(person.me["id"])
    waits_s: list[float] = []

    async def ask(text: str, expected: str) -> None:
        await asyncio.sleep(rng.uniform(*_PAUSE_S) if waits_s else rng.uniform(0, _PAUSE_S[0]))
        began_s = time.perf_counter()
        answer = await person.ask(text)
        waits_s.append(time.perf_counter() - began_s)
        if expected not in read(answer):
            raise AssertionError(f"{text!r} was answered by {read(answer)!r}")

    await ask("/start", "Welcome")
    for number in range(rounds):
        await ask("/dataset_create", "What shall it be called?")
        await ask(f"Set {number}", f"“Set {number}” is ready")
        await ask("/points", "10 points")
    listed = await person.ask("/dataset_list")
    if not all(f"Set {number}" in read(listed) for number in range(rounds)):
        raise AssertionError(f"a dataset is lost: {read(listed)}")
    return waits_s
