"""The parameters that the trainer reads, by name and type; the catalogue may offer these and no others."""

from typing import Literal

from core.offerings.records import TrainingSpec
from core.records import Value


class Settings(Value):
    """One training's parameters, as the recipe uses them.

    The ones with a default came later: a training that was bought before them is trained without.
    """

    steps: int
    train_batch_size: int
    resolution_px: int
    learning_rate: float
    lr_scheduler: Literal["constant", "linear", "cosine", "cosine-restarts", "polynomial"]
    lr_warmup_steps: int
    rank: int = 0
    """With `network_alpha` 0 where the whole network is trained, without a LoRA."""
    network_alpha: float = 0.0
    min_snr_gamma: float
    noise_offset: float
    caption_dropout: float
    max_grad_norm: float
    flip: bool
    sample_every_steps: int
    seed: int
    epochs: int = 0
    """What `steps` was counted from when it was bought; 0 where steps were asked for."""
    gradient_accumulation_steps: int = 1
    repeats: int = 1
    shuffle_caption: bool = False
    keep_tokens: int = 0
    lr_cycles: int = 1
    optimizer: Literal["adamw", "adamw-8bit", "prodigy", "adafactor"] = "adamw"
    weight_decay: float = 0.01
    network_dropout: float = 0.0
    target_modules: Literal["attention", "attention-ff", "all"] = "attention"
    train_text_encoder: bool = False
    text_encoder_learning_rate: float = 0.00005
    gradient_checkpointing: bool = False
    mixed_precision: Literal["no", "bf16"] = "no"
    validation_share: float = 0.0
    validation_every_steps: int = 100
    early_stop_patience: int = 0
    class_images: int = 0
    prior_loss_weight: float = 1.0


KNOWN_PARAMS: frozenset[str] = frozenset(Settings.model_fields)


def read_settings(spec: TrainingSpec) -> Settings:
    """Read a specification's parameters; one that is not known is an error."""
    return Settings.model_validate(spec.params)
