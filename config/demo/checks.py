"""What must be so in a demo that went well: one that finds otherwise says what, and fails."""

from config.demo import figures
from core.errors import TrainyardError
from worker.findings import Evaluation, Glance


def insist(is_so: bool, otherwise: str) -> None:
    """Raise TrainyardError with a sentence for the person unless something is so."""
    if not is_so:
        raise TrainyardError(f"This is not as it must be: {otherwise}")


def check_points(bought: figures.Bought, before_points: int) -> None:
    """Check that a training's points add up: quote, hold, charge, refund and balance."""
    points = bought.get_points()
    quote, hold, charge, refund = (points[name] for name in ("quote", "hold", "charge", "refund"))
    insist(
        quote == hold == charge + refund,
        f"{quote} points were quoted, {hold} held, {charge} charged and {refund} returned.",
    )
    insist(
        points["balance"] == before_points - charge,
        f"of {before_points} points {charge} were charged, and {points['balance']} are left.",
    )


def check_learned(found: Evaluation) -> None:
    """Check that the LoRA of the demo's own pictures has learned them."""
    loss, far = found.held_out_loss, found.distances
    insist(
        loss.after < 0.9 * loss.before,
        f"the loss on held-out pictures was {loss.before:.4f} and is {loss.after:.4f}.",
    )
    insist(
        far.lora_with_trigger < far.base_with_trigger,
        "with the LoRA pictures are no nearer to the dataset than without it.",
    )


def check_forgetting(glance: Glance) -> None:
    """Check that class images keep the class from being forgotten."""
    base, kept, lost = (look.class_loss or 0.0 for look in glance.looks)
    insist(
        0 < kept < lost,
        f"the loss of the class is {base:.4f}, {kept:.4f} with class images, {lost:.4f} without.",
    )


def check_four_steps(glance: Glance) -> None:
    """Check that what few steps draw comes nearer to the dataset."""
    before, after = (look.distance or 0.0 for look in glance.looks)
    insist(
        0 < after < before,
        f"the distance to the dataset was {before:.3f} and is {after:.3f}.",
    )
