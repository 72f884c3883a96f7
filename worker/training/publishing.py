"""The files that a training ends with, each checked as strangers would load it."""

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from worker.base_models import FAMILIES, LoadedBase
from worker.messages import TrainingTask
from worker.training.card import write_card
from worker.training.certificate import certify
from worker.training.encoding import Encoded
from worker.training.lora import get_weights
from worker.training.metadata import Facts, write_metadata
from worker.training.settings import Settings
from worker.training.state import State
from worker.training.streams import part_streams
from worker.training.weights import save_diffusers, save_kohya, to_kohya


@dataclass(frozen=True)
class Trained:
    """A training at its end."""

    task: TrainingTask
    settings: Settings
    state: State
    trained: Encoded
    held_out: Encoded
    acceleration_sha256: str = ""

    def get_facts(self, step: int) -> Facts:
        """Get what a file of the weights after some step says of itself."""
        return Facts(
            spec=self.task.spec,
            settings=self.settings,
            pictures=self.trained.pictures,
            held_out=len(self.held_out.pictures),
            step=step,
            batches_per_epoch=part_streams(self.trained, self.settings)[0].batches.per_epoch,
            dataset_digest=self.task.dataset_digest,
            acceleration_sha256=self.acceleration_sha256,
        )


def write_files(out: Path, base: LoadedBase, trained: Trained) -> tuple[Path, ...]:
    """Write the LoRA in both formats, its card, and the best weights where those are not the last.

    Raises TrainingError (`bad_weights`).
    """
    state, validation = trained.state, trained.state.validation
    kohya, diffusers = out / "lora.safetensors", out / "lora-diffusers.safetensors"
    weights = get_weights(state.parameters)
    _save_kohya(kohya, weights, trained, state.step)
    save_diffusers(diffusers, weights, trained.settings)
    certify(kohya, diffusers, base)
    files = [kohya, diffusers]
    if validation.best_weights and validation.best_step != state.step:
        best = out / f"lora-best-step{validation.best_step:06d}.safetensors"
        _save_kohya(best, validation.best_weights, trained, validation.best_step)
        files.append(best)
    card = out / "README.md"
    card.write_text(write_card(trained.get_facts(state.step)), encoding="utf-8")
    return (*files, card)


def _save_kohya(file: Path, weights: dict[str, Tensor], trained: Trained, step: int) -> None:
    family = trained.task.spec.base_model.family
    tensors = to_kohya(weights, trained.settings.network_alpha, FAMILIES[family])
    save_kohya(file, tensors, write_metadata(trained.get_facts(step)))
