"""A LoRA training, top to bottom; each line is a step that a reader of the field knows."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from core.errors import TrainingError
from worker.base_models import LoadedBase, load_base
from worker.messages import (
    CheckpointLine,
    DoneLine,
    Line,
    SampleLine,
    Stage,
    StageLine,
    StepLine,
    TrainingTask,
)
from worker.training.certificate import certify
from worker.training.checkpoints import load_checkpoint, save_checkpoint
from worker.training.denoising import compute_loss, get_learning_rate
from worker.training.encoding import Encoded, encode_dataset, write_caption
from worker.training.images import load_pixels
from worker.training.lora import add_lora, get_weights
from worker.training.sampling import draw_samples
from worker.training.settings import Settings, read_settings
from worker.training.weights import save_diffusers, save_kohya

Tell = Callable[[Line], None]


class StoppedError(Exception):
    """The training was asked to stop and has saved a checkpoint."""


class Training:
    """One training: what it holds in memory between its first and its last step."""

    def __init__(self, task: TrainingTask, tell: Tell, should_stop: Callable[[], bool]) -> None:
        self._task = task
        self._tell = tell
        self._should_stop = should_stop
        self._settings: Settings = read_settings(task.spec)
        self._out = task.folder / "out"
        self._out.mkdir(parents=True, exist_ok=True)

    def run(self) -> None:
        """Train and write the files. Raises TrainingError, StoppedError."""
        self._enter("loading")
        base = load_base(self._task.spec.base_model)
        self._enter("encoding")
        encoded = self._encode(base)
        parameters = add_lora(base.unet, base.family, self._settings)
        optimizer = torch.optim.AdamW(
            list(parameters.values()), lr=self._settings.learning_rate, fused=True
        )
        checkpoint = self._task.checkpoint
        step = load_checkpoint(checkpoint, parameters, optimizer) if checkpoint else 0
        if step == 0:
            self._enter("sampling")
            self._sample(base, 0)
        self._enter("training")
        self._train(base, encoded, parameters, optimizer, step)
        self._tell(StageLine(stage="sampling"))
        self._sample(base, self._settings.steps)
        self._tell(StageLine(stage="saving"))
        self._tell(DoneLine(files=self._save(base, parameters)))

    def _enter(self, stage: Stage) -> None:
        """Say what comes now. Raises StoppedError when asked to stop: before the first step nothing is lost."""
        if self._should_stop():
            raise StoppedError
        self._tell(StageLine(stage=stage))

    def _encode(self, base: LoadedBase) -> Encoded:
        settings, images = self._settings, self._task.images
        pixels = torch.stack(
            [load_pixels(self._task.folder / i.file, settings.resolution_px) for i in images]
        )
        triggers = self._task.spec.trigger_words
        captions = [write_caption(image.caption, triggers) for image in images]
        return encode_dataset(base, pixels, captions, flip=settings.flip)

    def _train(
        self,
        base: LoadedBase,
        encoded: Encoded,
        parameters: dict[str, nn.Parameter],
        optimizer: torch.optim.Optimizer,
        step: int,
    ) -> None:
        settings, unet = self._settings, base.unet
        trained = list(parameters.values())
        unet.train()
        saved_s = began_s = time.monotonic()
        while step < settings.steps:
            rate = get_learning_rate(step, settings)
            for group in optimizer.param_groups:
                group["lr"] = rate
            loss = compute_loss(unet, base.scheduler, encoded, step, settings)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            nn.utils.clip_grad_norm_(trained, settings.max_grad_norm)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step += 1
            value = loss.item()
            _check_finite(value, step, rate)
            now_s = time.monotonic()
            speed = settings.train_batch_size / max(1e-9, now_s - began_s)
            began_s = now_s
            self._tell_step(step, value, rate, speed)
            stopping = self._should_stop()
            if stopping or now_s - saved_s > self._task.checkpoint_every_s:
                folder = save_checkpoint(self._out / "checkpoints", step, parameters, optimizer)
                self._tell(CheckpointLine(step=step, folder=folder))
                saved_s = time.monotonic()
            if stopping:
                raise StoppedError
            if step % settings.sample_every_steps == 0 and step < settings.steps:
                self._sample(base, step)
                unet.train()
                began_s = time.monotonic()

    def _tell_step(self, step: int, loss: float, rate: float, images_per_s: float) -> None:
        line = StepLine(
            step=step,
            total_steps=self._settings.steps,
            loss=loss,
            learning_rate=rate,
            images_per_s=round(images_per_s, 2),
        )
        self._tell(line)

    def _sample(self, base: LoadedBase, step: int) -> None:
        """Draw the person's prompts at fixed seeds."""
        base.unet.eval()
        settings, prompts = self._settings, self._task.spec.sample_prompts
        pictures = draw_samples(base, prompts, settings.resolution_px, settings.seed)
        for index, (prompt, picture) in enumerate(zip(prompts, pictures, strict=True)):
            file = self._out / f"sample-{step:06d}-{index}.png"
            picture.save(file)
            self._tell(SampleLine(step=step, index=index, prompt=prompt, file=file))

    def _save(self, base: LoadedBase, parameters: dict[str, nn.Parameter]) -> tuple[Path, ...]:
        """Write the weights in both formats, and check them as strangers would load them."""
        weights, spec = get_weights(parameters), self._task.spec
        kohya, diffusers = self._out / "lora.safetensors", self._out / "lora-diffusers.safetensors"
        save_kohya(kohya, weights, spec, self._settings, len(self._task.images))
        save_diffusers(diffusers, weights, self._settings)
        certify(kohya, diffusers, base.unet)
        return kohya, diffusers


def _check_finite(loss: float, step: int, rate: float) -> None:
    if not math.isfinite(loss):
        raise TrainingError(
            f"The loss stopped being a number at step {step}: the learning rate ({rate:g}) is most "
            "likely too high. Lower it and try again; all points were returned.",
            code="loss_nan",
        )
