"""The LoRA on UNet and text encoders: put in by peft, taken out and put back as plain tensors."""

from collections.abc import Mapping
from typing import Any

import torch
from peft import LoraConfig
from torch import Tensor, nn

from worker.base_models import LoadedBase
from worker.training.settings import Settings

ADAPTER = "default"
_ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")
_FEED_FORWARD = ("ff.net.0.proj", "ff.net.2")
_UNET_MODULES = {
    "attention": _ATTENTION,
    "attention-ff": (*_ATTENTION, *_FEED_FORWARD),
    "all": (*_ATTENTION, *_FEED_FORWARD, "proj_in", "proj_out"),
}
"""`all` is what kohya's networks/lora.py trains: every linear layer and 1x1 convolution of the transformers."""
_TEXT_ATTENTION = ("q_proj", "k_proj", "v_proj", "out_proj")
_TEXT_MODULES = {
    "attention": _TEXT_ATTENTION,
    "attention-ff": (*_TEXT_ATTENTION, "fc1", "fc2"),
    "all": (*_TEXT_ATTENTION, "fc1", "fc2"),
}


def list_modules(component: str, settings: Settings) -> tuple[str, ...]:
    """List the ends of the names of the modules that are trained in a component."""
    modules = _UNET_MODULES if component == "unet" else _TEXT_MODULES
    return modules[settings.target_modules]


def list_trained(base: LoadedBase, settings: Settings) -> dict[str, Any]:
    """List the components that are trained, by diffusers' names."""
    components = base.components
    return components if settings.train_text_encoder else {"unet": components["unet"]}


def add_lora(base: LoadedBase, settings: Settings) -> dict[str, nn.Parameter]:
    """Put fresh LoRA layers in and return their parameters by `<component>.<peft's name>`, in full precision.

    Source: Hu et al. 2021: down ~ N(0, 1/rank²) by peft's "gaussian", up = 0, so training starts
    from the base model exactly.
    """
    parameters: dict[str, nn.Parameter] = {}
    for component, module in list_trained(base, settings).items():
        torch.manual_seed(settings.seed)
        config = LoraConfig(
            r=settings.rank,
            lora_alpha=settings.network_alpha,
            lora_dropout=settings.network_dropout,
            init_lora_weights="gaussian",
            target_modules=list(list_modules(component, settings)),
        )
        module.add_adapter(config, ADAPTER)
        for name, parameter in module.named_parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()
                parameters[f"{component}.{name}"] = parameter
    return parameters


def get_weights(parameters: Mapping[str, nn.Parameter]) -> dict[str, Tensor]:
    """Copy the LoRA's tensors, `<path>.lora_A.weight` [r, in] and `.lora_B.weight` [out, r].

    The path begins with the component; those of a 1x1 convolution have two dimensions of 1 more.
    """
    return {
        name.replace(f".{ADAPTER}.", "."): parameter.detach().to("cpu", copy=True).contiguous()
        for name, parameter in parameters.items()
    }


def set_weights(parameters: Mapping[str, nn.Parameter], weights: Mapping[str, Tensor]) -> None:
    """Put tensors back that `get_weights` took out; every one must be there."""
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(weights[name.replace(f".{ADAPTER}.", ".")])
