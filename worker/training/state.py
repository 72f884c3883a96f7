"""What a training has come to: all that a checkpoint keeps, and nothing else."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from worker.training.lora import get_weights


@dataclass
class Validation:
    """How the loss on held-out pictures went."""

    best_loss: float | None = None
    best_step: int = 0
    since_best: int = 0
    """Validations since the best one."""
    best_weights: dict[str, Tensor] = field(default_factory=dict)

    def note(self, step: int, loss: float, parameters: dict[str, nn.Parameter]) -> bool:
        """Note a validation, keep the weights when it is the best so far, and tell whether it is."""
        if self.best_loss is not None and loss >= self.best_loss:
            self.since_best += 1
            return False
        self.best_loss, self.best_step, self.since_best = loss, step, 0
        self.best_weights = get_weights(parameters)
        return True


@dataclass
class State:
    """A training between two steps."""

    parameters: dict[str, nn.Parameter]
    """The LoRA's, by `<component>.<peft's name>`."""
    optimizer: torch.optim.Optimizer
    step: int = 0
    validation: Validation = field(default_factory=Validation)
