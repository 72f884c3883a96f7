"""The drawing child's side: a base model that stays loaded, and task after task drawn with it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from worker.base_models import LoadedBase, load_base
from worker.generation.drawing import draw_pictures
from worker.generation.loras import LoraSwap
from worker.messages import DrawLine, DrawnLine, GenerationTask, PictureLine, StageLine
from worker.training.acceleration import accelerate
from worker.training.report import StoppedError, Tell

_GPU_BATCH = 4


@dataclass(frozen=True)
class _Standing:
    """What is loaded: the base model, what it was made of, and the LoRAs in it as (sha256, weight)."""

    base: LoadedBase
    swap: LoraSwap
    made_of: str
    loras: tuple[tuple[str, float], ...] = ()


class Easel:
    """Draws tasks one after another; what the next one needs as well stays loaded."""

    def __init__(self, tell: Tell, should_stop: Callable[[], bool]) -> None:
        self._tell = tell
        self._should_stop = should_stop
        self._standing: _Standing | None = None

    def draw(self, task: GenerationTask) -> None:
        """Draw one task. Raises TrainingError, StoppedError; afterwards this easel is not to be used."""
        self._tell(StageLine(stage="loading"))
        base = self._prepare(task)
        self._tell(StageLine(stage="drawing"))
        out = task.folder / "out"
        out.mkdir(parents=True, exist_ok=True)
        batch_size = _GPU_BATCH if torch.cuda.is_available() else 1
        pictures = draw_pictures(base, task.spec, task.indexes, batch_size, self._note)
        for index, picture in pictures:
            file = out / f"{index + 1}.png"
            picture.save(file)
            self._tell(PictureLine(index=index, file=file))
        self._tell(DrawnLine())

    def _note(self, step: int) -> None:
        if self._should_stop():
            raise StoppedError
        self._tell(DrawLine(step=step))

    def _prepare(self, task: GenerationTask) -> LoadedBase:
        """Load what is not loaded yet, and swap LoRAs where they differ."""
        spec = task.spec
        model = spec.base_model.model_copy(update={"acceleration": spec.acceleration})
        standing, made_of = self._standing, model.model_dump_json()
        if standing is None or standing.made_of != made_of:
            self._standing = standing = None  # its memory is free before the next one is loaded
            is_gpu = torch.cuda.is_available()
            base = load_base(model, torch.float16 if is_gpu else torch.float32)
            base = accelerate(base, model) if spec.acceleration is not None else base
            standing = _Standing(base, LoraSwap(base), made_of)
        loras = tuple((lora.sha256, lora.weight) for lora in task.loras)
        if standing.loras != loras:
            standing.swap.put_in(task.loras)
        self._standing = replace(standing, loras=loras)
        return standing.base
