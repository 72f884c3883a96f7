"""The loss history: chunked, in order, without gaps or doubles, whoever writes it."""

import asyncio

from core.jobs.metrics import CHUNK_POINTS, Losses
from tests.core.yard import Yard


async def read(yard: Yard) -> list[int]:
    chunks = await yard.stores.losses.find({"job": "jb_a"}, order="index")
    assert all(len(chunk.points) <= CHUNK_POINTS for chunk in chunks)
    return [point[0] for chunk in chunks for point in chunk.points]


def make(first: int, last: int) -> list[tuple[int, float, float]]:
    return [(step, 1 / step, 0.1) for step in range(first, last + 1)]


async def test_points_fill_chunks_and_a_repetition_adds_nothing(yard: Yard) -> None:
    losses = yard.studio.losses
    await losses.append("jb_a", make(1, 1300))
    await losses.append("jb_a", make(1200, 1301))
    assert await read(yard) == list(range(1, 1302))


async def test_a_rewind_forgets_what_lies_behind_it(yard: Yard) -> None:
    losses = yard.studio.losses
    await losses.append("jb_a", make(1, 1300))
    await losses.rewind("jb_a", 700)
    assert await read(yard) == list(range(1, 701))
    await losses.append("jb_a", make(701, 1100))
    assert await read(yard) == list(range(1, 1101))
    await losses.rewind("jb_a", 0)
    assert await read(yard) == []


async def test_two_writers_at_once_lose_nothing(yard: Yard) -> None:
    other = Losses(yard.stores.losses, yard.clock)
    for first in range(1, 1501, 150):
        await asyncio.gather(
            yard.studio.losses.append("jb_a", make(first, first + 149)),
            other.append("jb_a", make(first, first + 149)),
        )
    assert await read(yard) == list(range(1, 1501))


async def test_validation_losses_stand_with_their_steps_and_are_forgotten_with_them(
    yard: Yard,
) -> None:
    losses = yard.studio.losses
    await losses.append("jb_a", make(1, 1300))
    await losses.append_validation("jb_a", [(100, 0.5), (600, 0.4), (1200, 0.3)])
    await losses.append_validation("jb_a", [(600, 9.0), (700, float("nan")), (5000, 0.1)])
    chunks = await yard.stores.losses.find({"job": "jb_a"}, order="index")
    assert [chunk.validation for chunk in chunks] == [((100, 0.5),), ((600, 0.4),), ((1200, 0.3),)]
    await losses.rewind("jb_a", 800)
    chunks = await yard.stores.losses.find({"job": "jb_a"}, order="index")
    assert [chunk.validation for chunk in chunks] == [((100, 0.5),), ((600, 0.4),)]
