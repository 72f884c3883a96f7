"""Generations that all pay one popular creator, against generations that pay a creator each."""

import asyncio
import time
from statistics import median

from config.environment import OwnSettings
from config.wiring import open_studio
from core.royalties.records import Part
from core.royalties.shares import sum_by_payee
from core.studio import Studio
from tests.bench.figures import Effort, Reading
from tests.bench.turns import compare
from tests.bench.yard import make_folder

_WRITERS = 8
_CHARGE = 10
_ROYALTY = 2


async def measure(effort: Effort) -> dict[str, Reading]:
    count = effort.royalty_generations
    with make_folder() as folder:
        async with open_studio(OwnSettings(data_folder=folder)) as studio:
            for writer in range(_WRITERS):
                points = _CHARGE * count * 2 * (effort.royalty_turns + 1)
                await studio.points.grant(f"ac_payer{writer}", points, "start", "to measure with")
            await _generate(studio, "warm-up", count, creators=_WRITERS)
            taken_s = {creators: list[float]() for creators in (1, _WRITERS)}
            for turn in range(effort.royalty_turns):
                for creators in sorted(taken_s, reverse=turn % 2 == 1):  # neither is always second
                    name = f"{turn}-{creators}"
                    took_s = await _generate(studio, name, count, creators=creators)
                    taken_s[creators].append(took_s)
    ratio, spread = compare(taken_s[_WRITERS], taken_s[1])
    one, eight = (_WRITERS * count / median(turns_s) for turns_s in taken_s.values())
    note = f"{one:.0f} against {eight:.0f} generations/s; {spread}"
    return {"royalties.hot_creator_ratio": Reading(ratio, note)}


async def _generate(studio: Studio, turn: str, count: int, *, creators: int) -> float:
    """Let all writers generate at the same time and return the seconds."""
    began_s = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for writer in range(_WRITERS):
            group.create_task(_write(studio, f"{turn}-{writer}", count, writer, writer % creators))
    return time.perf_counter() - began_s


async def _write(studio: Studio, turn: str, count: int, writer: int, creator: int) -> None:
    payer = f"ac_payer{writer}"
    parts = [
        Part(model="md_bench", training="jb_bench", payee=f"ac_creator{creator}", points=_ROYALTY)
    ]
    for number in range(count):
        ref = f"jb_{turn}-{number}"
        await studio.points.hold(payer, ref, _CHARGE, "measured")
        await studio.points.settle(payer, ref, _CHARGE, "measured", sum_by_payee(parts))
        await studio.royalties.accrue(ref, payer, parts)
