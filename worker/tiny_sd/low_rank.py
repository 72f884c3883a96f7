"""Low-rank changes to a network's weights that train beside it, and their file in kohya's format."""

from collections.abc import Mapping
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.utils import parametrize

from worker.training.weights import hash_tensors

RANK = 16
_LEFT_ALONE = ("conv_in", "conv_out", "time_embedding")


class LowRank(nn.Module):
    """Adds up @ down to a weight, [out, in, ...] -> the same; alpha equals the rank, so nothing is scaled.

    A weight that is changed once a step costs less than a second path through the network.
    Source: Hu et al. 2021; up starts at zero, so training starts from the network exactly.
    """

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.randn(rank, *weight.shape[1:]) / rank)
        self.up = nn.Parameter(torch.zeros(weight.shape[0], rank))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + (self.up @ self.down.flatten(1)).view_as(weight)


def add_low_rank(unet: UNet2DConditionModel, seed: int) -> nn.ModuleDict:
    """Put low-rank changes onto a frozen UNet's layers and return them by kohya's module names.

    Source: networks/lora.py of kohya with conv_dim: what lies in Transformer2DModel, ResnetBlock2D,
    Downsample2D and Upsample2D.
    """
    torch.manual_seed(seed)
    unet.requires_grad_(False)
    layers = {
        name: module
        for name, module in unet.named_modules()
        if isinstance(module, nn.Linear | nn.Conv2d) and not name.startswith(_LEFT_ALONE)
    }
    changes = nn.ModuleDict()
    for name, module in layers.items():
        change = LowRank(module.weight, RANK)
        parametrize.register_parametrization(module, "weight", change)
        changes["lora_unet_" + name.replace(".", "_")] = change
    return changes


def save_low_rank(changes: nn.ModuleDict, file: Path, metadata: Mapping[str, str]) -> None:
    """Write the changes as a LoRA in kohya's format, half precision."""
    tensors: dict[str, Tensor] = {}
    for name, change in changes.items():
        assert isinstance(change, LowRank)
        down, up = change.down.detach(), change.up.detach()
        ones = (1,) * (down.ndim - 2)
        tensors[f"{name}.lora_down.weight"] = down.to(torch.float16).contiguous()
        tensors[f"{name}.lora_up.weight"] = up.view(*up.shape, *ones).to(torch.float16).contiguous()
        tensors[f"{name}.alpha"] = torch.tensor(float(RANK), dtype=torch.float16)
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, file, {**metadata, "sshs_model_hash": hash_tensors(tensors)})
