"""The parameters that the trainer reads, by name and type; the catalogue may offer these and no others."""

from typing import Literal

from core.offerings.records import TrainingSpec
from core.records import Value


class Settings(Value):
    """One training's parameters, as the recipe uses them."""

    steps: int
    train_batch_size: int
    resolution_px: int
    learning_rate: float
    lr_scheduler: Literal["constant", "cosine"]
    lr_warmup_steps: int
    rank: int
    network_alpha: float
    min_snr_gamma: float
    noise_offset: float
    caption_dropout: float
    max_grad_norm: float
    flip: bool
    sample_every_steps: int
    seed: int


KNOWN_PARAMS: frozenset[str] = frozenset(Settings.model_fields)


def read_settings(spec: TrainingSpec) -> Settings:
    """Read a specification's parameters; one too many or too few is an error, not a default."""
    return Settings.model_validate(spec.params)
