"""A LoRA training, top to bottom; each line is a step that a reader of the field knows."""

import time
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError

from core.datasets.buckets import get_step_px
from worker.base_models import LoadedBase, hash_base
from worker.messages import DoneLine, StepLine, TrainingTask, ValidationLine
from worker.training.cache import Cache
from worker.training.captions import list_variants, write_caption
from worker.training.checkpoints import load_checkpoint
from worker.training.encoding import Encoded, encode_dataset
from worker.training.guards import (
    check_finite,
    describe_disk_full,
    describe_out_of_memory,
    is_disk_full,
    is_out_of_memory,
)
from worker.training.images import Picture, read_picture
from worker.training.methods import TECHNIQUES
from worker.training.optimizers import make_optimizer
from worker.training.outputs import OUTPUTS
from worker.training.publishing import Trained
from worker.training.report import Report, Tell
from worker.training.schedule import get_rate_factor
from worker.training.settings import Settings, read_settings
from worker.training.state import State
from worker.training.stepping import Stepper
from worker.training.validation import hold_out, measure_validation
from worker.training.warm_start import start_from


class Training:
    """One training: what it holds in memory between its first and its last step."""

    def __init__(self, task: TrainingTask, tell: Tell, should_stop: Callable[[], bool]) -> None:
        self._task = task
        self._settings: Settings = read_settings(task.spec)
        self._technique = TECHNIQUES[task.spec.method]
        self._output = OUTPUTS[task.spec.output]
        self._report = Report(task, tell, should_stop)

    def run(self) -> None:
        """Train and write the files. Raises TrainingError, StoppedError."""
        try:
            self._run()
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise describe_out_of_memory(self._settings) from error
        except (OSError, SafetensorError) as error:
            if not is_disk_full(error):
                raise
            raise describe_disk_full() from error

    def _run(self) -> None:
        task, settings, report = self._task, self._settings, self._report
        report.enter("loading")
        base = self._output.load(task.spec.base_model, settings)
        base = self._technique.prepare_base(base, task)
        report.enter("encoding")
        trained, held_out = hold_out(self._encode(base), settings)
        parameters = self._output.add(base, settings)
        state = State(parameters, make_optimizer(parameters, settings))
        if task.start_weights is not None:
            start_from(task.start_weights, parameters, settings)
        for checkpoint in (task.checkpoint, task.previous_checkpoint):
            if checkpoint is not None and load_checkpoint(checkpoint, state):
                break
        stepper = Stepper(base, trained, settings)
        report.begin(base, state)
        self._train(stepper, state, lambda: measure_validation(base, held_out, settings.seed))
        report.enter("sampling")
        report.sample()
        report.enter("saving")
        sha256 = base.acceleration_sha256
        done = Trained(task, settings, state, trained, held_out, sha256)
        files = self._output.write(report.out, base, done)
        files += self._technique.write_extra(base, task, report.out)
        line = DoneLine(
            files=files,
            steps=state.step,
            best_step=state.validation.best_step or None,
            base_sha256=hash_base(task.spec.base_model),
        )
        report.tell(line)

    def _encode(self, base: LoadedBase) -> Encoded:
        """Encode the dataset's pictures and those that the method adds."""
        task, settings = self._task, self._settings
        progress = self._report.count("encoding")
        own = [self._read(task.folder / image.file, image.caption) for image in task.images]
        extra = self._technique.list_extra(base, task, self._report.count("class images"))
        cache = Cache(task.cache or task.folder / "cache", task.cache_bytes)
        return encode_dataset(base, [*own, *extra], settings, cache, progress)

    def _read(self, file: Path, caption: str) -> Picture:
        spec, settings = self._task.spec, self._settings
        texts = list_variants(
            write_caption(caption, spec.trigger_words, spec.class_prompt), settings
        )
        step_px = get_step_px(spec.base_model.family)
        return read_picture(file, texts, settings.resolution_px, step_px)

    def _train(self, stepper: Stepper, state: State, measure: Callable[[], float]) -> None:
        settings, report = self._settings, self._report
        if state.step == 0:
            report.enter("sampling")
            report.sample()
        report.enter("training")
        stepper.enter_training()
        while state.step < settings.steps and not _is_over(state, settings):
            if state.step and state.step % settings.sample_every_steps == 0:
                stepper.leave_training()
                report.sample()
                stepper.enter_training()
            began_s = time.monotonic()
            rate = settings.learning_rate * get_rate_factor(state.step, settings)
            loss = stepper.step(state).item()
            check_finite(loss, state.step, settings)
            self._tell_step(state.step, loss, rate, time.monotonic() - began_s)
            if _is_validated(state.step, settings):
                stepper.leave_training()
                loss = measure()
                is_best = state.validation.note(state.step, loss, state.parameters)
                report.tell(ValidationLine(step=state.step, loss=loss, is_best=is_best))
                stepper.enter_training()
            report.save_if_due()
        stepper.leave_training()

    def _tell_step(self, step: int, loss: float, rate: float, took_s: float) -> None:
        settings = self._settings
        images = settings.train_batch_size * settings.gradient_accumulation_steps
        line = StepLine(
            step=step,
            total_steps=settings.steps,
            loss=loss,
            learning_rate=rate,
            images_per_s=round(images / max(1e-9, took_s), 2),
        )
        self._report.tell(line)


def _is_validated(step: int, settings: Settings) -> bool:
    """Tell whether the loss on held-out pictures is measured after a step: regularly, and at the end."""
    is_due = step % settings.validation_every_steps == 0 or step == settings.steps
    return is_due and settings.validation_share > 0


def _is_over(state: State, settings: Settings) -> bool:
    """Tell whether the loss on held-out pictures has not got better for too long.

    Source: Prechelt 1998, "Early stopping - but when?" (patience).
    """
    patience = settings.early_stop_patience
    return 0 < patience <= state.validation.since_best
