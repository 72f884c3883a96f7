"""Resolving prompts over many public models, and over a tenth of them."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.documents import SqliteDocuments
from config.environment import OwnSettings
from config.wiring import open_studio
from core.accounts.records import Principal, Role
from core.jobs.records import StoredFile
from core.models.records import ModelAccess, Provenance, TrainedModel
from core.studio import Studio
from tests.bench.figures import Effort, Reading
from tests.bench.turns import compare
from tests.bench.yard import make_folder

WORDS = 200
_PROMPTS = 40
_BROUGHT_IN = 4
"""Trigger words in each prompt."""
_AT_ONCE = 500
_START = datetime(2026, 1, 1, tzinfo=UTC)
_PLAIN = ("a", "photo", "of", "the", "red", "house", "on", "hill", "with", "trees,", "old", "man")
_READER = Principal(account="ac_reader", role=Role.MEMBER)


async def measure(effort: Effort) -> dict[str, Reading]:
    many, few = effort.resolution_models, max(1, effort.resolution_models // 10)
    with make_folder() as folder:
        async with (
            _open(folder / "many", many) as over_many,
            _open(folder / "few", few) as over_few,
        ):
            many_ms, few_ms = list[float](), list[float]()
            for turn in range(effort.resolution_turns):
                many_ms.append(await _resolve(over_many, many, turn))
                few_ms.append(await _resolve(over_few, few, turn))
    growth, spread = compare(many_ms, few_ms)
    return {
        "resolution.ms": Reading(
            median(many_ms), f"{many} models, {WORDS} words; slowest turn {max(many_ms):.2f} ms"
        ),
        "resolution.growth": Reading(
            growth, f"{median(many_ms):.2f} against {median(few_ms):.2f} ms over {few}; {spread}"
        ),
    }


@asynccontextmanager
async def _open(folder: Path, models: int) -> AsyncIterator[Studio]:
    """Open a studio with so many public models, whose trigger map was read once."""
    settings = _make_settings(folder)
    async with SqliteDatabase(settings.database_file) as database:
        documents = await SqliteDocuments.open(database, TrainedModel)
        for start in range(0, models, _AT_ONCE):
            numbers = range(start, min(start + _AT_ONCE, models))
            await asyncio.gather(*(documents.insert(make_model(n)) for n in numbers))
    async with open_studio(settings) as studio:
        await studio.trigger_map.note("md_bench")
        await studio.resolver.resolve(_READER, "warm", "tiny")
        yield studio


def _make_settings(folder: Path) -> OwnSettings:
    folder.mkdir()
    return OwnSettings(data_folder=folder)


def make_model(number: int) -> TrainedModel:
    """Make a public model with a word and a phrase, a fifth of them with the same first word."""
    at = _START + timedelta(seconds=number)
    return TrainedModel(
        id=f"md_{number:016d}",
        created_at=at,
        updated_at=at,
        owner=f"ac_{number % 100}",
        name=f"model {number}",
        slug=f"model-{number}",
        family="tiny",
        trigger_words=(
            f"word{number}x",
            f"{'studio' if number % 5 == 0 else f'z{number}'} q{number}",
        ),
        access=ModelAccess.PUBLIC,
        files=(
            StoredFile(
                name="lora.safetensors", key="k", sha256="", bytes=1, content_type="x/octet-stream"
            ),
        ),
        samples=(),
        provenance=Provenance(
            job="jb_0",
            dataset="ds_0",
            snapshot_digest="",
            offering="tiny-lora",
            base_model="tiny_sd",
            steps=1,
            seed=1,
        ),
    )


async def _resolve(studio: Studio, models: int, turn: int) -> float:
    """Resolve prompts through the service, its read of the map's record included; return the ms a prompt."""
    chance = random.Random(turn)
    prompts = [_write(chance, models) for _ in range(_PROMPTS)]
    began_s = time.perf_counter()
    for prompt in prompts:
        resolution = await studio.resolver.resolve(_READER, prompt, "tiny")
        assert resolution.models
    return (time.perf_counter() - began_s) * 1000 / len(prompts)


def _write(chance: random.Random, models: int) -> str:
    words = [chance.choice(_PLAIN) for _ in range(WORDS - _BROUGHT_IN - 1)]
    words += [f"word{chance.randrange(models)}x" for _ in range(_BROUGHT_IN - 1)]
    words += ["studio", f"(word{chance.randrange(models)}x:0.7),"]
    chance.shuffle(words)
    return " ".join(words)
