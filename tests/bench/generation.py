"""How much sooner a generation starts in a child that has just drawn another one than in a fresh one."""

import time
from collections.abc import AsyncGenerator
from pathlib import Path
from statistics import median

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file

from config.settings import Settings
from config.wiring import load_offerings
from core.generations.records import GenerationSpec
from tests.bench import yard
from tests.bench.figures import Effort, Reading
from tests.bench.turns import get_middle
from worker.base_models import FAMILIES
from worker.messages import DrawLine, DrawnLine, GenerationTask, Line, LoraFile, StageLine
from worker.supervisor import Child
from worker.tiny_sd import WEIGHTS_FOLDER
from worker.training.weights import name_module

_STEPS = 2
_RANK = 8


async def measure(effort: Effort) -> dict[str, Reading]:
    cold_s, warm_s = list[float](), list[float]()
    for _ in range(effort.generation_turns):
        with yard.make_folder() as folder:
            child = await Child.spawn(folder)
            try:
                lines = child.follow()
                cold_s.append(await _draw(child, lines, folder, number=0, is_cold=True))
                warm_s += [
                    await _draw(child, lines, folder, number=1 + number, is_cold=False)
                    for number in range(effort.generation_warm)
                ]
            finally:
                await child.kill()
    value = median(cold_s) / median(warm_s)
    cold = f"half of {len(cold_s)} cold starts in {get_middle(cold_s)} s"
    note = f"{cold}, of {len(warm_s)} warm ones in {get_middle(warm_s)} s"
    return {"generation.warm_over_cold": Reading(value, note)}


async def _draw(
    child: Child, lines: AsyncGenerator[Line, None], folder: Path, *, number: int, is_cold: bool
) -> float:
    """Draw one picture; return the seconds until its first step, with another LoRA each time.

    A cold child is timed from when it says that it loads: the import of torch is not counted, as a
    worker has a child waiting that has done that.
    """
    task = _make_task(folder, number)
    began_s = time.perf_counter()
    await child.start(task)
    first_s = 0.0
    async for line in lines:
        if isinstance(line, StageLine) and line.stage == "loading" and is_cold:
            began_s = time.perf_counter()
        if isinstance(line, DrawLine) and not first_s:
            first_s = time.perf_counter() - began_s
        if isinstance(line, DrawnLine):
            return first_s
    raise RuntimeError(f"the child ended early: {child.read_log()}")


def _write_lora(file: Path, seed: int) -> None:
    """Write a LoRA on every attention layer of the tiny model's UNet, as tiny-lora's default trains it."""
    torch.manual_seed(seed)
    unet = UNet2DConditionModel.from_pretrained(WEIGHTS_FOLDER / "unet")
    tensors = {}
    for path, module in unet.named_modules():
        if isinstance(module, torch.nn.Linear) and ".attn" in path:
            name = name_module(f"unet.{path}", FAMILIES["tiny"])
            tensors[f"{name}.lora_down.weight"] = torch.randn(_RANK, module.in_features) * 0.01
            tensors[f"{name}.lora_up.weight"] = torch.randn(module.out_features, _RANK) * 0.01
            tensors[f"{name}.alpha"] = torch.tensor(float(_RANK))
    save_file(tensors, file)


def _make_task(folder: Path, number: int) -> GenerationTask:
    (base, _), *_ = load_offerings(Settings()).list_generations().items()
    spec = GenerationSpec(
        base_model=base,
        typed_prompt="a red circle",
        prompt="a red circle",
        negative_prompt="",
        width_px=64,
        height_px=64,
        steps=_STEPS,
        guidance_scale=4.0,
        scheduler="ddim",
        seed=number,
        count=1,
    )
    file = folder / f"{number}.safetensors"
    _write_lora(file, number)
    lora = LoraFile(name="bench", file=file, sha256=f"{number:064}", weight=0.8)
    return GenerationTask(
        job="bench", spec=spec, loras=(lora,), indexes=(0,), folder=folder / str(number)
    )
