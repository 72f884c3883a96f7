"""The demo as a stranger runs it, at a small size: real processes, real HTTP, a real training."""

import contextlib
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from PIL import Image
from rich.console import Console

from adapters.client import UnreachableError, connect
from adapters.client.models import EntryView
from config.demo.chapters import DREAMBOOTH_PARAMS, HYPER_PARAMS
from config.demo.checks import check_forgetting, check_four_steps
from config.demo.folder import read_folder
from config.demo.pictures import NEW_GROUND, TRIGGER_WORD, draw_pictures
from config.demo.plan import PARAMS, Plan, make_settings
from config.demo.royalty import check_pay
from config.demo.screen import Screen
from config.demo.sheets import smooth
from config.demo.story import tell_story
from config.environment import make_environment
from config.settings import Settings
from core.errors import InvalidError, TrainyardError
from core.studio import Studio
from tests.service import SERVERS, WORKERS, is_service, run_servers, run_workers
from worker.findings import Glance, Look

QUICK = {**PARAMS, "steps": 40, "lr_warmup_steps": 5, "sample_every_steps": 40}
QUICK_BOOTH = {**DREAMBOOTH_PARAMS, "steps": 30, "class_images": 4}
OPERATED = {
    "mongodb_url": "mongodb://yard.example/",
    "s3_bucket": "people",
    "redis_url": "redis://yard.example/",
    "discord_token": "secret",
    "telegram_token": "secret",
}
"""With these a demo would play among an operator's people."""
QUICK_HYPER = {**HYPER_PARAMS, "steps": 60}


@asynccontextmanager
async def beside(studio: Studio, plan: Plan) -> AsyncIterator[None]:
    """The servers and workers of a service beyond the demo's own."""
    if not is_service():
        yield
        return
    settings = make_settings(plan, plan.out.parent)
    few: dict[str, object] = {"worker_families": ("tiny",)}
    async with (
        run_servers(settings, SERVERS - 1),
        run_workers(studio, settings, *[few] * (WORKERS - 1)),
    ):
        yield


async def test_the_demo_teaches_something_and_its_points_add_up(
    tmp_path: Path, settings: Settings, studio: Studio
) -> None:
    printed = io.StringIO()
    plan = Plan(
        out=tmp_path / "out",
        data_folder=tmp_path / "data",
        settings=settings if is_service() else None,
        params=QUICK,
        dreambooth_params=QUICK_BOOTH,
        hyper_params=QUICK_HYPER,
    )
    screen = Screen(Console(file=printed, highlight=False, width=100))
    async with beside(studio, plan):
        summary = await tell_story(plan, screen)
    made = {file.name for file in plan.out.iterdir()}
    assert made >= {
        "before-after.png",
        "dataset.png",
        "dreambooth.png",
        "guest.png",
        "hyper-lora.png",
        "loss.png",
        "lora.safetensors",
        "lora-diffusers.safetensors",
        "summary.json",
    }
    told = json.loads((plan.out / "summary.json").read_text())
    kept, lost = told["dreambooth"]["points"]
    (hyper,) = told["hyper-lora"]["points"]
    balance = 500
    for points in (told["points"], kept, lost, hyper):
        assert points["quote"] == points["hold"] == points["charge"] + points["refund"] > 0
        balance -= points["charge"]
        assert points["balance"] == balance
    _, with_class, without = (look["class_loss"] for look in told["dreambooth"]["looks"])
    assert with_class < without
    before, after = (look["distance"] for look in told["hyper-lora"]["looks"])
    assert after < before
    loss = summary.learned.held_out_loss
    assert loss.after < 0.9 * loss.before
    assert len(summary.bought.losses) == 40
    royalty = told["royalty"]
    assert royalty["price_points"] == 5  # 1 + 8 x 20 / 1000 x 20, rounded up
    assert royalty["pool_points"] == royalty["royalty_points"] == 2  # half of it, rounded down
    assert [line["amount_points"] for line in reversed(royalty["guest"])] == [-5, 0]
    last = royalty["maker"][0]
    assert (last["kind"], last["amount_points"]) == ("sweep", 2)
    assert last["balance_after_points"] == balance + 2
    house = 600 - (balance + 2) - 95
    assert f"of 600 points granted, {600 - house} are in balances" in printed.getvalue()
    assert "\x1b" not in printed.getvalue()
    assert not find_processes()


