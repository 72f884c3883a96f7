"""A claimed job and every write under its lease; apart so that one lock orders them and the last one is last."""

import asyncio
import logging
import time
from collections.abc import Awaitable

from core.errors import LeaseLostError, TrainyardError
from core.jobs.events import job_event
from core.jobs.metrics import LossPoint, ValidationPoint
from core.jobs.records import Checkpoint, Job, Picture, Progress, Sample
from core.metering import Measure
from core.storage.accounting import count_picture_bytes
from core.studio import Studio
from worker.messages import StepLine, ValidationLine

_log = logging.getLogger(__name__)
_SMOOTHING = 0.9


class HeldJob:
    """The job as this worker last wrote it, and the progress that waits to be written."""

    def __init__(self, studio: Studio, job: Job) -> None:
        self.job = job
        self.is_dirty = True
        self._studio = studio
        self._progress = Progress(total_steps=job.quote.inputs.total_steps, stage="preparing")
        self._points: list[LossPoint] = []
        self._validation: list[ValidationPoint] = []
        self._step_s: float | None = None
        self._stepped_s = self._written_s = time.monotonic()
        self._is_over = False
        self._writing = asyncio.Lock()

    @property
    def silent_s(self) -> float:
        """How long ago the lease was extended."""
        return time.monotonic() - self._written_s

    def resume_at(self, step: int) -> None:
        self._progress = self._progress.model_copy(update={"step": step})

    async def enter(self, stage: str) -> None:
        """Note a stage of the child; the first step is about to run once it trains or draws."""
        self._progress = self._progress.model_copy(update={"stage": stage})
        self.is_dirty = True
        if stage in ("training", "drawing", "captioning"):
            self._stepped_s = time.monotonic()
            async with self._writing:
                self.job = await self._studio.leases.start_running(self.job)

    def count_step(self, line: StepLine) -> None:
        """Note a step; what it says is written by the next `write`."""
        now_s = time.monotonic()
        took_s, self._stepped_s = now_s - self._stepped_s, now_s
        known_s = took_s if self._step_s is None else self._step_s
        self._step_s = _SMOOTHING * known_s + (1 - _SMOOTHING) * took_s
        self._progress = Progress(
            step=line.step,
            total_steps=line.total_steps,
            loss=line.loss,
            images_per_s=line.images_per_s,
            eta_s=round((line.total_steps - line.step) * self._step_s, 1),
            stage="training",
            validation_loss=self._progress.validation_loss,
        )
        self._points.append((line.step, line.loss, line.learning_rate))
        family = self.job.training.base_model.family
        self._studio.meter.observe(Measure.STEP_S, took_s, family=family)
        self.is_dirty = True

    def note_drawing(self, step: int) -> None:
        """Note how many steps of pictures are done."""
        update = {"step": max(step, self._progress.step), "stage": "drawing"}
        self._progress = self._progress.model_copy(update=update)
        self.is_dirty = True

    async def add_picture(self, picture: Picture) -> None:
        """Keep a picture and count it to its owner's storage; a crash between is found by the accounting."""
        async with self._writing:
            known = count_picture_bytes(self.job)
            self.job = await self._studio.leases.add_picture(self.job, picture)
            grown_bytes = count_picture_bytes(self.job) - known
            if grown_bytes:
                await self._studio.accounts.count_storage(self.job.owner, grown_bytes)
        self.is_dirty = True

    async def write_caption(self, index: int, item_id: str, text: str) -> None:
        """Write a caption, and note how many there are."""
        async with self._writing:
            self.job = await self._studio.auto_captions.write(self.job, index, item_id, text)
        update = {"step": self.job.steps_done, "stage": "captioning"}
        self._progress = self._progress.model_copy(update=update)
        self.is_dirty = True

    def note_validation(self, line: ValidationLine) -> None:
        """Note a loss on held-out pictures; it is written by the next `write`."""
        update = {"validation_loss": line.loss}
        self._progress = self._progress.model_copy(update=update)
        self._validation.append((line.step, line.loss))
        self.is_dirty = True

    async def add_sample(self, sample: Sample) -> None:
        async with self._writing:
            self.job = await self._studio.leases.add_sample(self.job, sample)
        self.is_dirty = True

    async def set_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Name a checkpoint, after the losses that lead to it are written."""
        await self.write()
        async with self._writing:
            self.job = await self._studio.leases.set_checkpoint(self.job, checkpoint)

    async def start_finishing(self) -> None:
        """Say that training is over. Raises ConflictError when a cancel came before."""
        async with self._writing:
            self.job = await self._studio.leases.start_finishing(self.job)

    async def write(self) -> None:
        """Extend the lease and write what has gathered; a store that is down is tried the next time.

        Raises LeaseLostError.
        """
        async with self._writing:
            if self._is_over:
                return
            points, self._points = self._points, []
            validation, self._validation = self._validation, []
            self.is_dirty = False
            try:
                self.job = await self._studio.leases.heartbeat(self.job, self._progress)
                self._written_s = time.monotonic()
                await self._studio.losses.append(self.job.id, points)
                await self._studio.losses.append_validation(self.job.id, validation)
            except LeaseLostError:
                raise
            except TrainyardError as error:
                _log.warning("%s: progress waits: %s", self.job.id, error)
                self._points = [*points, *self._points]
                self._validation = [*validation, *self._validation]
                self.is_dirty = True
                return
        await self._studio.events.publish(job_event(self.job))

    async def end(self, ending: Awaitable[Job]) -> Job:
        """Let go of the job by this last write; nothing is written under its lease afterwards."""
        async with self._writing:
            self._is_over = True
            self.job = await ending
        return self.job
