"""What ends a training that cannot go on, in words for its owner: numbers that are not, no memory, no space."""

import errno
import math

import torch
from safetensors import SafetensorError

from core.errors import TrainingError
from worker.training.settings import Settings

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


def check_finite(loss: float, step: int, settings: Settings) -> None:
    """Raise TrainingError when a step's loss is not a number, with what most likely made it so."""
    if math.isfinite(loss):
        return
    cause = f"the learning rate ({settings.learning_rate:g}) is most likely too high. Lower it"
    if settings.optimizer == "prodigy":
        cause = "Prodigy most likely raised its rate too far. Choose adamw"
    elif settings.mixed_precision != "no" and settings.learning_rate <= 0.0005:
        cause = "half precision is the likely cause. Set mixed_precision to no"
    raise TrainingError(
        f"The loss stopped being a number at step {step}: {cause} and try again; all points were "
        "returned.",
        code="loss_nan",
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error means that memory ran out, on a GPU or beside it."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in _OUT_OF_MEMORY)


def is_disk_full(error: BaseException) -> bool:
    """Tell whether an error means that a file could not be written for want of space."""
    if isinstance(error, SafetensorError):
        return any(f"os error {number})" in str(error) for number in _NO_SPACE)
    return isinstance(error, OSError) and error.errno in _NO_SPACE


def describe_disk_full() -> TrainingError:
    """Say that there is nothing its owner could change."""
    return TrainingError(
        "The worker's disk is full, so the trained files could not be written. An admin must free "
        "space; all points were returned.",
        code="disk_full",
    )


def describe_out_of_memory(settings: Settings) -> TrainingError:
    """Say what to lower, the setting that saves most first."""
    advice = []
    if settings.train_batch_size > 1:
        advice.append("lower train_batch_size and raise gradient_accumulation_steps")
    if not settings.gradient_checkpointing:
        advice.append("switch gradient_checkpointing on")
    if settings.mixed_precision == "no":
        advice.append("set mixed_precision to bf16")
    if settings.train_text_encoder:
        advice.append("switch train_text_encoder off")
    advice.append("lower resolution_px")
    return TrainingError(
        f"The worker ran out of memory. To need less: {'; '.join(advice)}. All points were "
        "returned.",
        code="out_of_memory",
    )
