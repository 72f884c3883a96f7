"""Generations in this process: specifications, trained LoRAs, and what an easel said of them."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from core.generations.records import GenerationSpec
from core.offerings.records import BaseModel, ParamValue
from tests.worker.training.tasks import TINY, make_spec, make_task, train
from worker.generation.easel import Easel
from worker.messages import GenerationTask, Line, LoraFile, PictureLine, StageLine


@dataclass
class Heard:
    """What an easel has said, over all of its tasks."""

    lines: list[Line] = field(default_factory=list)

    @property
    def pictures(self) -> list[bytes]:
        """The pictures so far, in the order in which they came."""
        return [line.file.read_bytes() for line in self.lines if isinstance(line, PictureLine)]

    @property
    def stages(self) -> list[str]:
        return [line.stage for line in self.lines if isinstance(line, StageLine)]


def make_drawing(prompt: str = "a red circle", **changes: object) -> GenerationSpec:
    spec = GenerationSpec(
        base_model=TINY,
        typed_prompt=prompt,
        prompt=prompt,
        negative_prompt="",
        width_px=64,
        height_px=64,
        steps=4,
        guidance_scale=4.0,
        scheduler="ddim",
        seed=7,
        count=2,
    )
    return spec.model_copy(update=changes)


def make_lora(folder: Path, base: BaseModel = TINY, /, **params: ParamValue) -> LoraFile:
    """Train a LoRA at a high rate, so that it shows."""
    spec = make_spec(base, **{"steps": 3, "learning_rate": 0.05, "resolution_px": 64, **params})
    file = train(make_task(folder, spec, images=2)).done.files[0]
    return use(file, 1.0)


def use(file: Path, weight: float) -> LoraFile:
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    return LoraFile(name=file.parent.name, file=file, sha256=sha256, weight=weight)


def give(
    easel: Easel, folder: Path, spec: GenerationSpec, *loras: LoraFile, done: tuple[int, ...] = ()
) -> None:
    """Let an easel draw what is not done yet."""
    indexes = tuple(index for index in range(spec.count) if index not in done)
    easel.draw(
        GenerationTask(job="jb_test", spec=spec, loras=loras, indexes=indexes, folder=folder)
    )


def draw_cold(folder: Path, spec: GenerationSpec, *loras: LoraFile) -> list[bytes]:
    """Draw with an easel that has nothing loaded."""
    heard = Heard()
    give(Easel(heard.lines.append, lambda: False), folder, spec, *loras)
    return heard.pictures
