"""What could make a training step faster, each way beside the plain loop: `python -m tests.bench.tricks tiny|sd15`.

A table for docs/benchmarks.md, not a figure with a bar: it says why the trainer does what it does.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from statistics import median
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig
from peft.tuners.lora import Linear
from torch import Tensor
from torch.nn import functional

from tests.bench import yard
from tests.bench.bare_loop import MODULES
from tests.bench.full_size import make_base
from tests.bench.turns import get_middle
from worker.tiny_sd import WEIGHTS_FOLDER
from worker.tiny_sd.training import count_threads, prepare_cpu

Way = Callable[[], AbstractContextManager[object]]


class Bench:
    """A UNet with a LoRA, and the batch that every way trains on."""

    def __init__(self, unet: UNet2DConditionModel, batch: int, side: int) -> None:
        torch.manual_seed(0)
        unet.requires_grad_(False)
        unet.add_adapter(LoraConfig(r=16, lora_alpha=16, target_modules=MODULES))
        unet.train()
        self.unet = unet
        self.run: Any = unet  # or what torch.compile makes of it
        self.trained = [p for p in unet.parameters() if p.requires_grad]
        self.optimizer: torch.optim.Optimizer = torch.optim.AdamW(self.trained, fused=True)
        self._noisy = torch.randn(batch, 4, side, side)
        self._context = torch.randn(batch, 77, unet.config.cross_attention_dim)
        self._times = torch.randint(1000, (batch,))

    def step(self) -> None:
        dtype = self.unet.conv_in.weight.dtype
        noisy, context = self._noisy.to(dtype), self._context.to(dtype)
        predicted = self.run(noisy, self._times, context).sample
        functional.mse_loss(predicted.float(), self._noisy).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    @contextmanager
    def use_optimizer(self, foreach: bool) -> Iterator[None]:
        fused = self.optimizer
        self.optimizer = torch.optim.AdamW(self.trained, foreach=foreach)
        yield
        self.optimizer = fused

    @contextmanager
    def use_channels_last(self) -> Iterator[None]:
        self.unet.to(memory_format=torch.channels_last)
        yield
        self.unet.to(memory_format=torch.contiguous_format)

    @contextmanager
    def use_half(self) -> Iterator[None]:
        """Frozen weights in bf16, the LoRA's in full precision, as the trainer has them."""
        frozen = [p for p in self.unet.parameters() if not p.requires_grad]
        full = [p.data for p in frozen]
        for p in frozen:
            p.data = p.data.bfloat16()
        yield
        for p, data in zip(frozen, full, strict=True):
            p.data = data

    @contextmanager
    def use_checkpointing(self) -> Iterator[None]:
        self.unet.enable_gradient_checkpointing()
        yield
        self.unet.disable_gradient_checkpointing()

    @contextmanager
    def use_forward(self, forward: Callable[[Linear, Tensor], Tensor]) -> Iterator[None]:
        layers = [m for m in self.unet.modules() if isinstance(m, Linear)]
        for layer in layers:
            layer.forward = forward.__get__(layer)
        yield
        for layer in layers:
            del layer.forward

    @contextmanager
    def use_compiled(self) -> Iterator[None]:
        compiled = getattr(self, "_compiled", None)
        if compiled is None:
            began_s = time.perf_counter()
            self.run = self._compiled = torch.compile(self.unet)
            self.step()
            print(f"compiled in {time.perf_counter() - began_s:.0f} s", flush=True)
        self.run = self._compiled
        yield
        self.run = self.unet


def add_in_place(layer: Linear, x: Tensor) -> Tensor:
    """Add the LoRA by one addmm, without peft's casts and checks."""
    down, up = layer.lora_A["default"].weight, layer.lora_B["default"].weight
    flat = x.reshape(-1, x.shape[-1])
    plain = functional.linear(flat, layer.base_layer.weight, layer.base_layer.bias)
    added = torch.addmm(plain, flat @ down.T, up.T, alpha=layer.scaling["default"])
    return added.view(*x.shape[:-1], -1)


def fold(layer: Linear, x: Tensor) -> Tensor:
    """Add the LoRA to the weight, so that the input goes through one matrix."""
    down, up = layer.lora_A["default"].weight, layer.lora_B["default"].weight
    weight = torch.addmm(layer.base_layer.weight, up, down, alpha=layer.scaling["default"])
    return functional.linear(x, weight, layer.base_layer.bias)


def list_ways(bench: Bench, *, compile: bool) -> dict[str, Way]:
    ways: dict[str, Way] = {
        "bare loop": nullcontext,
        "AdamW, foreach": lambda: bench.use_optimizer(True),
        "AdamW, one by one": lambda: bench.use_optimizer(False),
        "channels last": bench.use_channels_last,
        "LoRA by one addmm": lambda: bench.use_forward(add_in_place),
        "LoRA folded into the weight": lambda: bench.use_forward(fold),
        "bf16 base model": bench.use_half,
        "bf16 autocast": lambda: torch.autocast("cpu", torch.bfloat16),
        "gradient checkpointing": bench.use_checkpointing,
    }
    return ways | ({"torch.compile": bench.use_compiled} if compile else {})


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure ways to make a training step faster.")
    parser.add_argument("family", choices=("tiny", "sd15"))
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    prepare_cpu(count_threads())
    with yard.make_folder() as folder:
        if options.family == "sd15":
            make_base("sd15", folder / "base")
        source = WEIGHTS_FOLDER if options.family == "tiny" else folder / "base"
        unet = UNet2DConditionModel.from_pretrained(source, subfolder="unet")
        bench = Bench(unet, *((4, 8) if options.family == "tiny" else (1, 32)))
        measure(bench, options.turns, options.steps, list_ways(bench, compile=options.compile))


def measure(bench: Bench, turns: int, steps: int, ways: dict[str, Way]) -> None:
    """Let the ways take turns, and print each one's time beside the first one's."""
    took_s: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(turns):
        for name, way in ways.items():
            with way():
                bench.step()
                began_s = time.perf_counter()
                for _ in range(steps):
                    bench.step()
                took_s[name].append((time.perf_counter() - began_s) / steps)
    plain = took_s["bare loop"]
    for name, values in took_s.items():
        ratios = [value / base for value, base in zip(values, plain, strict=True)]
        print(f"{name}: {median(ratios):.3f} ({get_middle(ratios)}), {median(values):.3f} s a step")


if __name__ == "__main__":
    main()
