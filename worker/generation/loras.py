"""LoRAs put into a loaded base model and taken out again, which leaves it bit for bit as it was."""

import warnings
from collections.abc import Sequence

import torch
from diffusers.utils import recurse_remove_peft_layers, set_weights_and_activate_adapters
from peft.tuners.lora import LoraLayer
from safetensors import SafetensorError

from core.errors import TrainingError
from worker.base_models import LoadedBase
from worker.messages import LoraFile
from worker.training.guards import is_out_of_memory
from worker.training.weights import load_lora


def put_in(base: LoadedBase, loras: Sequence[LoraFile]) -> None:
    """Put LoRAs beside the base model's own weights, each at its weight; nothing is fused.

    Raises TrainingError (`bad_lora`) naming the one that does not fit.
    """
    for index, lora in enumerate(loras):
        try:
            _load(base, lora, _name(index))
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            if is_out_of_memory(error):
                raise
            raise TrainingError(
                f"“{lora.name}” could not be put in: its file is damaged or made for another "
                "architecture. All points were returned.",
                code="bad_lora",
            ) from error
    for module in base.components.values():
        present = {adapter for part in _list_layers(module) for adapter in part.lora_A}
        used = [index for index in range(len(loras)) if _name(index) in present]
        if used:
            names, weights = [_name(i) for i in used], [loras[i].weight for i in used]
            set_weights_and_activate_adapters(module, names, weights)
        module.requires_grad_(False)


def take_out(base: LoadedBase) -> None:
    """Take every LoRA out; the base model's own layers and tensors stand where they stood."""
    for module in base.components.values():
        if not _list_layers(module):
            continue
        recurse_remove_peft_layers(module)
        del module.peft_config
        module._hf_peft_config_loaded = False


def _load(base: LoadedBase, lora: LoraFile, adapter: str) -> None:
    pipeline = base.family.pipeline
    state, given = load_lora(lora.file, base, adapter)
    given["low_cpu_mem_usage"] = True  # no weights are drawn only to be replaced
    known = tuple(f"{component}." for component in base.components)
    if not state or not all(key.startswith(known) for key in state):
        raise ValueError("it has tensors of another architecture")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft warns of a second adapter, which is what is wanted
        for component, module in base.components.items():
            if not any(key.startswith(f"{component}.") for key in state):
                continue
            if component == "unet":
                pipeline.load_lora_into_unet(state, unet=module, **given)
            else:
                pipeline.load_lora_into_text_encoder(
                    state, text_encoder=module, prefix=component, **given
                )


def _list_layers(module: torch.nn.Module) -> list[LoraLayer]:
    return [part for part in module.modules() if isinstance(part, LoraLayer)]


def _name(index: int) -> str:
    return f"lora{index}"
