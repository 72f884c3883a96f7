"""The least that a training step can be, in a process of its own: `python -m tests.bench.bare_loop`.

Reads a TrainingTask line, then a number of steps a line; answers each with the seconds they took.
"""

import sys
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig
from torch import Tensor
from torch.nn import functional

from core.offerings.records import TrainingSpec
from worker.messages import TrainingTask
from worker.tiny_sd import WEIGHTS_FOLDER
from worker.tiny_sd.training import count_threads, prepare_cpu

MODULES = ["to_q", "to_k", "to_v", "to_out.0"]
"""As worker/training/lora.py has them; not imported, because it would bring the other networks' code along."""
_BATCHES = 32
Batch = tuple[Tensor, Tensor, Tensor, Tensor]


def main() -> None:
    prepare_cpu(count_threads())
    spec = TrainingTask.model_validate_json(sys.stdin.readline()).spec
    unet = UNet2DConditionModel.from_pretrained(find_source(spec), subfolder="unet")
    unet.requires_grad_(False)
    trained = add_lora(unet, spec)
    optimizer = torch.optim.AdamW(trained, lr=float(spec.params["learning_rate"]), fused=True)
    batches = cycle(_make_batches(unet, spec))

    def step() -> None:
        noisy, times, context, noise = next(batches)
        loss = functional.mse_loss(unet(noisy, times, context).sample, noise)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    answer(step)


def find_source(spec: TrainingSpec) -> Path:
    """Find the base model's folder."""
    source = spec.base_model.source
    return WEIGHTS_FOLDER if source.startswith("builtin:") else Path(source)


def add_lora(unet: UNet2DConditionModel, spec: TrainingSpec) -> list[Tensor]:
    """Put peft's layers in, and return their parameters."""
    rank, alpha = spec.get_int("rank"), float(spec.params["network_alpha"])
    unet.add_adapter(LoraConfig(r=rank, lora_alpha=alpha, target_modules=MODULES))
    unet.train()
    return [parameter for parameter in unet.parameters() if parameter.requires_grad]


def answer(step: Callable[[], None]) -> None:
    """Make as many steps as each line asks for, and print the seconds that they took."""
    for line in sys.stdin:
        began_s = time.perf_counter()
        for _ in range(int(line)):
            step()
        print(time.perf_counter() - began_s, flush=True)


def _make_batches(unet: UNet2DConditionModel, spec: TrainingSpec) -> list[Batch]:
    """Make batches of the shapes that a training has; their values do not change a step's time."""
    torch.manual_seed(0)
    size, side = spec.get_int("train_batch_size"), spec.get_int("resolution_px") // 8
    shape = (size, unet.config.in_channels, side, side)
    width = unet.config.cross_attention_dim
    return [
        (
            torch.randn(shape),
            torch.randint(1000, (size,)),
            torch.randn(size, 77, width),
            torch.randn(shape),
        )
        for _ in range(_BATCHES)
    ]


if __name__ == "__main__":
    main()
