"""The Python of docs/guides/api.md, run as it stands there."""

import asyncio
import re
from pathlib import Path
from typing import Any

from adapters.client import TrainyardClient
from adapters.client.models import GenerationView
from core.studio import Studio
from tests.adapters.client.conftest import find_url
from tests.adapters.web.conftest import WEIGHTS, Api, draw, end_drawing, keep

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guides" / "api.md"
(PROGRAM,) = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)


def read_guide() -> dict[str, Any]:  # Any: the guide's functions
    names: dict[str, Any] = {}
    exec(compile(PROGRAM, str(GUIDE), "exec"), names)  # noqa: S102  # our own guide
    return names


async def complete(studio: Studio) -> None:
    """Train what is bought, as a worker does."""
    job = None
    while job is None:
        await asyncio.sleep(0.05)
        job = await studio.leases.claim("worker-1", frozenset({"tiny"}))
    job = await studio.leases.start_finishing(await studio.leases.start_running(job))
    weights = await keep(studio, job, "lora.safetensors", WEIGHTS)
    await studio.leases.complete(job, (weights,))


async def test_the_three_uses_of_the_guide(
    trainyard: TrainyardClient, ada: Api, studio: Studio, folder: Path, tmp_path: Path
) -> None:
    guide, url, file = read_guide(), find_url(ada), tmp_path / "cat.safetensors"
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        group.create_task(complete(studio))
        group.create_task(guide["train"](url, ada.token, folder, file))
    assert file.read_bytes() == WEIGHTS
    (model,) = await trainyard.list_models().collect()
    prompt = "a photo of (mycat:0.8)"
    told = await guide["resolve"](url, ada.token, prompt, model.family, tmp_path)
    assert f"<lora:{model.slug}:0.8>" in told
    assert (tmp_path / f"{model.slug}.safetensors").read_bytes() == WEIGHTS
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        group.create_task(guide["generate"](url, ada.token, tmp_path))
        ordered: list[GenerationView] = []
        while not ordered:
            await asyncio.sleep(0.05)
            ordered = await trainyard.list_generations().collect()
        await end_drawing(studio, await draw(studio, 4))
    assert all((tmp_path / f"{n}.png").exists() for n in range(1, 5))
