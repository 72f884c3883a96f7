"""Distils a LoRA with which the tiny pipeline draws in 4 steps: `python -m worker.tiny_sd.acceleration`."""

import argparse
import copy
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from worker.tiny_sd import ACCELERATION_FILE, WEIGHTS_FOLDER
from worker.tiny_sd.build import load_parts
from worker.tiny_sd.denoiser import Denoiser
from worker.tiny_sd.low_rank import RANK, add_low_rank, save_low_rank
from worker.tiny_sd.measure import write_captions
from worker.tiny_sd.scenes import draw_scenes
from worker.tiny_sd.training import Plan, Run, prepare_cpu, start_run, train, use_averages
from worker.tiny_sd.trajectories import (
    SEGMENTS,
    SUBSTEPS,
    Trajectories,
    follow_teacher,
    get_kept,
    list_times,
    step_ddim,
)

STARTS_SHARE = 0.6


@dataclass(frozen=True)
class Recipe:
    """How the LoRA is distilled: rounds of letting the teacher walk, then training on all walks so far."""

    seed: int = 11
    rounds: int = 5
    trajectories: int = 256
    round_steps: int = 120
    batch_size: int = 64
    learning_rate: float = 2e-3

    @property
    def steps(self) -> int:
        return self.rounds * self.round_steps


RECIPE = Recipe()
METADATA = {
    "ss_base_model_version": "sd_v1",
    "ss_v2": "False",
    "ss_network_module": "networks.lora",
    "ss_network_dim": str(RANK),
    "ss_network_alpha": str(float(RANK)),
    "ss_network_args": f'{{"conv_dim": "{RANK}", "conv_alpha": "{float(RANK)}"}}',
    "ss_output_name": "tiny-sd-4-steps",
    "ss_sd_model_name": "tiny-sd",
    "ss_seed": str(RECIPE.seed),
    "ss_steps": str(RECIPE.steps),
    "modelspec.sai_model_spec": "1.0.1",
    "modelspec.architecture": "stable-diffusion-v1/lora",
    "modelspec.implementation": "diffusers",
    "modelspec.title": "tiny_sd acceleration, 4 steps",
    "modelspec.resolution": "64x64",
    "modelspec.prediction_type": "epsilon",
    "modelspec.usage_hint": "DDIM with trailing spacing, 4 steps, guidance 1",
    "trainyard.sampler": '{"scheduler": "ddim-trailing", "steps": 4, "guidance_scale": 1.0}',
}


@dataclass(frozen=True)
class Student:
    """The network that learns: a copy of the teacher's with low-rank changes on its layers."""

    unet: UNet2DConditionModel
    alphas_cumprod: Tensor

    def jump(self, noisy: Tensor, contexts: Tensor, segment: int) -> Tensor:
        """Jump from the start of a segment to its end."""
        times = list_times()[segment]
        noise = self.unet(noisy, times[0], contexts).sample
        kept, kept_next = (get_kept(self.alphas_cumprod, times[place]) for place in (0, -1))
        return step_ddim(noisy, noise, kept, kept_next)


def distil(recipe: Recipe, progress: Path) -> nn.ModuleDict:
    """Train the changes, or resume; each round lets the teacher walk from where the student now is."""
    denoiser = load_parts(WEIGHTS_FOLDER).denoiser
    denoiser.text_encoder.eval()
    teacher = denoiser.unet.requires_grad_(False).eval()
    student = Student(copy.deepcopy(teacher), denoiser.scheduler.alphas_cumprod)
    changes = add_low_rank(student.unet, recipe.seed)
    run = start_run(changes, _plan_round(recipe, recipe.rounds - 1, progress))
    known: list[Trajectories] = []
    for number in range(recipe.rounds):
        cache = progress / f"round-{number}.pt"
        if not cache.exists():
            _walk(recipe, cache, denoiser, student if number else None)
        known.append(_load(cache))
        plan = _plan_round(recipe, number, progress)
        if run.step < plan.steps:
            _train_round(run, plan, student, _Examples(known, recipe.batch_size))
    use_averages(run)
    return changes


