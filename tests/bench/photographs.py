"""Two hundred photographs sent to the web server, against Pillow alone making the same pictures of them."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import aiohttp
import numpy as np

from config.wiring import open_studio
from tests.bench.figures import Effort, Reading
from tests.bench.intake import convert
from tests.bench.people import make_dataset, meet
from tests.bench.pictures import LARGE_PX, MEDIUM_PX, make_photograph
from tests.bench.turns import compare
from tests.bench.uploads import upload
from tests.bench.yard import open_yard

_AT_ONCE = 3
"""As many as the page sends (adapters/web/static/lib/uploads.js)."""
_LARGE_EVERY = 5


async def measure(effort: Effort) -> dict[str, Reading]:
    ours_s, bare_s = list[float](), list[float]()
    async with open_yard() as yard:
        async with open_studio(yard.settings) as studio:
            person = await meet(studio)
            dataset = await make_dataset(studio, person, pictures=0)
        await yard.serve()
        sandboxes = yard.settings.image_sandboxes
        connector = aiohttp.TCPConnector(limit=_AT_ONCE)
        with ProcessPoolExecutor(sandboxes) as pool:
            async with aiohttp.ClientSession(
                headers=person.headers, connector=connector
            ) as session:
                url = f"{yard.url}datasets/{dataset}/images"
                for bodies in _make_turns(effort):
                    began_s = time.monotonic()
                    await asyncio.gather(*(upload(session, url, body) for body in bodies))
                    ours_s.append(time.monotonic() - began_s)
                    began_s = time.monotonic()
                    await asyncio.to_thread(lambda some: list(pool.map(_convert, some)), bodies)
                    bare_s.append(time.monotonic() - began_s)
    ratio, spread = compare(bare_s, ours_s)
    count = effort.photographs
    note = (
        f"{count} photographs, one in {_LARGE_EVERY} of 12 megapixels: {count / sum(ours_s):.1f} against "
        f"{count / sum(bare_s):.1f} images/s by {sandboxes} processes; {spread}"
    )
    return {"web.upload_ratio": Reading(ratio, note)}


def _make_turns(effort: Effort) -> Iterator[list[bytes]]:
    """Make the photographs of each turn, each another one."""
    rng = np.random.default_rng(5)
    turns = max(2, effort.photographs // 40)
    for _ in range(turns):
        count = effort.photographs // turns
        sizes = [MEDIUM_PX if index % _LARGE_EVERY else LARGE_PX for index in range(count)]
        yield [make_photograph(size, rng) for size in sizes]


def _convert(body: bytes) -> None:
    convert(body)
