"""Trainings in this process, on drawn pictures, small enough to make many of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from core.datasets.buckets import Size
from core.offerings.records import BaseModel, Method, ParamValue, TrainingSpec
from tests.worker.people import draw_picture
from worker.messages import CheckpointLine, DoneLine, Line, StepLine, TaskImage, TrainingTask
from worker.training.recipe import Training
from worker.training.report import StoppedError

TINY = BaseModel(id="tiny-sd", name="Tiny", family="tiny", source="builtin:tiny_sd")
PARAMS: dict[str, ParamValue] = {
    "steps": 4,
    "train_batch_size": 2,
    "resolution_px": 64,
    "learning_rate": 0.002,
    "lr_scheduler": "constant",
    "lr_warmup_steps": 0,
    "rank": 4,
    "network_alpha": 2.0,
    "min_snr_gamma": 5.0,
    "noise_offset": 0.0,
    "caption_dropout": 0.1,
    "max_grad_norm": 1.0,
    "flip": False,
    "sample_every_steps": 1000,
    "seed": 1,
}
SIZES = tuple(Size(*s) for s in ((96, 96), (120, 80), (80, 120), (96, 90), (130, 80)))


def make_spec(base: BaseModel = TINY, /, **params: ParamValue) -> TrainingSpec:
    return TrainingSpec(
        offering="tiny-lora",
        method=Method.LORA,
        base_model=base,
        trigger_words=("flagon",),
        sample_prompts=("a flagon",),
        params={**PARAMS, **params},
    )


def make_booth(**params: ParamValue) -> TrainingSpec:
    """Make the specification of a DreamBooth training with three class images."""
    spec = make_spec(**{"class_images": 3, "steps": 2, **params})
    return spec.model_copy(update={"method": Method.DREAMBOOTH, "class_prompt": "a red star"})


def make_task(folder: Path, spec: TrainingSpec, images: int = 5) -> TrainingTask:
    """Draw pictures of several shapes into a folder, and make the task of training on them."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    drawn = []
    for index in range(images):
        name = f"images/{index}.png"
        (folder / name).write_bytes(draw_picture(index, SIZES[index % len(SIZES)]))
        drawn.append(TaskImage(file=name, caption=f"a flag, striped, no {index}", sha256=""))
    return TrainingTask(job="jb_test", spec=spec, images=tuple(drawn), folder=folder)


@dataclass
class Told:
    """What a training said."""

    lines: list[Line] = field(default_factory=list)
    was_stopped: bool = False

    @property
    def losses(self) -> list[tuple[int, float]]:
        return [(line.step, line.loss) for line in self.lines if isinstance(line, StepLine)]

    @property
    def done(self) -> DoneLine:
        (done,) = [line for line in self.lines if isinstance(line, DoneLine)]
        return done

    @property
    def checkpoint(self) -> Path:
        found = [line.folder for line in self.lines if isinstance(line, CheckpointLine)]
        return found[-1]

    @property
    def weights(self) -> dict[str, Tensor]:
        weights: dict[str, Tensor] = load_file(self.done.files[0])
        return weights

    @property
    def metadata(self) -> dict[str, str]:
        with safe_open(self.done.files[0], "pt") as file:
            metadata: dict[str, str] = file.metadata()
        return metadata

    def read_files(self) -> dict[str, bytes]:
        """Read every file that a training made, sample pictures included."""
        out = self.done.files[0].parent
        return {file.name: file.read_bytes() for file in sorted(out.glob("*.*"))}

    def describe(self) -> str:
        """Write all that was said, but for places and speeds."""
        silent = {"file", "files", "folder", "images_per_s"}
        return json.dumps([line.model_dump(mode="json", exclude=silent) for line in self.lines])


def train(task: TrainingTask, should_stop: Callable[[Told], bool] = lambda told: False) -> Told:
    """Train in this process, until `should_stop` says so."""
    told = Told()
    try:
        Training(task, told.lines.append, lambda: should_stop(told)).run()
    except StoppedError:
        told.was_stopped = True
    return told


def stop_at(step: int) -> Callable[[Told], bool]:
    """Ask a training to stop once it has made some steps."""
    return lambda told: bool(told.losses) and told.losses[-1][0] >= step
