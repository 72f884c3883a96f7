"""Few-step trainings: a frozen acceleration LoRA becomes part of the base model, which then samples in its way."""

from dataclasses import replace
from pathlib import Path

from diffusers import DDIMScheduler
from huggingface_hub import hf_hub_download
from safetensors import SafetensorError

from core.errors import TrainingError
from core.offerings.records import Acceleration, BaseModel
from worker.base_cache import hold
from worker.base_models import LoadedBase
from worker.tiny_sd import ACCELERATION_FILE
from worker.training.guards import is_out_of_memory
from worker.training.hashes import compute_hashes
from worker.training.weights import load_lora

_NAME = "acceleration"
_BUILTIN = {"tiny_sd": ACCELERATION_FILE}


def accelerate(base: LoadedBase, model: BaseModel) -> LoadedBase:
    """Fuse an acceleration LoRA into the base model, and sample as it wants from now on.

    Source: Ren et al. 2024; the model card of huggingface.co/ByteDance/Hyper-SD: DDIM with trailing
    spacing for 2 to 8 steps, no guidance. Raises TrainingError (`acceleration_missing`) with what an admin should do.
    """
    acceleration = model.acceleration
    if acceleration is None:
        raise _missing(f"{model.name} has no acceleration LoRA.")
    try:
        with hold(acceleration.source):
            file = fetch_acceleration(acceleration)
            sha256 = compute_hashes(file).sha256
            fuse_acceleration(base, file)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        place = f"{acceleration.source}/{acceleration.weight_name}"
        raise _missing(f"The acceleration LoRA “{place}” could not be loaded.") from error
    steps, scale = acceleration.steps, acceleration.guidance_scale
    return replace(
        base,
        family=replace(base.family, sample_steps=steps, guidance_scale=scale),
        sampler=DDIMScheduler.from_config(base.scheduler.config, timestep_spacing="trailing"),
        acceleration_sha256=sha256,
    )


def fetch_acceleration(acceleration: Acceleration) -> Path:
    """Find the LoRA's file where it ships, in a folder or on the hub.

    Raises OSError, or TrainingError when the catalogue pins another file.
    """
    kind, _, name = acceleration.source.partition(":")
    folder = Path(acceleration.source)
    if kind == "builtin":
        file = _BUILTIN[name]
    elif folder.is_absolute() or folder.is_dir():
        file = folder / acceleration.weight_name
    else:
        revision = acceleration.revision or None
        file = Path(
            hf_hub_download(acceleration.source, acceleration.weight_name, revision=revision)
        )
    found = compute_hashes(file).sha256
    if acceleration.sha256 not in ("", found):
        raise _missing(
            f"The acceleration LoRA {acceleration.id} is not the file that was expected."
        )
    return file


def fuse_acceleration(base: LoadedBase, file: Path) -> None:
    """Add a LoRA's deltas to the UNet's own weights, for good; nothing of it is left to train.

    Raises ValueError when a part of the file fits nowhere.
    """
    state, given = load_lora(file, base, _NAME)
    if strange := [key for key in state if not key.startswith("unet.")]:
        raise ValueError(f"{len(strange)} tensors are not of the UNet")
    try:
        base.family.pipeline.load_lora_into_unet(state, unet=base.unet, **given)
    except RuntimeError as error:  # as torch calls tensors of another size
        if is_out_of_memory(error):
            raise
        raise ValueError("it is for another architecture") from error
    base.unet.fuse_lora(adapter_names=[_NAME], safe_fusing=True)
    base.unet.unload_lora()
    base.unet.requires_grad_(False)


def _missing(what: str) -> TrainingError:
    return TrainingError(
        f"{what} Nothing was charged. An admin can put it there or correct base_models.toml.",
        code="acceleration_missing",
    )
