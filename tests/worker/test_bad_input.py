"""What people and operators get wrong: each ends in a clear sentence, costs nothing, and is not tried again."""

import logging
import resource
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.files import FileBlobs
from config.settings import Settings
from config.wiring import open_studio
from core.errors import StorageFullError, TrainingError
from core.jobs.records import Status
from core.offerings.records import BaseModel
from core.ports import BlobInfo
from core.studio import Studio
from tests.worker.conftest import Running, work
from tests.worker.people import meet, submit, wait_for
from tests.worker.small_sd15 import make_folder, make_single_file
from tests.worker.training.tasks import TINY, Told, make_spec, make_task, train
from worker.base_models import load_base
from worker.messages import CheckpointLine, Line, StepLine
from worker.training.recipe import Training

TEN_PARTS = "zqxjkvwzpq"
"""A trigger of which the tokenizer knows no part that is longer than a letter."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("sd15") / "folder")


def describe(source: Path, config: str = "") -> BaseModel:
    return BaseModel(id="small", name="Small", family="sd15", source=str(source), config=config)


def test_a_trigger_that_is_split_into_ten_tokens_is_trained(tmp_path: Path) -> None:
    base = load_base(TINY)
    assert len(base.tokenizer(TEN_PARTS).input_ids) - 2 == 10
    spec = make_spec(steps=2, train_text_encoder=True)
    update = {"trigger_words": (TEN_PARTS,), "sample_prompts": (TEN_PARTS,)}
    told = train(make_task(tmp_path, spec.model_copy(update=update), images=2))
    assert told.metadata["modelspec.trigger_phrase"] == TEN_PARTS


def test_a_rank_above_the_width_of_every_layer_is_trained_and_passes_its_check(
    tmp_path: Path,
) -> None:
    told = train(make_task(tmp_path, make_spec(rank=600, network_alpha=600.0, steps=2), images=2))
    downs = [value for key, value in told.weights.items() if key.endswith("lora_down.weight")]
    assert downs and all(value.shape[0] == 600 > value.shape[1] for value in downs)


@pytest.mark.parametrize(
    "missing",
    [
        "model_index.json",
        "scheduler/scheduler_config.json",
        "text_encoder/config.json",
        "text_encoder/model.safetensors",
        "tokenizer/tokenizer.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/config.json",
        "vae/diffusion_pytorch_model.safetensors",
    ],
)
def test_a_base_folder_with_a_file_missing_is_not_trained_on(
    missing: str, folder: Path, tmp_path: Path
) -> None:
    spoilt = tmp_path / "spoilt"
    shutil.copytree(folder, spoilt)
    (spoilt / missing).unlink()
    with pytest.raises(TrainingError, match=r"could not be loaded from .* whole") as failure:
        load_base(describe(spoilt))
    assert failure.value.code == "base_model_missing"


@pytest.mark.parametrize("lie", ["length", "junk", "cut off", "empty"])
@pytest.mark.parametrize("part", ["text_encoder/model", "unet/diffusion_pytorch_model", "single"])
def test_a_base_model_whose_header_lies_is_not_trained_on(
    part: str, lie: str, folder: Path, tmp_path: Path
) -> None:
    if part == "single":
        file = make_single_file(folder, tmp_path / "model.safetensors")
        model = describe(file, str(folder))
    else:
        shutil.copytree(folder, tmp_path / "spoilt")
        file, model = tmp_path / f"spoilt/{part}.safetensors", describe(tmp_path / "spoilt")
    body = file.read_bytes()
    length = int.from_bytes(body[:8], "little")
    lies = {
        "length": (2**60).to_bytes(8, "little") + body[8:],
        "junk": body[:8] + b"\xff" * length + body[8 + length :],
        "cut off": body[:-50],
        "empty": b"",
    }
    file.write_bytes(lies[lie])
    with pytest.raises(TrainingError, match="could not be loaded") as failure:
        load_base(model)
    assert failure.value.code == "base_model_missing"


async def test_an_unreachable_hub_fails_the_job_at_once_and_gives_everything_back(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    models = tmp_path / "base_models.toml"
    known = settings.base_models_file.read_text()
    models.write_text(known.replace('"builtin:tiny_sd"', '"somebody/tiny-sd"', 1))
    changed = settings.model_copy(update={"base_models_file": models})
    async with open_studio(changed) as studio:
        person = await meet(studio)
        async with work(studio, changed):
            done = await wait_for(studio, person, await submit(studio, person))
        assert done.status is Status.FAILED and done.error is not None
        assert done.error.code == "base_model_missing" and done.attempts == 1
        assert "could not be fetched from the hub" in done.error.message
        assert await studio.points.get_balance(person.principal.account) == 1000


def limit_files(size_bytes: int) -> None:
    """Let no file of this process become larger, as on a disk without space; -1 lifts that."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if size_bytes < 0 else size_bytes, hard))


def test_a_disk_that_is_full_for_a_while_costs_checkpoints_and_no_step(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spec = make_spec(steps=6)
    whole = train(make_task(tmp_path / "whole", spec, images=2))
    told = Told()

    def tell(line: Line) -> None:
        told.lines.append(line)
        if isinstance(line, StepLine):
            limit_files(20_000 if line.step in (3, 4) else -1)

    task = make_task(tmp_path / "full", spec, images=2)
    caplog.set_level(logging.WARNING)
    try:
        update = {"checkpoint_every_s": 0.0}
        Training(task.model_copy(update=update), tell, lambda: False).run()
    finally:
        limit_files(-1)
    saved = [line.step for line in told.lines if isinstance(line, CheckpointLine)]
    assert saved == [1, 2, 5, 6]
    assert "no checkpoint of step 3: the disk is full" in caplog.text
    assert not list((task.folder / "out" / "checkpoints").glob(".unfinished*"))
    assert told.losses == whole.losses
    assert told.done.files[0].read_bytes() == whole.done.files[0].read_bytes()


def test_a_disk_that_is_full_at_the_end_is_said_to_be_full(tmp_path: Path) -> None:
    def tell(line: Line) -> None:
        if isinstance(line, StepLine) and line.step == 2:
            limit_files(20_000)

    try:
        with pytest.raises(TrainingError, match="disk is full") as failure:
            Training(make_task(tmp_path, make_spec(steps=2), images=2), tell, lambda: False).run()
    finally:
        limit_files(-1)
    assert failure.value.code == "disk_full"


class FullForCheckpoints(FileBlobs):
    """Blobs on a disk that has no space left once a checkpoint's largest file comes."""

    async def put(
        self, key: str, body: AsyncIterator[bytes], *, content_type: str, if_absent: bool = False
    ) -> BlobInfo:
        if "/checkpoints/" in key and key.endswith("weights.safetensors"):
            raise StorageFullError("The disk is full.")
        return await super().put(key, body, content_type=content_type, if_absent=if_absent)


async def test_a_full_store_costs_checkpoints_and_no_training(
    studio: Studio, settings: Settings, running: Running
) -> None:
    person = await meet(studio)
    studio.blobs = FullForCheckpoints(settings.data_folder)
    async with running():
        job = await submit(studio, person, steps=60, sample_every_steps=60)
        done = await wait_for(studio, person, job)
    assert done.status is Status.COMPLETED and done.attempts == 1
    assert done.checkpoint is None
    assert not [key async for key in studio.blobs.list(f"jobs/{job.id}/") if "checkpoint" in key]
