"""Whole conversations, played from files through the terminal on a real studio with a real worker."""

import io
import os
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from rich.console import Console

from adapters.console.chat import Chat, Seat
from adapters.console.screen import Screen
from adapters.console.script import ScriptError, Terminal, play
from bots.catalogue import list_commands
from bots.conversation import Conversation
from config.demo.conversation import SCRIPT, write_conversation
from config.demo.pictures import draw_pictures
from config.settings import Settings
from core.offerings.records import ParamValue
from core.studio import Studio
from tests.journeys.conftest import work
from tests.service import is_service

HERE = Path(__file__).parent
SCRIPTS = {file.stem: file.read_text("utf-8") for file in sorted(HERE.glob("*.chat"))}
ROOT = HERE.parents[1]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("journey", SCRIPTS)
async def test_a_journey(
    journey: str, width: int, settings: Settings, studio: Studio, tmp_path: Path
) -> None:
    script = SCRIPTS[journey]
    trains = "wait:" in script
    if trains and width == 120:
        pytest.skip("one training is enough")
    await play_journey(script, width, Stage(settings, studio, tmp_path))


class Stage(NamedTuple):
    """Where a journey is played."""

    settings: Settings
    studio: Studio
    out: Path


async def play_journey(script: str, width: int, stage: Stage) -> None:
    trains = "wait:" in script
    studio, out = stage.studio, stage.out / "out"
    seen = io.StringIO()
    screen = Screen(Console(file=seen, width=width), out)
    async with AsyncExitStack() as stack:
        if trains:
            await stack.enter_async_context(work(studio, stage.settings))
        conversation = Conversation(studio, list_commands(), welcome_points=500)
        chat = Chat(studio, conversation, Seat("ada", "en", HERE), screen)
        await stack.enter_async_context(chat.hear_news())
        await play(script, Terminal(chat, screen), wait_s=90)
    assert max(map(len, seen.getvalue().splitlines())) <= width
    if trains:
        names = {file.suffix for file in (out).iterdir()}
        assert names == {".png", ".safetensors"}
    assert (await studio.reconciler.reconcile()).is_sound


async def test_the_demo_as_a_conversation(
    settings: Settings, studio: Studio, tmp_path: Path
) -> None:
    quick: dict[str, ParamValue] = {"steps": 10, "rank": 2, "flip": False, "learning_rate": 0.003}
    write_conversation(tmp_path, draw_pictures(4).training, quick, "trainyard")
    screen = Screen(Console(file=io.StringIO(), width=100), tmp_path / "out")
    async with work(studio, settings):
        conversation = Conversation(studio, list_commands(), welcome_points=500)
        chat = Chat(studio, conversation, Seat("ada", "en", tmp_path), screen)
        async with chat.hear_news():
            await play((tmp_path / SCRIPT).read_text(), Terminal(chat, screen), wait_s=90)
    assert [f.suffix for f in (tmp_path / "out").iterdir()].count(".safetensors") == 1


async def test_an_expectation_that_is_not_met_names_its_line(
    studio: Studio, tmp_path: Path
) -> None:
    screen = Screen(Console(file=io.StringIO(), width=80), tmp_path)
    conversation = Conversation(studio, list_commands())
    chat = Chat(studio, conversation, Seat("ada", "en", HERE), screen)
    with pytest.raises(ScriptError, match="line 3: “fish” was expected"):
        await play("/points\nexpect: 0 points\nexpect: fish", Terminal(chat, screen))
    with pytest.raises(ScriptError, match="line 1: “news” was expected"):
        await play("wait: news", Terminal(chat, screen), wait_s=0.1)


@pytest.mark.parametrize(("said", "code"), [("You have 70 points", 0), ("You have 9", 1)])
def test_the_command_ends_with_what_became_of_the_script(
    said: str, code: int, tmp_path: Path
) -> None:
    script = tmp_path / "points.chat"
    script.write_text(f"/points\nexpect: {said}\n")
    command = [sys.executable, "-m", "config.chat", "--script", str(script), "--points", "70"]
    environment = {**os.environ, "TRAINYARD_DATA_FOLDER": str(tmp_path / "data")}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert ("starting Redis and a worker" in done.stdout) != is_service()
