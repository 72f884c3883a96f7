"""The whole UNet is trained, goes on bit for bit, and is written as folder and file that strangers load."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from adapters.ed25519 import is_signed, read_key
from core.errors import TrainingError
from core.offerings.records import BaseModel, Output, ParamValue, TrainingSpec
from tests.worker import small_sd15
from tests.worker.training.tasks import TINY, Told, make_booth, make_task, train
from tests.worker.training.test_resume import cut_off, move
from worker.base_models import FAMILIES, load_base
from worker.signing import describe_origin, sign_files
from worker.tiny_sd import WEIGHTS_FOLDER
from worker.training import whole
from worker.training.hashes import compute_hashes
from worker.training.original_names import name_original
from worker.training.settings import read_settings
from worker.training.whole import certify_whole, find_config, open_whole
from worker.verifying import verify_file

NO_LORA = {"rank", "network_alpha"}


def make_whole(base: BaseModel = TINY, **params: ParamValue) -> TrainingSpec:
    """Make the specification of a training of the whole network, which names no LoRA."""
    spec = make_booth(**{"learning_rate": 0.0005, "class_images": 2, **params})
    kept = {name: value for name, value in spec.params.items() if name not in NO_LORA}
    update = {"output": Output.CHECKPOINT, "params": kept, "base_model": base}
    return spec.model_copy(update=update)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    spec = make_whole(validation_share=0.4, validation_every_steps=1, steps=3, learning_rate=0.01)
    return train(make_task(tmp_path_factory.mktemp("run"), spec, images=3))


def get_out(told: Told) -> Path:
    return told.done.files[0].parent


def test_the_files_are_a_model_and_a_folder_and_the_best_weights(told: Told) -> None:
    names = [file.relative_to(get_out(told)).as_posix() for file in told.done.files]
    assert names[:3] == [
        "model.safetensors",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
    ]
    assert names[-1] == "README.md"
    assert len({file.name for file in told.done.files}) == len(names)  # stored without folders
    card = told.done.files[-1].read_text()
    assert "a flagon red star" in card and "striped" not in card


def test_every_part_of_the_unet_was_trained(told: Told) -> None:
    trained = load_file(get_out(told) / "unet" / "diffusion_pytorch_model.safetensors")
    base = load_file(WEIGHTS_FOLDER / "unet" / "diffusion_pytorch_model.safetensors")
    assert trained.keys() == base.keys()
    assert all(value.dtype is torch.float16 for value in trained.values())
    changed = sum(not torch.equal(value.half(), base[name]) for name, value in trained.items())
    assert changed > 0.95 * len(base)


def test_folder_and_file_load_as_the_same_model(told: Told) -> None:
    out = get_out(told)
    folder = UNet2DConditionModel.from_pretrained(out / "unet").state_dict()
    single = StableDiffusionPipeline.from_single_file(
        str(out / "model.safetensors"), config=str(WEIGHTS_FOLDER), torch_dtype=torch.float32
    )
    assert folder.keys() == single.unet.state_dict().keys()
    for name, value in single.unet.state_dict().items():
        assert torch.equal(value, folder[name].float()), name
    base = load_base(TINY)
    for one, other in ((base.vae, single.vae), (base.text_encoder, single.text_encoder)):
        wanted = one.state_dict()
        assert all(torch.equal(wanted[k], v.to("cpu")) for k, v in other.state_dict().items())


def test_signed_files_are_genuine_and_still_load(told: Told, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(get_out(told), out)
    files = [out / file.relative_to(get_out(told)) for file in told.done.files]
    task = make_task(tmp_path / "task", make_whole(), images=1)
    signer = read_key("11" * 32)
    sign_files(files, describe_origin(task, told.done.base_sha256), signer)
    weights = [file for file in files if file.suffix == ".safetensors"]
    assert len(weights) >= 2
    for file in weights:
        assert verify_file(file, signer.public_key, is_signed).is_genuine, file.name
        assert compute_hashes(file).sha256 in files[-1].read_text()
    unet = load_file(get_out(told) / "unet" / "diffusion_pytorch_model.safetensors")
    certify_whole(out / "model.safetensors", out / "unet", TINY, unet)


def test_the_file_says_what_it_is_and_leaks_nothing(told: Told) -> None:
    with safe_open(told.done.files[0], "pt") as file:
        metadata = file.metadata()
    assert metadata["modelspec.architecture"] == "stable-diffusion-v1"
    assert metadata["modelspec.trigger_phrase"] == "flagon"
    assert metadata["ss_prior_loss_weight"] == "1.0"
    assert not any(key.startswith("ss_network") for key in metadata)
    config = (get_out(told) / "unet" / "config.json").read_text()
    assert json.loads(config)["_class_name"] == "UNet2DConditionModel"
    said = config + " ".join(metadata.values()) + told.done.files[-1].read_text()
    assert str(get_out(told)) not in said and str(WEIGHTS_FOLDER) not in said
    assert "striped" not in said


def test_a_training_that_is_cut_off_and_resumed_makes_the_same_files(tmp_path: Path) -> None:
    spec = make_whole(steps=4, validation_share=0.4, validation_every_steps=2)
    complete = train(make_task(tmp_path / "whole", spec, images=3))
    cut = cut_off(make_task(tmp_path / "cut", spec, images=3), 2)
    update = {"checkpoint": move(cut, tmp_path / "checkpoint")}
    resumed = train(make_task(tmp_path / "on", spec, images=3).model_copy(update=update))
    assert resumed.losses == complete.losses[2:]
    for one, other in zip(resumed.done.files, complete.done.files, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_half_precision_computes_with_weights_that_stay_whole(tmp_path: Path) -> None:
    spec = make_whole(mixed_precision="bf16", steps=2, class_images=0)
    half = train(make_task(tmp_path / "half", spec, images=2))
    full = train(make_task(tmp_path / "full", make_whole(steps=2, class_images=0), images=2))
    weights = half.weights
    assert half.losses != full.losses
    assert half.losses[0][1] == pytest.approx(full.losses[0][1], rel=0.05)
    assert all(bool(torch.isfinite(value).all()) for value in weights.values())


@pytest.mark.parametrize("spoil", ["value", "missing", "nan"])
@pytest.mark.parametrize("which", ["file", "folder"])
def test_a_file_that_differs_from_what_was_trained_is_refused(
    which: str, spoil: str, told: Told, tmp_path: Path
) -> None:
    unet = load_file(get_out(told) / "unet" / "diffusion_pytorch_model.safetensors")
    file, folder = tmp_path / "model.safetensors", tmp_path / "unet"
    base = load_base(TINY)
    whole.save_folder(folder, base, unet)
    named = {k: v.half().contiguous() for k, v in name_original(base, unet).items()}
    save_file(named, file)
    certify_whole(file, folder, TINY, unet)
    place = file if which == "file" else folder / "diffusion_pytorch_model.safetensors"
    tensors = load_file(place)
    key = next(key for key in tensors if key.endswith("attn1.to_q.weight"))
    if spoil == "missing":
        del tensors[key]
    else:
        tensors[key][0, 0] = float("nan") if spoil == "nan" else 7.0
    save_file(tensors, place)
    with pytest.raises(TrainingError) as failure:
        certify_whole(file, folder, TINY, unet)
    assert failure.value.code == "bad_weights"


def test_a_real_structure_goes_through_the_original_names_and_back(tmp_path: Path) -> None:
    folder = small_sd15.make_folder(tmp_path / "folder")
    small = BaseModel(id="small", name="Small", family="sd15", source=str(folder))
    base = load_base(small)
    named = name_original(base, base.unet.state_dict())
    small_sd15.make_single_file(folder, tmp_path / "theirs.safetensors")
    assert named.keys() == load_file(tmp_path / "theirs.safetensors").keys()
    save_file({k: v.contiguous() for k, v in named.items()}, tmp_path / "ours.safetensors")
    update = {"source": str(tmp_path / "ours.safetensors"), "config": str(folder)}
    again = load_base(small.model_copy(update=update))
    pairs = [(base.unet, again.unet), (base.vae, again.vae)]
    for one, other in [*pairs, (base.text_encoder, again.text_encoder)]:
        wanted, found = one.state_dict(), other.state_dict()
        assert wanted.keys() == found.keys()
        assert all(torch.equal(wanted[name], found[name]) for name in wanted)


def test_what_cannot_fit_or_be_named_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    base, settings = load_base(TINY), read_settings(make_whole())
    with pytest.raises(TrainingError, match="only a LoRA") as refused:
        open_whole(replace(base, family=FAMILIES["sdxl"]), settings)
    assert refused.value.code == "output_impossible"
    monkeypatch.setattr(whole, "get_memory_bytes", lambda base: 10_000_000)
    with pytest.raises(TrainingError, match="Choose adafactor, or a LoRA") as full:
        open_whole(base, settings)
    assert full.value.code == "out_of_memory"
    assert not any(parameter.requires_grad for parameter in base.unet.parameters())


def test_the_configuration_of_a_base_model_from_the_hub_is_found_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    revision = "4" * 40
    snapshot = tmp_path / "models--some--model" / "snapshots" / revision
    snapshot.mkdir(parents=True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    hub = BaseModel(id="hub", name="Hub", family="sd15", source="some/model", revision=revision)
    assert Path(find_config(hub)) == snapshot
    folder = hub.model_copy(update={"source": str(tmp_path)})
    assert find_config(folder) == str(tmp_path)
    single = hub.model_copy(update={"source": "a.safetensors", "config": "its/own"})
    assert find_config(single) == "its/own"
    assert find_config(TINY) == ""
