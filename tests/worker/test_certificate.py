"""A weights file is handed out only when strangers can load what was trained."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from core.errors import TrainingError
from tests.worker.training.tasks import TINY, make_spec
from worker.base_models import LoadedBase, load_base
from worker.training.certificate import certify
from worker.training.lora import add_lora, get_weights
from worker.training.settings import read_settings
from worker.training.weights import save_diffusers, save_kohya, to_kohya

SPEC = make_spec(rank=8, network_alpha=3.0)


@pytest.fixture
def trained(tmp_path: Path) -> tuple[LoadedBase, Path, Path]:
    """A LoRA with weights as large as training makes them, in both formats."""
    base, settings = load_base(TINY), read_settings(SPEC)
    parameters = add_lora(base, settings)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in parameters.values():
            parameter.copy_(torch.randn_like(parameter) * 0.05)
    weights = get_weights(parameters)
    kohya, diffusers = tmp_path / "lora.safetensors", tmp_path / "lora-diffusers.safetensors"
    save_kohya(kohya, to_kohya(weights, settings.network_alpha, base.family), {})
    save_diffusers(diffusers, weights, settings)
    return base, kohya, diffusers


def test_an_honest_file_passes(trained: tuple[LoadedBase, Path, Path]) -> None:
    base, kohya, diffusers = trained
    before = base.unet.active_adapters()
    certify(kohya, diffusers, base)
    assert base.unet.active_adapters() == before


def spoil_value(tensors: dict[str, Tensor]) -> None:
    key = next(key for key in tensors if "up" in key or "lora_B" in key)
    tensors[key][0, 0] = float("nan")


def spoil_scale(tensors: dict[str, Tensor]) -> None:
    key = next(key for key in tensors if "up" in key or "lora_B" in key)
    tensors[key] *= 1.1


def drop_module(tensors: dict[str, Tensor]) -> None:
    module = next(iter(tensors)).split(".lora")[0].split(".alpha")[0]
    for key in [key for key in tensors if key.startswith(module)]:
        del tensors[key]


@pytest.mark.parametrize("spoil", [spoil_value, spoil_scale, drop_module])
@pytest.mark.parametrize("which", ["kohya", "diffusers"])
def test_a_file_that_differs_from_what_was_trained_is_refused(
    which: str, spoil: object, trained: tuple[LoadedBase, Path, Path]
) -> None:
    base, kohya, diffusers = trained
    file = kohya if which == "kohya" else diffusers
    tensors = load_file(file)
    assert callable(spoil)
    spoil(tensors)
    save_file(tensors, file)
    with pytest.raises(TrainingError) as failure:
        certify(kohya, diffusers, base)
    assert failure.value.code == "bad_weights"
