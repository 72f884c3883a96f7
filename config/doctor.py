"""What `trainyard doctor` looks at: each dependency is used, and what fails says what to do about it."""

import asyncio
import importlib.util
import os
import shutil
import stat
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.redis_server import find_program
from config.doors import Door, make_doors
from config.messengers import make_conversation
from config.probing import list_checks
from config.settings import Settings
from config.sign_in import Way, list_ways
from config.signing import open_signer
from config.wiring import load_offerings, open_studio
from core.errors import TrainyardError, UnavailableError
from core.studio import Studio
from worker.device import ask, read_device

_ANSWER_S = 20.0
_CAN_CUDA = "import torch as t; print('' if t.cuda.is_available() else f'torch {t.__version__} cannot use it')"
_LOW_BYTES = 5 * 1024**3


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: how it is, and what to do when it is not well."""

    what: str
    text: str
    advice: str = ""

    @property
    def is_well(self) -> bool:
        return not self.advice


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything; one thing that is broken keeps no other from being looked at."""
    found = [await look(settings) for look in (_look_at_disk, _look_at_key, _look_at_catalogue)]
    found += [await _look_at_models(settings), await _look_at_torch(settings)]
    found += await examine_ways(settings)
    try:
        async with open_studio(settings) as studio:
            found += await _look_at_services(settings, studio)
            found += await _look_at_doors(settings, studio)
    except TrainyardError as error:
        found.append(
            Finding("stores", error.message, "Mend that first; nothing else can be asked.")
        )
    return found


async def _look_at_disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data_folder).free
    text = f"{settings.data_folder.resolve()}, {free / 1e9:.0f} GB free"
    if free < settings.keep_free_bytes:
        return Finding(
            "data folder", text, "Uploads are refused now: free space, or set TRAINYARD_S3_BUCKET."
        )
    if free < _LOW_BYTES:
        return Finding(
            "data folder", text, "Little is left; trainings and their caches need a few GB."
        )
    return Finding("data folder", text)


async def _look_at_key(settings: Settings) -> Finding:
    try:
        text = f"{open_signer(settings).public_key} (public)"
    except TrainyardError as error:
        return Finding("signing key", error.message, "Bring signing.key back from a backup.")
    file = settings.signing_key_file
    if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
        return Finding("signing key", text, f"Others can read it: chmod 600 {file}")
    return Finding("signing key", text)


async def _look_at_catalogue(settings: Settings) -> Finding:
    try:
        offerings = load_offerings(settings).list_all()
    except TrainyardError as error:
        return Finding(
            "offerings", error.message, "Mend that line, or unset the setting of the file."
        )
    return Finding("offerings", ", ".join(offering.id for offering in offerings))


async def _look_at_models(settings: Settings) -> Finding:
    """Look whether folders and files of base models are there; hub ids are fetched when needed."""
    try:
        models = load_offerings(settings).list_base_models()
    except TrainyardError as error:
        return Finding("base models", error.message, "Mend the catalogue.")
    wanted = [model for model in models if model.family in settings.worker_families]
    local = [model for model in wanted if model.source.startswith("/")]
    lost = await asyncio.to_thread(_list_lost, [model.source for model in local])
    text = ", ".join(f"{model.id} ({model.source})" for model in wanted)
    if lost:
        return Finding("base models", text, f"Not there: {', '.join(lost)}")
    return Finding("base models", text)


def _list_lost(places: Sequence[str]) -> list[str]:
    return [place for place in places if not Path(place).exists()]


async def _look_at_torch(settings: Settings) -> Finding:
    kinds, families = ", ".join(settings.worker_kinds), ", ".join(settings.worker_families)
    text = f"takes {kinds} for {families}"
    if importlib.util.find_spec("torch") is None:
        return Finding("worker", "no torch here: this machine serves and does not train")
    device = await read_device(os.environ.get("CUDA_VISIBLE_DEVICES"))
    if device.gpu is None:
        memory = f"{device.memory_gb} GB of memory"
        return Finding("worker", f"{text}, on the CPU ({memory}): no NVIDIA driver answers")
    text = f"{text}, with {device.gpu.name} ({device.memory_gb} GB)"
    if obstacle := await _ask_torch():
        advice = f"{obstacle}, so it would compute on the CPU: install torch for CUDA"
        return Finding("worker", text, f"{advice} (docs/guides/production.md).")
    return Finding("worker", text)


