"""What tells one training method from another: three answers, each empty for a plain LoRA."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from core.offerings.records import Method
from worker.base_models import LoadedBase
from worker.messages import TrainingTask
from worker.training.acceleration import accelerate
from worker.training.class_images import list_class_images
from worker.training.encoding import Progress
from worker.training.images import Picture


class Technique(Protocol):
    """A method's differences from a plain LoRA, asked for in this order."""

    def prepare_base(self, base: LoadedBase, task: TrainingTask) -> LoadedBase:
        """Return what the LoRA is put onto and sampled with: the base model, or a changed one."""
        ...

    def list_extra(
        self, base: LoadedBase, task: TrainingTask, progress: Progress
    ) -> tuple[Picture, ...]:
        """Return pictures to train on beside the dataset's, `is_own=False`, with repeats and loss weights.

        They are drawn or found now, into `task.folder`; the same task must yield the same bytes, so
        that a resume goes on bit for bit.
        """
        ...

    def write_extra(self, base: LoadedBase, task: TrainingTask, folder: Path) -> tuple[Path, ...]:
        """Write files beside the LoRA's two into `folder`, and return them."""
        ...


class PlainLora:
    """A LoRA on the base model as it is, from the dataset alone."""

    def prepare_base(self, base: LoadedBase, task: TrainingTask) -> LoadedBase:
        return base

    def list_extra(
        self, base: LoadedBase, task: TrainingTask, progress: Progress
    ) -> tuple[Picture, ...]:
        return ()

    def write_extra(self, base: LoadedBase, task: TrainingTask, folder: Path) -> tuple[Path, ...]:
        return ()


class HyperLora(PlainLora):
    """A LoRA over a base model that an acceleration LoRA has become part of."""

    def prepare_base(self, base: LoadedBase, task: TrainingTask) -> LoadedBase:
        return accelerate(base, task.spec.base_model)


class DreamBooth(PlainLora):
    """Each step also has a batch of what the base model draws for the class prompt.

    Source: Ruiz et al. 2022, section 3.3 (prior preservation).
    """

    def list_extra(
        self, base: LoadedBase, task: TrainingTask, progress: Progress
    ) -> tuple[Picture, ...]:
        return list_class_images(base, task, progress)


TECHNIQUES: Mapping[Method, Technique] = {
    Method.LORA: PlainLora(),
    Method.HYPER_LORA: HyperLora(),
    Method.DREAMBOOTH: DreamBooth(),
}
