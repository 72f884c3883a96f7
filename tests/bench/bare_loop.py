"""The least that a training step can be, in a process of its own: `python -m tests.bench.bare_loop`.

Reads a TrainingSpec line, then a number of steps a line; answers each with the seconds they took.
"""

import os
import sys
import time
from itertools import cycle

import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig
from torch import Tensor
from torch.nn import functional

from core.offerings.records import TrainingSpec
from worker.tiny_sd import WEIGHTS_FOLDER
from worker.tiny_sd.training import prepare_cpu

_MODULES = ["to_q", "to_k", "to_v", "to_out.0"]
"""As worker/base_models.py has them; not imported, because it would bring the other networks' code along."""
_BATCHES = 32
Batch = tuple[Tensor, Tensor, Tensor, Tensor]


def main() -> None:
    prepare_cpu(os.cpu_count() or 1)
    spec = TrainingSpec.model_validate_json(sys.stdin.readline())
    unet = UNet2DConditionModel.from_pretrained(WEIGHTS_FOLDER, subfolder="unet")
    unet.requires_grad_(False)
    rank, alpha = spec.get_int("rank"), float(spec.params["network_alpha"])
    unet.add_adapter(LoraConfig(r=rank, lora_alpha=alpha, target_modules=_MODULES))
    unet.train()
    trained = [p for p in unet.parameters() if p.requires_grad]
    rate = float(spec.params["learning_rate"])
    optimizer = torch.optim.AdamW(trained, lr=rate, fused=True)
    batches = cycle(_make_batches(unet, spec))
    for line in sys.stdin:
        began_s = time.perf_counter()
        for _ in range(int(line)):
            noisy, times, context, noise = next(batches)
            loss = functional.mse_loss(unet(noisy, times, context).sample, noise)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
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
