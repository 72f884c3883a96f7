"""A hyper-lora is trained over a frozen acceleration LoRA, and says how both are sampled."""

import json
import warnings
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline
from huggingface_hub import constants
from safetensors.torch import load_file, save_file
from torch import Tensor

from core.errors import TrainingError
from core.offerings.records import Acceleration, BaseModel, Method, TrainingSpec
from tests.worker.small_sd15 import make_folder
from tests.worker.small_sdxl import make_folder as make_sdxl_folder
from tests.worker.training.tasks import TINY, Told, make_spec, make_task, train
from worker.base_models import LoadedBase, load_base
from worker.messages import SampleLine
from worker.tiny_sd import ACCELERATION_FILE, WEIGHTS_FOLDER
from worker.training.acceleration import accelerate
from worker.training.hashes import compute_hashes
from worker.training.sampling import draw_samples
from worker.training.weights import name_module

ACCELERATION = Acceleration(id="tiny-sd-4-steps", source="builtin:tiny_sd", steps=4)


def make_hyper_spec(acceleration: Acceleration = ACCELERATION) -> TrainingSpec:
    base = TINY.model_copy(update={"acceleration": acceleration})
    return make_spec(base).model_copy(update={"method": Method.HYPER_LORA})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return train(make_task(tmp_path_factory.mktemp("hyper"), make_hyper_spec()))


def test_samples_take_four_steps_without_guidance(trained: Told) -> None:
    base = accelerate(load_base(TINY), make_hyper_spec().base_model)
    asked: list[Sequence[int]] = []
    base.unet.register_forward_pre_hook(lambda _, given: asked.append(given[0].shape))
    _draw(base)
    assert asked == [(2, 4, 8, 8)] * 4
    assert base.sampler.config.timestep_spacing == "trailing"
    assert any(isinstance(line, SampleLine) for line in trained.lines)


def test_the_file_and_its_card_say_how_it_is_sampled(trained: Told) -> None:
    sampler = json.loads(trained.metadata["trainyard.sampler"])
    assert sampler == {
        "scheduler": "ddim-trailing",
        "steps": 4,
        "guidance_scale": 1.0,
        "acceleration": "tiny-sd-4-steps",
        "acceleration_source": "builtin:tiny_sd/lora.safetensors",
        "acceleration_sha256": compute_hashes(ACCELERATION_FILE).sha256,
    }
    assert "4 steps, guidance 1" in trained.metadata["modelspec.usage_hint"]
    card = trained.read_files()["README.md"].decode()
    assert "num_inference_steps=4, guidance_scale=1)" in card
    assert sampler["acceleration_sha256"] in card


def test_a_plain_lora_says_nothing_of_it(tmp_path: Path) -> None:
    base = TINY.model_copy(update={"acceleration": ACCELERATION})
    told = train(make_task(tmp_path, make_spec(base, steps=1)))
    assert "trainyard.sampler" not in told.metadata
    assert "acceleration" not in told.read_files()["README.md"].decode()


