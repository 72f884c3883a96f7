"""SDXL loads from folder and file, trains, and its files load where people will load them."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from peft.tuners.lora import LoraLayer
from PIL import Image

from core.offerings.records import BaseModel, ParamValue
from tests.worker.small_sdxl import make_folder, make_single_file
from tests.worker.training.tasks import Told, make_spec, make_task, train
from worker.base_models import FAMILIES, load_base
from worker.training.certificate import read_kohya
from worker.training.weights import name_module

KOHYA_MODULE = re.compile(
    r"lora_unet_(input_blocks_\d+_1|middle_block_1|output_blocks_\d+_1)_"
    r"(proj_in|proj_out|transformer_blocks_\d+_(attn[12]_to_(q|k|v|out_0)|ff_net_(0_proj|2)))"
    r"|lora_te[12]_text_model_encoder_layers_\d+_(self_attn_(q|k|v|out)_proj|mlp_fc[12])"
)


@pytest.fixture(autouse=True, scope="module")
def sparing() -> Iterator[None]:
    """Draw samples in two steps on one thread: this is about files, not pictures."""
    threads, family = torch.get_num_threads(), FAMILIES["sdxl"]
    torch.set_num_threads(1)
    FAMILIES["sdxl"] = replace(family, sample_steps=2)
    yield
    torch.set_num_threads(threads)
    FAMILIES["sdxl"] = family


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("sdxl") / "folder")


@pytest.fixture(scope="module")
def trained(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    params: dict[str, ParamValue] = {"target_modules": "all", "train_text_encoder": True}
    spec = make_spec(describe(folder), **params, steps=2, learning_rate=0.05)
    return train(make_task(tmp_path_factory.mktemp("run"), spec, images=2))


def describe(source: Path, config: str = "") -> BaseModel:
    return BaseModel(id="small", name="Small", family="sdxl", source=str(source), config=config)


def test_a_single_file_holds_the_same_model_as_its_folder(folder: Path, tmp_path: Path) -> None:
    file = make_single_file(folder, tmp_path / "model.safetensors")
    one, other = load_base(describe(folder)), load_base(describe(file, str(folder)))
    pairs = [(one.unet, other.unet), (one.vae, other.vae)]
    pairs += list(zip(one.text_encoders, other.text_encoders, strict=True))
    for left, right in pairs:
        wanted, found = left.state_dict(), right.state_dict()
        assert wanted.keys() == found.keys()
        assert all(torch.equal(wanted[name], found[name]) for name in wanted)


def test_its_file_says_what_it_is_in_the_names_of_kohya(trained: Told) -> None:
    assert [step for step, _ in trained.losses] == [1, 2]
    modules = {key.split(".")[0] for key in trained.weights}
    assert all(KOHYA_MODULE.fullmatch(module) for module in modules)
    assert {module.split("_")[1] for module in modules} == {"unet", "te1", "te2"}
    # 2+2 transformers of 2 and 3 blocks down, 3+3 up, 1 mid: 10 layers a block, 2 a transformer
    blocks = 2 * 2 + 2 * 3 + 3 + 3 * 3 + 3 * 2
    assert sum(module.startswith("lora_unet") for module in modules) == 10 * blocks + 2 * 11
    metadata = trained.metadata
    assert metadata["ss_base_model_version"] == "sdxl_base_v1-0"
    assert metadata["modelspec.architecture"] == "stable-diffusion-xl-v1-base/lora"
    assert json.loads(metadata["ss_bucket_info"])["buckets"]


@pytest.mark.parametrize("name", ["lora.safetensors", "lora-diffusers.safetensors"])
def test_its_files_load_into_the_pipeline_with_the_deltas_that_were_trained(
    name: str, trained: Told, folder: Path
) -> None:
    pipeline = StableDiffusionXLPipeline.from_pretrained(folder)
    pipeline.load_lora_weights(str(trained.done.files[0].parent), weight_name=name)
    parts = ("unet", "text_encoder", "text_encoder_2")
    found = {
        name_module(f"{part}.{path}", FAMILIES["sdxl"]): module.get_delta_weight(adapter)
        for part in parts
        for path, module in getattr(pipeline, part).named_modules()
        if isinstance(module, LoraLayer)
        for adapter in module.lora_A
    }
    wanted = read_kohya(trained.weights)
    assert found.keys() == wanted.keys()
    assert any(bool(delta.abs().max() > 1e-4) for delta in wanted.values())
    for module, delta in wanted.items():
        assert torch.allclose(found[module].flatten(1), delta, atol=1e-6), module


def test_it_trains_in_half_precision_with_an_autoencoder_in_full(
    folder: Path, tmp_path: Path
) -> None:
    base = load_base(describe(folder), torch.bfloat16)
    assert base.unet.dtype is torch.bfloat16 and base.vae.dtype is torch.float32
    spec = make_spec(describe(folder), mixed_precision="bf16", steps=2)
    told = train(make_task(tmp_path, spec, images=2))
    assert len(told.losses) == 2


def test_the_size_of_a_picture_reaches_the_unet(folder: Path, tmp_path: Path) -> None:
    spec = make_spec(describe(folder), steps=1)
    square = train(make_task(tmp_path / "a", spec, images=1))
    task = make_task(tmp_path / "b", spec, images=1)

    with Image.open(task.folder / "images/0.png") as image:
        image.resize((192, 192), Image.Resampling.NEAREST).save(task.folder / "images/0.png")
    assert train(task).losses != square.losses
