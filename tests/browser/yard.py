"""A whole Trainyard, started as a newcomer starts it, and the people who open its pages."""

import asyncio
import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, Any, Self, TypeVar

import psutil
from rich.console import Console

from adapters.console.chat import Chat, Seat
from adapters.console.screen import Screen
from adapters.console.script import Terminal, play
from bots.catalogue import list_commands
from bots.conversation import Conversation
from config.accounts import make_login_link
from config.processes import find_free_port
from config.settings import Settings
from config.wiring import open_studio

ROOT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r"http://\S+/login/\S+")
T = TypeVar("T")


# Any: asyncio's own parameters of a coroutine that is only awaited.
def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run something in a thread of its own: Playwright keeps the loop of this one running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def _drain(output: IO[str]) -> None:
    with output:
        output.read()


@dataclass
class Yard:
    """`trainyard up` in a data folder: Redis, web and a worker."""

    url: str
    first_link: str
    settings: Settings
    process: subprocess.Popen[str]

    @classmethod
    def start(cls, data_folder: Path, more: Mapping[str, str] | None = None) -> Self:
        """Start everything, with more settings if there are any, and read the link that it prints.

        Royalties are paid out every second."""
        port = find_free_port()
        environment = {
            **os.environ,
            "TRAINYARD_DATA_FOLDER": str(data_folder),
            "TRAINYARD_HTTP_PORT": str(port),
            "TRAINYARD_WORKER_FAMILIES": '["tiny"]',
            "TRAINYARD_PAYOUT_MINIMUM_POINTS": "1",
            "TRAINYARD_PAYOUT_EVERY_S": "1",
            "TRAINYARD_SIGN_IN_LIMIT": "1000/minute",  # all these people have one address
            "OMP_WAIT_POLICY": "PASSIVE",
            "PYTHONUNBUFFERED": "1",
            **(more or {}),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "config.cli", "up"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        said = ""
        link = ""
        for line in process.stdout:
            said += line
            if found := _LINK.search(line):
                link = found[0]
            if "serving on http" in line:
                break
        assert link, said
        # What it says from now on is read, or a full pipe would stop it.
        Thread(target=_drain, args=(process.stdout,), daemon=True).start()
        settings = Settings(data_folder=data_folder, http_port=port)
        return cls(f"http://127.0.0.1:{port}", link, settings, process)

    def make_link(self, name: str, points: int = 0, *, admin: bool = False) -> str:
        """Make a sign-in link for somebody, as the command line does."""
        return run_apart(make_login_link(self.settings, name, points=points, admin=admin))

    def ask_bot_for_link(self, name: str, points: int, folder: Path) -> str:
        """Meet the bot as somebody new, write /login to it, and return the link that it answers."""
        return run_apart(_ask_bot(self.settings, name, points, folder))

    def kill_web_server(self) -> None:
        """Kill the web server as a crash does; `up` starts it again."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        (server,) = [p for p in family if p.cmdline()[-2:] == ["config.cli", "web"]]
        server.kill()

    def stop(self) -> None:
        """End it as Ctrl-C does, and make sure."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


async def _ask_bot(settings: Settings, name: str, points: int, folder: Path) -> str:
    said = io.StringIO()
    async with open_studio(settings) as studio:
        screen = Screen(Console(file=said, width=400), folder)
        conversation = Conversation(studio, list_commands(), welcome_points=points)
        chat = Chat(studio, conversation, Seat(name, "en", folder), screen)
        await play("/start\n/login\nexpect: Sign in", Terminal(chat, screen))
    found = _LINK.search(said.getvalue())
    assert found is not None, said.getvalue()
    return found[0]
