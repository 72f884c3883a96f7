"""A picture's way into a dataset against what Pillow alone needs for the same work, in CPU seconds."""

import io
import time
from dataclasses import dataclass
from statistics import median

import psutil
from PIL import Image

from adapters.images.decoding import KEPT_SIDE_PX, THUMBNAIL_SIDE_PX
from config.environment import OwnSettings
from config.wiring import open_studio
from core.datasets.intake import NewImage
from core.studio import Studio
from tests.bench.figures import Effort, Reading
from tests.bench.people import Person, meet, stream
from tests.bench.pictures import make_mixture
from tests.bench.turns import compare
from tests.bench.yard import make_folder


@dataclass
class Spent:
    """What one side used in a turn."""

    cpu_s: float = 0.0
    wall_s: float = 0.0


async def measure(effort: Effort) -> dict[str, Reading]:
    bodies = make_mixture(seed=2, large=effort.large_pictures)
    turns = []
    with make_folder() as folder:
        settings = OwnSettings(data_folder=folder, image_sandboxes=1)
        async with open_studio(settings) as studio:
            person = await meet(studio)
            await _take_turn(studio, person, bodies[-1:])  # starts the sandbox
            for _ in range(effort.image_turns):
                turns.append(await _take_turn(studio, person, bodies))
    ratio, spread = compare([bare.cpu_s for _, bare in turns], [ours.cpu_s for ours, _ in turns])
    wall, _ = compare([bare.wall_s for _, bare in turns], [ours.wall_s for ours, _ in turns])
    ours, bare = (len(bodies) / median(turn[side].cpu_s for turn in turns) for side in (0, 1))
    note = f"{ours:.1f} against {bare:.1f} images/s a core; {spread}; by the clock {wall:.2f}"
    return {"intake.image_ratio": Reading(ratio, note)}


async def _take_turn(studio: Studio, person: Person, bodies: list[bytes]) -> tuple[Spent, Spent]:
    """Take each picture in and then do the same by Pillow; the sandbox rests meanwhile."""
    ours, bare = Spent(), Spent()
    dataset = (await studio.datasets.create(person.principal, "turn")).id
    before_s = _get_children_cpu_s()
    for body in bodies:
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        await studio.intake.add_image(person.principal, dataset, stream(body), NewImage())
        ours.cpu_s += time.process_time() - cpu_s
        ours.wall_s += time.perf_counter() - wall_s
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        convert(body)
        bare.cpu_s += time.process_time() - cpu_s
        bare.wall_s += time.perf_counter() - wall_s
    ours.cpu_s += _get_children_cpu_s() - before_s
    return ours, bare


def convert(body: bytes) -> tuple[bytes, bytes]:
    """Make the picture and the thumbnail that intake keeps, by Pillow alone."""
    with Image.open(io.BytesIO(body)) as image:
        lossless = image.format == "PNG"
        image.thumbnail((KEPT_SIDE_PX, KEPT_SIDE_PX), Image.Resampling.LANCZOS, reducing_gap=3.0)
        picture, small = io.BytesIO(), io.BytesIO()
        if lossless:
            image.save(picture, "PNG", compress_level=3)
        else:
            image.save(picture, "JPEG", quality=95, subsampling=0)
        image.thumbnail((THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX), Image.Resampling.BILINEAR)
        image.save(small, "WEBP", quality=80, method=2)
    return picture.getvalue(), small.getvalue()


def _get_children_cpu_s() -> float:
    """Add up what our child processes have used, those that ended included."""
    process = psutil.Process()
    ended = process.cpu_times()
    alive = [child.cpu_times() for child in process.children(recursive=True)]
    used = sum(times.user + times.system for times in alive)
    return float(used + ended.children_user + ended.children_system)
