"""`trainyard chat`: the bot in this terminal, on this machine's studio; starts what does not run yet."""

import asyncio
import locale as system_locale
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from adapters.arq_queue import ArqListener
from adapters.console.chat import Chat, Seat
from adapters.console.prompt import talk
from adapters.console.screen import Screen
from adapters.console.script import ScriptError, Terminal, play
from adapters.redis_server import RedisServer, wait_until_ready
from bots.catalogue import list_commands
from bots.conversation import Conversation
from config.logs import set_up_logging
from config.settings import Settings
from config.wiring import open_studio
from config.workplaces import make_workplace
from core.errors import TrainyardError, UnavailableError
from core.studio import Studio
from worker.tasks import Worker

_LOOK_S = 0.3


@dataclass(frozen=True)
class Talk:
    """What somebody asked `chat` to do."""

    name: str
    points: int
    out: Path
    locale: str
    script: Path | None = None


def chat(
    script: Annotated[
        Path | None, typer.Option(help="Play a conversation from this file, and end.")
    ] = None,
    name: Annotated[str, typer.Option(help="Who you are; the same as for `token`.")] = "me",
    points: Annotated[int, typer.Option(help="Points for a newcomer.")] = 500,
    out: Annotated[Path, typer.Option(help="Where pictures and models are written.")] = Path(
        "chat-output"
    ),
    language: Annotated[str, typer.Option(help="For a newcomer: en or de.")] = "",
) -> None:
    """Talk to the bot in this terminal; Redis and a worker are started when none runs."""
    settings = Settings()
    settings.data_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    set_up_logging(settings, settings.data_folder / "chat.log")
    wanted = Talk(name, points, out.resolve(), language or _find_locale(), script)
    try:
        asyncio.run(run_chat(settings, wanted))
    except (ScriptError, TrainyardError, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(1)


async def run_chat(settings: Settings, wanted: Talk) -> None:
    """Open a studio, and what it needs, and talk. Raises ScriptError."""
    screen = Screen(Console(highlight=False), wanted.out)
    text = wanted.script.read_text("utf-8") if wanted.script else None
    async with AsyncExitStack() as stack:
        if await start_redis(settings, stack):
            screen.whisper("Nothing runs here yet: starting Redis and a worker.")
            studio = await stack.enter_async_context(open_studio(settings))
            await stack.enter_async_context(embedded_worker(studio, settings))
        else:
            studio = await stack.enter_async_context(open_studio(settings))
        conversation = Conversation(studio, list_commands(), welcome_points=wanted.points)
        folder = wanted.script.resolve().parent if wanted.script else Path.cwd()
        seat = Seat(wanted.name, wanted.locale, folder)
        person = Chat(studio, conversation, seat, screen)
        await stack.enter_async_context(person.hear_news())
        if text is None:
            await talk(person, screen, settings.data_folder / "chat-history")
        else:
            await play(text, Terminal(person, screen))


async def start_redis(settings: Settings, stack: AsyncExitStack) -> bool:
    """Start our own Redis unless one answers already; say whether it was started."""
    try:
        await wait_until_ready(settings.get_redis_url(), _LOOK_S)
        return False
    except UnavailableError:
        if not settings.runs_own_redis:
            raise
    server = RedisServer(settings.redis_folder, settings.redis_socket)
    await stack.enter_async_context(server)
    return True


@asynccontextmanager
async def embedded_worker(studio: Studio, settings: Settings) -> AsyncIterator[None]:
    """Train in this process while the context lasts; a running training saves a checkpoint at its end."""
    place = make_workplace(settings)
    worker = Worker(studio, settings.worker_families, place, settings.sweep_every_s)
    url = settings.get_redis_url()
    listeners = [ArqListener(url, queue, worker.handle) for queue in settings.list_queues()]
    async with asyncio.TaskGroup() as group:
        listening = [group.create_task(listener.listen()) for listener in listeners]
        working = group.create_task(worker.run())
        try:
            yield
        finally:
            for listener in listeners:
                listener.stop_listening()
            worker.drain()
            await working
            for task in listening:
                task.cancel()


def _find_locale() -> str:
    """Return the language of the terminal."""
    return system_locale.getlocale()[0] or "en"


if __name__ == "__main__":
    typer.run(chat)
