"""Epochs into steps, before anything is priced: steps are what is bought and what the trainer counts."""

from collections.abc import Mapping, Sequence

from core.datasets.buckets import Size, get_step_px
from core.datasets.epochs import choose_held_out, count_epoch_batches
from core.errors import InvalidError
from core.offerings.records import Offering, ParamValue

EPOCHS = "epochs"


def resolve_steps(
    offering: Offering, params: Mapping[str, ParamValue], sizes: Sequence[Size] | None
) -> dict[str, ParamValue]:
    """Put the steps that the epochs come to in place of `steps`; without epochs nothing changes.

    `sizes` are the dataset's pictures in its order. Raises InvalidError when they are not known, or
    when it would be more or fewer steps than the offering has.
    """
    epochs = int(params.get(EPOCHS, 0))
    if not epochs or sizes == []:  # an empty dataset is refused for its size
        return dict(params)
    if sizes is None:
        raise InvalidError(
            "How many steps an epoch has depends on the pictures: name the dataset, or give steps.",
            field="params.epochs",
        )
    steps = count_steps(offering, params, sizes, epochs)
    bounds = offering.find_param("steps")
    low, high = (bounds.min or 1, bounds.max or steps) if bounds else (1, steps)
    if not low <= steps <= high:
        raise InvalidError(
            f"{epochs} epochs of these pictures are {steps} steps, and {offering.name} takes {low} to "
            f"{high}. Change epochs, repeats or train_batch_size.",
            field="params.epochs",
        )
    return {**params, "steps": steps}


def count_steps(
    offering: Offering, params: Mapping[str, ParamValue], sizes: Sequence[Size], epochs: int
) -> int:
    """Count the steps in which every picture that is trained on is seen `epochs` x `repeats` times.

    ceil(batches x epochs / accumulation); without buckets that is ceil(pictures x repeats x epochs /
    (batch x accumulation)).
    """
    share, seed = float(params.get("validation_share", 0)), int(params.get("seed", 0))
    batches = count_epoch_batches(
        sizes,
        choose_held_out(len(sizes), share, seed),
        (int(params["resolution_px"]), get_step_px(offering.family)),
        int(params.get("repeats", 1)),
        int(params["train_batch_size"]),
    )
    return -(-batches * epochs // int(params.get("gradient_accumulation_steps", 1)))
