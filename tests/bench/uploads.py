"""Whether the web server's memory grows with the pictures that are uploaded to it."""

import aiohttp

from config.wiring import open_studio
from tests.bench.figures import Effort, Reading
from tests.bench.people import make_dataset, meet
from tests.bench.pictures import make_small
from tests.bench.turns import read_memory_mb
from tests.bench.yard import open_yard


async def measure(effort: Effort) -> dict[str, Reading]:
    async with open_yard() as yard:
        async with open_studio(yard.settings) as studio:
            person = await meet(studio)
            dataset = await make_dataset(studio, person, pictures=0)
        server = await yard.serve()
        sizes_mb = [read_memory_mb(server, "VmRSS")]
        async with aiohttp.ClientSession(headers=person.headers) as session:
            for body in make_small(effort.uploads, seed=3):
                await upload(session, f"{yard.url}datasets/{dataset}/images", body)
                sizes_mb.append(read_memory_mb(server, "VmRSS"))
    growth_mb = sizes_mb[effort.uploads] - sizes_mb[effort.uploads_before]
    note = (
        f"{sizes_mb[0]:.0f} MB at the start, {sizes_mb[effort.uploads_before]:.0f} after "
        f"{effort.uploads_before} pictures, {sizes_mb[-1]:.0f} after {effort.uploads}, "
        f"{max(sizes_mb):.0f} at most"
    )
    return {"intake.memory_growth_mb": Reading(growth_mb, note)}


async def upload(session: aiohttp.ClientSession, url: str, body: bytes) -> None:
    """Send a picture into a dataset. Raises RuntimeError when it is not taken."""
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("files", body, filename="picture.jpg", content_type="image/jpeg")
    async with session.post(url, data=form) as answer:
        answer.raise_for_status()
        outcome = (await answer.json())["files"][0]["outcome"]
        if outcome != "added":
            raise RuntimeError(f"a picture was not taken in: {outcome}")