async def _ask_torch() -> str:
    """Ask torch, in a process of its own, what keeps it from the GPU; nothing does: an empty text."""
    try:
        code, said = await ask((sys.executable, "-c", _CAN_CUDA), _ANSWER_S)
    except TimeoutError:
        return f"torch did not answer within {_ANSWER_S:.0f} s"
    return "torch cannot be loaded" if code else said.strip()


_ADVICE = {
    "database": "Look at TRAINYARD_MONGODB_URL, or at who owns the data folder.",
    "blobs": "Look at TRAINYARD_S3_… and the bucket's rights, or at who owns the data folder.",
    "redis": "Set TRAINYARD_REDIS_URL, or start Redis: `trainyard redis` runs this folder's own.",
}


async def _look_at_services(settings: Settings, studio: Studio) -> list[Finding]:
    checks = list_checks(studio)
    if settings.runs_own_redis and not settings.redis_socket.exists():
        del checks["redis"]
    found = [await _try(name, check) for name, check in checks.items()]
    if "redis" not in checks:
        found.append(_find_redis())
    stop = await studio.reconciler.find_stop()
    if stop is not None:
        found.append(
            Finding("ledger", f"spending is stopped: {stop.reason}", "trainyard reconcile")
        )
    return found


def _find_redis() -> Finding:
    try:
        return Finding("redis", f"not running now; `trainyard up` starts {find_program()}")
    except TrainyardError as error:
        return Finding("redis", error.message, "Install redis-server, or set TRAINYARD_REDIS_URL.")


async def _try(name: str, check: Callable[[], Awaitable[None]]) -> Finding:
    try:
        async with asyncio.timeout(_ANSWER_S):
            await check()
    except TimeoutError:
        return Finding(name, f"no answer within {_ANSWER_S:.0f} s", _ADVICE[name])
    except TrainyardError as error:
        return Finding(name, error.message, _ADVICE[name])
    return Finding(name, "used just now, and well")


async def _look_at_doors(settings: Settings, studio: Studio) -> list[Finding]:
    doors = make_doors(settings, studio, make_conversation(settings, studio))
    if not doors:
        text = "none: set TRAINYARD_DISCORD_TOKEN or TRAINYARD_TELEGRAM_TOKEN, see docs/guides"
        return [Finding("chat", text)]
    return [finding for door in doors for finding in await _ask(door)]


async def examine_ways(settings: Settings) -> list[Finding]:
    """Look at the platforms by which people sign in; each says its redirect address, to be registered."""
    ways = list_ways(settings)
    if not ways:
        text = "by links alone; for Discord and Telegram see docs/guides/operating.md"
        return [Finding("signing in", text)]
    return [finding for way in ways for finding in await _ask_way(way)]


async def _ask_way(way: Way) -> list[Finding]:
    name, address = f"by {way.platform}", f"they come back to {way.client.redirect_uri}"
    problems = way.find_mistakes() or await _list_problems(way.provider.inspect)
    return [Finding(name, address, problem) for problem in problems] or [Finding(name, address)]


async def _ask(door: Door) -> Sequence[Finding]:
    problems = await _list_problems(door.inspect)
    if not problems:
        return [Finding(door.name, "all is well")]
    return [Finding(door.name, "something is wrong", problem) for problem in problems]


async def _list_problems(inspect: Callable[[], Awaitable[list[str]]]) -> list[str]:
    try:
        async with asyncio.timeout(_ANSWER_S):
            return await inspect()
    except TimeoutError:
        return ["It did not answer in time. Is this machine online?"]
    except UnavailableError as error:
        return [error.message]