def test_the_demo_hears_of_no_setting_of_the_operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in OPERATED.items():
        monkeypatch.setenv(f"TRAINYARD_{name.upper()}", value)
    chosen = make_settings(Plan(out=tmp_path), tmp_path)
    environment = make_environment(chosen)
    for name in OPERATED:
        assert environment[f"TRAINYARD_{name.upper()}"] == "", name
    assert environment["TRAINYARD_WORKER_FAMILIES"] == '["tiny","sd15","sdxl"]'
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Settings().model_dump() == chosen.model_dump()


async def test_a_demo_that_cannot_pay_says_so_and_leaves_nothing_running(tmp_path: Path) -> None:
    plan = Plan(out=tmp_path / "out", params={**QUICK, "steps": 5000, "train_batch_size": 16})
    with pytest.raises(TrainyardError, match="points"):
        await tell_story(plan, Screen(Console(file=io.StringIO())))
    assert not find_processes()


def test_what_must_be_so_is_looked_at() -> None:
    base, kept, lost = make_look(0.058), make_look(0.063), make_look(0.084)
    check_forgetting(Glance(looks=(base, kept, lost)))
    with pytest.raises(TrainyardError, match="the loss of the class"):
        check_forgetting(Glance(looks=(base, lost, kept)))
    check_four_steps(Glance(looks=(lost, kept)))
    with pytest.raises(TrainyardError, match="the distance to the dataset"):
        check_four_steps(Glance(looks=(kept, lost)))


def make_look(figure: float) -> Look:
    return Look(pictures=(), picture_s=0.1, class_loss=figure, distance=figure)


def test_a_statement_without_the_royalty_ends_the_demo_with_a_sentence() -> None:
    line = EntryView(
        id="en_1",
        seq=9,
        kind="sweep",
        note="Royalties",
        ref="x",
        amount_points=2,
        balance_after_points=377,
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
    )
    check_pay(line, 2, 377)
    for royalty, balance in ((1, 377), (2, 378)):
        with pytest.raises(TrainyardError, match="not as it must be"):
            check_pay(line, royalty, balance)


async def test_a_server_that_is_not_there_is_told_in_a_sentence() -> None:
    async with connect("http://127.0.0.1:9", "ty_none") as person:
        with pytest.raises(UnreachableError, match="does not answer"):
            await person.get_balance()


def test_the_drawn_pictures_are_the_same_each_time_and_differ_from_each_other() -> None:
    first, second = draw_pictures(), draw_pictures()
    pixels = [picture.image.tobytes() for picture in (*first.training, *first.held_out)]
    assert pixels == [p.image.tobytes() for p in (*second.training, *second.held_out)]
    assert len(set(pixels)) == 15
    assert all(TRIGGER_WORD in picture.caption for picture in first.training)
    assert not [p.caption for p in first.training if NEW_GROUND[0] in p.caption]


def test_a_folder_gives_pictures_with_the_captions_beside_them(tmp_path: Path) -> None:
    for number in range(6):
        Image.new("RGB", (80, 60), (40 * number, 0, 0)).save(tmp_path / f"{number}.png")
    (tmp_path / "0.txt").write_text("a dark\n picture\n")
    gathered = read_folder(tmp_path)
    assert [picture.caption for picture in gathered.pictures.training] == [
        "a dark picture",
        *[""] * 4,
    ]
    assert [picture.name for picture in gathered.pictures.held_out] == ["003-2"]
    assert gathered.pictures.prompts[-1] == TRIGGER_WORD
    assert gathered.notes == ()


def test_files_that_are_no_pictures_are_left_alone_with_a_note(tmp_path: Path) -> None:
    for number in range(5):
        Image.new("L", (80, 60), 40 * number).save(tmp_path / f"{number}.jpg")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    (tmp_path / "film.mp4").write_bytes(b"")
    (tmp_path / "3.txt").write_bytes(b"\xff\xfe\xff")
    notes = " ".join(read_folder(tmp_path).notes)
    assert "broken.png" in notes
    assert "film.mp4" in notes
    assert "3.txt" in notes


def test_a_folder_with_too_few_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="has 0 readable pictures"):
        read_folder(tmp_path)
    with pytest.raises(InvalidError, match="not a folder"):
        read_folder(tmp_path / "nowhere")


def test_smoothing_starts_at_the_first_value() -> None:
    assert smooth([3.0, 3.0, 3.0]) == pytest.approx([3.0, 3.0, 3.0])


def find_processes() -> list[list[str]]:
    """Find what the demo started and did not stop."""
    commands = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended while it was looked at
            commands.append(process.cmdline())
    ours = {"config.cli", "worker.measuring"}
    return [command for command in commands if ours.intersection(command)]