def _plan_round(recipe: Recipe, number: int, progress: Path) -> Plan:
    return Plan(
        steps=(number + 1) * recipe.round_steps,
        schedule_steps=recipe.steps,
        learning_rate=recipe.learning_rate,
        progress_file=progress / "changes.pt",
        warmup_steps=30,
        average_decay=0.98,
        save_every_steps=20,
        seed=recipe.seed,
    )


def _walk(recipe: Recipe, cache: Path, denoiser: Denoiser, student: Student | None) -> None:
    """Let the teacher walk on captions of trained combinations, and keep what it passed."""
    seed = recipe.seed * 1000 + int(cache.stem.removeprefix("round-"))
    scenes = draw_scenes(recipe.trajectories, seed, held_out=False)
    contexts = encode(denoiser, [*write_captions(scenes, seed), ""])
    kept = denoiser.scheduler.alphas_cumprod
    jump = student.jump if student else None
    walked = follow_teacher(denoiser.unet, contexts, kept, seed, jump)
    cache.parent.mkdir(parents=True, exist_ok=True)
    unfinished = cache.with_suffix(".unfinished")
    torch.save({"states": walked.states, "contexts": walked.contexts}, unfinished)
    unfinished.replace(cache)


def _load(cache: Path) -> Trajectories:
    return Trajectories(**torch.load(cache, weights_only=True))


@torch.inference_mode()
def encode(denoiser: Denoiser, captions: list[str]) -> Tensor:
    """Encode captions, N texts -> [N, 77, D]."""
    tokens = denoiser.tokenizer(
        captions, padding="max_length", truncation=True, max_length=77, return_tensors="pt"
    ).input_ids
    contexts: Tensor = denoiser.text_encoder(tokens).last_hidden_state.clone()
    return contexts


class _Examples:
    """Draws jumps to learn: from the start of a segment mostly, from within it else, to its end."""

    def __init__(self, known: list[Trajectories], size: int) -> None:
        self._states = torch.cat([walked.states for walked in known], dim=2)
        self._contexts = torch.cat([walked.contexts for walked in known])
        self._times = list_times()
        self._size = size

    def draw(self, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Draw states and targets [N, 4, 8, 8], their timesteps [N] each, and contexts [N, 77, D]."""
        rows = torch.randint(len(self._contexts), (self._size,), generator=generator)
        segments = torch.randint(SEGMENTS, (self._size,), generator=generator)
        places = torch.randint(1, SUBSTEPS, (self._size,), generator=generator)
        places[torch.rand(self._size, generator=generator) < STARTS_SHARE] = 0
        return (
            self._states[segments, places, rows],
            self._states[segments, -1, rows],
            self._times[segments, places],
            self._times[segments, -1],
            self._contexts[rows],
        )


def _train_round(run: Run, plan: Plan, student: Student, examples: _Examples) -> None:
    def get_loss(generator: torch.Generator) -> Tensor:
        """Get the squared error of jumps, over how far a wrong noise moves a jump's end."""
        noisy, target, now, end, contexts = examples.draw(generator)
        kept, kept_end = (get_kept(student.alphas_cumprod, time) for time in (now, end))
        noise = student.unet(noisy, now, contexts).sample
        reach = (kept_end / kept).sqrt() * (1 - kept).sqrt() - (1 - kept_end).sqrt()
        error = (step_ddim(noisy, noise, kept, kept_end) - target).square().mean(dim=(1, 2, 3))
        loss: Tensor = (error / reach).mean()
        return loss

    train(run, plan, get_loss)


def main() -> None:
    parser = argparse.ArgumentParser(description="Distil the tiny pipeline's 4-step LoRA.")
    parser.add_argument("--progress", type=Path, default=Path("build/acceleration"))
    parser.add_argument("--out", type=Path, default=ACCELERATION_FILE)
    arguments = parser.parse_args()
    prepare_cpu()
    save_low_rank(distil(RECIPE, arguments.progress), arguments.out, METADATA)


if __name__ == "__main__":
    main()
