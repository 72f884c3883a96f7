"""The learning rate over a training, as a factor of what each group of weights starts from."""

import math

from worker.training.settings import Settings

_POWER = 2.0


def get_rate_factor(step: int, settings: Settings) -> float:
    """Get the factor of a step, counted from 0: linear warm-up, then what the scheduler says, to zero.

    Source: Loshchilov & Hutter 2017 (SGDR) for both cosines; get_polynomial_decay_schedule_with_warmup
    and get_cosine_with_hard_restarts_schedule_with_warmup of diffusers' optimization.py.
    """
    warmup = min(settings.lr_warmup_steps, settings.steps)
    if step < warmup:
        return (step + 1) / warmup
    share = min(1.0, (step - warmup) / max(1, settings.steps - warmup))
    match settings.lr_scheduler:
        case "constant":
            return 1.0
        case "linear":
            return 1 - share
        case "polynomial":
            return float((1 - share) ** _POWER)
        case "cosine":
            return 0.5 * (1 + math.cos(math.pi * share))
        case "cosine-restarts":
            return 0.5 * (1 + math.cos(math.pi * (share * settings.lr_cycles % 1.0)))
