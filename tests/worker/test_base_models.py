"""Base models load from a folder and from a single file, and the SD 1.5 path trains, at small width."""

import hashlib
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from core.errors import TrainingError
from core.offerings.records import BaseModel
from tests.worker.people import draw_flag
from tests.worker.small_sd15 import make_folder, make_single_file
from tests.worker.training.tasks import make_spec
from worker.base_models import hash_base, load_base
from worker.messages import DoneLine, Line, StepLine, TaskImage, TrainingTask
from worker.training.recipe import Training


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("sd15") / "folder")


def describe(source: Path, config: str = "") -> BaseModel:
    return BaseModel(id="small", name="Small", family="sd15", source=str(source), config=config)


def test_a_single_file_holds_the_same_model_as_its_folder(folder: Path, tmp_path: Path) -> None:
    file = make_single_file(folder, tmp_path / "model.safetensors")
    one, other = load_base(describe(folder)), load_base(describe(file, str(folder)))
    for part in ("unet", "vae", "text_encoder"):
        wanted, found = getattr(one, part).state_dict(), getattr(other, part).state_dict()
        assert wanted.keys() == found.keys(), part
        assert all(torch.equal(wanted[name], found[name]) for name in wanted), part


def test_sd15_trains_and_its_files_pass_their_check(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    images = []
    for index in range(3):
        (tmp_path / f"images/{index}.png").write_bytes(draw_flag(index))
        images.append(TaskImage(file=f"images/{index}.png", caption="a flag", sha256=""))
    spec = make_spec(describe(folder), steps=3, learning_rate=1e-3)
    lines: list[Line] = []
    task = TrainingTask(job="jb_x", spec=spec, images=tuple(images), folder=tmp_path)
    Training(task, lines.append, lambda: False).run()
    assert [line.step for line in lines if isinstance(line, StepLine)] == [1, 2, 3]
    (done,) = [line for line in lines if isinstance(line, DoneLine)]
    keys = load_file(done.files[0]).keys()
    modules = {key.split(".")[0] for key in keys}
    assert len(modules) == 128  # 16 transformer blocks of SD 1.5, 2 attentions, 4 projections
    assert all(module.startswith("lora_unet_") for module in modules)


def test_a_model_that_is_not_there_says_what_an_admin_should_do(tmp_path: Path) -> None:
    for source in (tmp_path / "none.safetensors", tmp_path / "none"):
        with pytest.raises(TrainingError, match=r"base_models\.toml") as failure:
            load_base(describe(source))
        assert failure.value.code == "base_model_missing"


def test_a_single_files_hash_is_its_own_and_a_folders_that_of_its_networks(
    folder: Path, tmp_path: Path
) -> None:
    file = make_single_file(folder, tmp_path / "model.safetensors")
    own = hashlib.sha256(file.read_bytes()).hexdigest()
    assert hash_base(describe(file, str(folder))) == own
    spoilt = tmp_path / "spoilt"
    shutil.copytree(folder, spoilt)
    assert hash_base(describe(spoilt)) == hash_base(describe(folder)) != own
    (spoilt / "model_index.json").write_text("{}")
    assert hash_base(describe(spoilt)) == hash_base(describe(folder))
    weights = spoilt / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x07")
    assert hash_base(describe(spoilt)) != hash_base(describe(folder))
    for source in (tmp_path / "none", tmp_path / "none.safetensors"):
        assert hash_base(describe(source)) == ""