def test_the_file_loads_over_the_acceleration_lora_with_equal_deltas(trained: Told) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(
        WEIGHTS_FOLDER, dtype=torch.float32, safety_checker=None
    )
    file = trained.done.files[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft warns of a second adapter, which is what is wanted
        for name, one in (("under", ACCELERATION_FILE), ("over", file)):
            pipeline.load_lora_weights(one.parent, weight_name=one.name, adapter_name=name)
        pipeline.set_adapters(["under", "over"])
    found = _predict(pipeline.unet)

    fused = accelerate(load_base(TINY), make_hyper_spec().base_model)
    without = _predict(fused.unet)
    plain = fused.unet.state_dict()
    tensors = load_file(file)
    for name, weight in plain.items():
        module = "lora_unet_" + name.removesuffix(".weight").replace(".", "_")
        if f"{module}.alpha" in tensors:
            weight += _merge(tensors, module)
    expected = _predict(fused.unet)
    assert torch.allclose(found, expected, atol=1e-3 * float(expected.abs().max()))
    assert (expected - without).abs().max() > 1e-3 * expected.abs().max()


def test_fusing_adds_the_deltas_and_leaves_nothing_to_train() -> None:
    base, before = load_base(TINY), load_base(TINY).unet.state_dict()
    accelerate(base, make_hyper_spec().base_model)
    after, tensors = base.unet.state_dict(), load_file(ACCELERATION_FILE)
    assert after.keys() == before.keys()
    changed = {name for name in after if not after[name].equal(before[name])}
    assert len(changed) == sum(key.endswith(".alpha") for key in tensors)
    for name in changed:
        module = "lora_unet_" + name.removesuffix(".weight").replace(".", "_")
        delta = _merge(tensors, module).view_as(before[name])
        assert torch.allclose(after[name], before[name] + delta, atol=1e-5)
    assert not any(parameter.requires_grad for parameter in base.unet.parameters())


def test_without_its_acceleration_lora_a_training_ends_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    gone = ACCELERATION.model_copy(update={"source": str(tmp_path / "nowhere")})
    unfetched = ACCELERATION.model_copy(update={"source": "nobody/has-this"})
    other = ACCELERATION.model_copy(update={"sha256": "0" * 64})
    lost, wrong = "could not be loaded", "not the file"
    for given, said in ((gone, lost), (unfetched, lost), (other, wrong)):
        with pytest.raises(TrainingError, match=said) as failure:
            train(make_task(tmp_path, make_hyper_spec(given)))
        assert failure.value.code == "acceleration_missing"


def test_a_lora_for_another_architecture_or_for_the_text_encoder_is_refused(tmp_path: Path) -> None:
    sd15 = BaseModel(
        id="small",
        name="Small",
        family="sd15",
        source=str(make_folder(tmp_path / "sd15")),
        acceleration=ACCELERATION,
    )
    with pytest.raises(TrainingError) as failure:
        accelerate(load_base(sd15), sd15)
    assert failure.value.code == "acceleration_missing"
    tensors = load_file(ACCELERATION_FILE)
    module = "lora_te_text_model_encoder_layers_0_self_attn_q_proj"
    tensors[f"{module}.lora_down.weight"] = torch.zeros(4, 128)
    tensors[f"{module}.lora_up.weight"] = torch.zeros(128, 4)
    tensors[f"{module}.alpha"] = torch.tensor(4.0)
    save_file(tensors, tmp_path / "lora.safetensors")
    strange = ACCELERATION.model_copy(update={"source": str(tmp_path)})
    with pytest.raises(TrainingError):
        accelerate(load_base(TINY), TINY.model_copy(update={"acceleration": strange}))


def test_an_sdxl_lora_in_names_of_the_original_code_is_fused(tmp_path: Path) -> None:
    model = BaseModel(
        id="small",
        name="Small",
        family="sdxl",
        source=str(make_sdxl_folder(tmp_path / "sdxl")),
        acceleration=ACCELERATION.model_copy(update={"source": str(tmp_path), "steps": 8}),
    )
    base = load_base(model)
    path = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
    weight = base.unet.get_parameter(f"{path}.weight").clone()
    module = name_module(f"unet.{path}", base.family)
    assert module.startswith("lora_unet_input_blocks_4_1_")
    tensors = {
        f"{module}.lora_down.weight": torch.randn(4, weight.shape[1]),
        f"{module}.lora_up.weight": torch.randn(weight.shape[0], 4),
        f"{module}.alpha": torch.tensor(2.0),
    }
    save_file(tensors, tmp_path / "lora.safetensors")
    fused = accelerate(base, model)
    assert fused.family.sample_steps == 8
    found = fused.unet.get_parameter(f"{path}.weight")
    assert torch.allclose(found, weight + _merge(tensors, module), atol=1e-5)


def _merge(tensors: dict[str, Tensor], module: str) -> Tensor:
    """Merge a module's factors: up @ down * alpha / rank (Hu et al. 2021)."""
    down = tensors[f"{module}.lora_down.weight"].float()
    up = tensors[f"{module}.lora_up.weight"].float()
    scale = float(tensors[f"{module}.alpha"]) / down.shape[0]
    return (up.flatten(1) @ down.flatten(1)) * scale


@torch.inference_mode()
def _predict(unet: torch.nn.Module) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    noisy = torch.randn(2, 4, 8, 8, generator=generator)
    context = torch.randn(2, 77, 128, generator=generator)
    output: Tensor = unet(noisy, torch.tensor([999, 249]), context).sample
    return output


def _draw(base: LoadedBase) -> None:
    draw_samples(base, ["a red star", "a blue ring"], (64, 1), lambda: None)
