"""What both training stages share: threads, schedule, averaged weights, progress that survives a stop."""

import ctypes
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_KEEP_BYTES = 2**31 - 1


@dataclass(frozen=True)
class Plan:
    """How long and how fast one stage trains, and where it keeps its progress.

    The learning rate comes to its end after `schedule_steps`, which may lie beyond `steps`.
    """

    steps: int
    schedule_steps: int
    learning_rate: float
    progress_file: Path
    warmup_steps: int = 100
    weight_decay: float = 0.01
    average_decay: float = 0.998
    save_every_steps: int = 50
    seed: int = 0


@dataclass
class Run:
    """The state of one stage; `modules` and `averages` are trained and averaged side by side."""

    modules: nn.ModuleDict
    averages: dict[str, Tensor]
    optimizer: torch.optim.AdamW
    step: int = 0
    trained_s: float = 0.0
    losses: list[float] = field(default_factory=list)


def count_threads() -> int:
    """Count the threads to compute with: what OMP_NUM_THREADS says where it is set, else every core."""
    return torch.get_num_threads() if os.environ.get("OMP_NUM_THREADS") else os.cpu_count() or 1


def prepare_cpu(threads: int = 2) -> None:
    """Set the threads, and let glibc keep big blocks instead of returning them at every step.

    Source: mallopt(3); worth a fifth of a step's time on two cores.
    """
    torch.set_num_threads(threads)
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # not glibc: slower, not wrong
        return
    mallopt(_M_MMAP_THRESHOLD, _KEEP_BYTES)
    mallopt(_M_TRIM_THRESHOLD, _KEEP_BYTES)


def get_learning_rate(step: int, plan: Plan) -> float:
    """Get the rate of a step: linear warm-up, then half a cosine down to a hundredth.

    Source: Loshchilov & Hutter 2017 (SGDR), one cycle.
    """
    if step < plan.warmup_steps:
        return plan.learning_rate * (step + 1) / plan.warmup_steps
    share = (step - plan.warmup_steps) / max(1, plan.schedule_steps - plan.warmup_steps)
    return plan.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))


def start_run(modules: nn.ModuleDict, plan: Plan) -> Run:
    """Start a stage, or resume it where its progress file stops."""
    decay = [p for p in modules.parameters() if p.ndim > 1]
    keep = [p for p in modules.parameters() if p.ndim <= 1]
    groups = [
        {"params": decay, "weight_decay": plan.weight_decay},
        {"params": keep, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=plan.learning_rate, betas=(0.9, 0.99), fused=True)
    averages = {name: p.detach().clone() for name, p in modules.named_parameters()}
    run = Run(modules, averages, optimizer)
    if plan.progress_file.exists():
        saved = torch.load(plan.progress_file, weights_only=True)
        modules.load_state_dict(saved["modules"])
        optimizer.load_state_dict(saved["optimizer"])
        run.averages = saved["averages"]
        run.step, run.trained_s, run.losses = saved["step"], saved["trained_s"], saved["losses"]
    return run


def save_run(run: Run, progress_file: Path) -> None:
    """Save a stage's progress; a stop while saving leaves the previous save whole."""
    progress_file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = progress_file.with_suffix(".unfinished")
    state = {
        "modules": run.modules.state_dict(),
        "averages": run.averages,
        "optimizer": run.optimizer.state_dict(),
        "step": run.step,
        "trained_s": run.trained_s,
        "losses": run.losses,
    }
    torch.save(state, unfinished)
    unfinished.replace(progress_file)


def train(run: Run, plan: Plan, get_loss: Callable[[torch.Generator], Tensor]) -> None:
    """Train to the plan's end; each step's randomness depends on the seed and the step alone."""
    since_s = time.monotonic()
    while run.step < plan.steps:
        generator = torch.Generator().manual_seed(plan.seed * 1_000_003 + run.step)
        for group in run.optimizer.param_groups:
            group["lr"] = get_learning_rate(run.step, plan)
        loss = get_loss(generator)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        nn.utils.clip_grad_norm_(run.modules.parameters(), 1.0)
        run.optimizer.step()
        run.optimizer.zero_grad(set_to_none=True)
        run.step += 1
        _update_averages(run, plan)
        run.losses.append(loss.item())
        if run.step % 50 == 0:
            now_s = time.monotonic()
            run.trained_s, since_s = run.trained_s + now_s - since_s, now_s
            mean = sum(run.losses[-50:]) / len(run.losses[-50:])
            print(f"step {run.step}/{plan.steps} loss {mean:.4f} {run.trained_s:.0f} s", flush=True)
        if run.step % plan.save_every_steps == 0 or run.step == plan.steps:
            save_run(run, plan.progress_file)


def _update_averages(run: Run, plan: Plan) -> None:
    """Move the averages; early on they forget faster, so the start does not linger.

    Source: the decay ramp (1 + n) / (10 + n) of TensorFlow's ExponentialMovingAverage.
    """
    decay = min(plan.average_decay, (1 + run.step) / (10 + run.step))
    names = list(run.averages)
    parameters = dict(run.modules.named_parameters())
    with torch.no_grad():
        torch._foreach_lerp_(
            [run.averages[name] for name in names],
            [parameters[name].detach() for name in names],
            1 - decay,
        )


def use_averages(run: Run) -> None:
    """Put the averaged weights into the modules, for use after training."""
    run.modules.load_state_dict(run.averages, strict=False)
