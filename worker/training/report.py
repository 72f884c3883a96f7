"""What a training says and saves on its way: stages, samples and checkpoints, and the end when it is asked to stop."""

import logging
import time
from collections.abc import Callable

from safetensors import SafetensorError

from worker.base_models import LoadedBase
from worker.messages import CheckpointLine, Line, SampleLine, Stage, StageLine, TrainingTask
from worker.training.checkpoints import save_checkpoint
from worker.training.encoding import Progress
from worker.training.guards import is_disk_full
from worker.training.sampling import draw_samples
from worker.training.settings import read_settings
from worker.training.state import State

_log = logging.getLogger(__name__)
Tell = Callable[[Line], None]
_TELL_EVERY_S = 1.0
_SAVING_SHARE = 0.02
"""Of the time, at most, that goes into checkpoints where one takes long: a whole network's has gigabytes."""


class StoppedError(Exception):
    """The training was asked to stop and has saved a checkpoint."""


class Report:
    """A training's voice and its memory."""

    def __init__(self, task: TrainingTask, tell: Tell, should_stop: Callable[[], bool]) -> None:
        self.tell = tell
        self.out = task.folder / "out"
        self.out.mkdir(parents=True, exist_ok=True)
        self._task = task
        self._settings = read_settings(task.spec)
        self._should_stop = should_stop
        self._begun: tuple[LoadedBase, State] | None = None
        self._saved_step = 0
        self._saved_s = time.monotonic()
        self._every_s = task.checkpoint_every_s

    def enter(self, stage: Stage) -> None:
        """Say what comes now. Raises StoppedError when asked to stop."""
        self.check_stop()
        self.tell(StageLine(stage=stage))

    def count(self, stage: Stage) -> Progress:
        """Make what counts a stage's parts, tells of them once a second, and raises StoppedError."""
        told_s = 0.0

        def note(done: int, total: int) -> None:
            nonlocal told_s
            self.check_stop()
            now_s = time.monotonic()
            if now_s - told_s > _TELL_EVERY_S:
                told_s = now_s
                self.tell(StageLine(stage=stage, done=done, total=total))

        return note

    def begin(self, base: LoadedBase, state: State) -> None:
        """Take what samples and checkpoints are made of; before this a stop loses nothing."""
        self._begun = base, state
        self._saved_step = state.step
        self._saved_s = time.monotonic()

    def check_stop(self) -> None:
        """When asked to stop, save what is not saved yet and raise StoppedError."""
        if self._should_stop():
            self._save()
            raise StoppedError

    def save_if_due(self) -> None:
        """Save a checkpoint when the last one is old enough, or when asked to stop. Raises StoppedError."""
        self.check_stop()
        if time.monotonic() - self._saved_s > self._every_s:
            self._save()

    def _save(self) -> None:
        """Save a checkpoint; on a full disk training goes on without, and the next one is tried in time."""
        if self._begun is None or self._begun[1].step == self._saved_step:
            return
        state, began_s = self._begun[1], time.monotonic()
        try:
            folder = save_checkpoint(self.out / "checkpoints", state)
        except (OSError, SafetensorError) as error:
            if not is_disk_full(error):
                raise
            _log.warning("no checkpoint of step %d: the disk is full", state.step)
            self._saved_s = time.monotonic()
            return
        took_s = time.monotonic() - began_s
        if took_s > 1 and self._every_s:
            self._every_s = max(self._every_s, took_s / _SAVING_SHARE)
        self._saved_step, self._saved_s = state.step, time.monotonic()
        self.tell(CheckpointLine(step=state.step, folder=folder))

    def sample(self) -> None:
        """Draw the person's prompts at fixed seeds. Raises StoppedError."""
        assert self._begun is not None
        (base, state), prompts = self._begun, self._task.spec.sample_prompts
        if not prompts:
            return
        side_px, seed = self._settings.resolution_px, self._settings.seed
        pictures = draw_samples(base, prompts, (side_px, seed), self.check_stop)
        for index, (prompt, picture) in enumerate(zip(prompts, pictures, strict=True)):
            file = self.out / f"sample-{state.step:06d}-{index}.png"
            picture.save(file)
            self.tell(SampleLine(step=state.step, index=index, prompt=prompt, file=file))
