"""Two common requests against a handler that only sends the same bytes, each from a server process of its own."""

import time
from statistics import median

import aiohttp

from config.processes import find_free_port
from config.wiring import open_studio
from tests.bench.figures import Effort, Reading
from tests.bench.people import Person, make_dataset, make_order, meet
from tests.bench.turns import compare
from tests.bench.yard import Yard, open_yard, wait_for_http

_DATASETS = 20


async def measure(effort: Effort) -> dict[str, Reading]:
    async with open_yard() as yard:
        person, dataset = await _prepare(yard)
        await yard.serve()
        async with aiohttp.ClientSession(headers=person.headers) as session:
            training = await _submit(session, yard, dataset)
            ours = [f"{yard.url}datasets", f"{yard.url}trainings/{training}"]
            bare = await _serve_bare(yard, [await _get(session, url) for url in ours])
            found = [
                await _compare(session, mine, other, effort)
                for mine, other in zip(ours, bare, strict=True)
            ]
    worst = max(value for value, _ in found)
    parts = [f"{name}: {note}" for name, (_, note) in zip(("list", "one"), found, strict=True)]
    return {"http.list_ratio": Reading(worst, "; ".join(parts))}


async def _prepare(yard: Yard) -> tuple[Person, str]:
    """Make twenty datasets, and return who has them and the one with pictures."""
    async with open_studio(yard.settings) as studio:
        person = await meet(studio)
        for index in range(_DATASETS - 1):
            description = "Pictures taken on a walk, all by the same camera."
            await studio.datasets.create(person.principal, f"dataset {index}", description)
        return person, await make_dataset(studio, person)


async def _submit(session: aiohttp.ClientSession, yard: Yard, dataset: str) -> str:
    headers = {"Idempotency-Key": "bench"}
    order = make_order(dataset, steps=100)
    async with session.post(f"{yard.url}trainings", json=order, headers=headers) as answer:
        answer.raise_for_status()
        return str((await answer.json())["id"])


async def _serve_bare(yard: Yard, bodies: list[bytes]) -> list[str]:
    """Start the bare server for these bodies and return their addresses."""
    files = []
    for index, body in enumerate(bodies):
        file = yard.settings.data_folder / f"answer-{index}.json"
        file.write_bytes(body)
        files.append(str(file))
    port = find_free_port()
    await yard.start("tests.bench.bare_http", str(port), *files)
    urls = [f"http://127.0.0.1:{port}/{index}" for index in range(len(bodies))]
    await wait_for_http(urls[0])
    return urls


async def _compare(
    session: aiohttp.ClientSession, ours: str, bare: str, effort: Effort
) -> tuple[float, str]:
    """Ask both in turns, and compare the turns' median times."""
    ours_s, bare_s = list[float](), list[float]()
    for turn in range(effort.http_turns + 1):
        mine = await _time(session, ours, effort.http_turn_requests)
        other = await _time(session, bare, effort.http_turn_requests)
        if turn:  # the first one warms both up
            ours_s.append(mine)
            bare_s.append(other)
    ratio, spread = compare(ours_s, bare_s)
    times = f"{median(ours_s) * 1000:.2f} against {median(bare_s) * 1000:.2f} ms"
    return ratio, f"{ratio:.2f}, {times}, {spread}"


async def _time(session: aiohttp.ClientSession, url: str, requests: int) -> float:
    took_s = []
    for _ in range(requests):
        began_s = time.perf_counter()
        await _get(session, url)
        took_s.append(time.perf_counter() - began_s)
    return median(took_s)


async def _get(session: aiohttp.ClientSession, url: str) -> bytes:
    async with session.get(url) as answer:
        answer.raise_for_status()
        return await answer.read()
