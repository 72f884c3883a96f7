"""The LoRA on the UNet: put in by peft, taken out and put back as plain tensors."""

from collections.abc import Mapping

import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig
from torch import Tensor, nn

from worker.base_models import Family
from worker.training.settings import Settings

ADAPTER = "default"


def add_lora(
    unet: UNet2DConditionModel, family: Family, settings: Settings
) -> dict[str, nn.Parameter]:
    """Put fresh LoRA layers into a UNet and return their parameters by peft's names.

    Source: Hu et al. 2021: down ~ N(0, 1/rank²) by peft's "gaussian", up = 0, so training starts
    from the base model exactly.
    """
    torch.manual_seed(settings.seed)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.network_alpha,
        init_lora_weights="gaussian",
        target_modules=list(family.target_modules),
    )
    unet.add_adapter(config, ADAPTER)
    return {name: p for name, p in unet.named_parameters() if p.requires_grad}


def get_weights(parameters: Mapping[str, nn.Parameter]) -> dict[str, Tensor]:
    """Copy the LoRA's tensors, `<module path>.lora_A.weight` [r, in] and `.lora_B.weight` [out, r]."""
    return {
        name.replace(f".{ADAPTER}.", "."): parameter.detach().to("cpu", copy=True).contiguous()
        for name, parameter in parameters.items()
    }


def set_weights(parameters: Mapping[str, nn.Parameter], weights: Mapping[str, Tensor]) -> None:
    """Put tensors back that `get_weights` took out; every one must be there."""
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(weights[name.replace(f".{ADAPTER}.", ".")])
