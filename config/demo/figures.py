"""The demo's figures: what was bought, what was learned, and how both are told and written down."""

import hashlib
from pathlib import Path

from pydantic import JsonValue

from adapters.client.models import (
    EntryView,
    FileView,
    LossPoint,
    NotificationView,
    ReportView,
    TrainingView,
)
from config.demo.screen import Screen
from core.errors import UnavailableError
from core.records import Value
from worker.findings import GENTLE_WEIGHT, Evaluation, Glance


class Bought(Value):
    """A training as its owner sees it afterwards."""

    training: TrainingView
    statement: tuple[EntryView, ...]
    balance_points: int
    losses: tuple[LossPoint, ...]

    def sum_points(self, kind: str) -> int:
        """Sum this training's statement lines of one kind."""
        mine = [line for line in self.statement if line.ref == self.training.id]
        return sum(line.amount_points for line in mine if line.kind == kind)

    def get_points(self) -> dict[str, int]:
        return {
            "quote": self.training.quote.points,
            "hold": -self.sum_points("hold"),
            "charge": self.training.charged_points or 0,
            "refund": self.sum_points("settle"),
            "balance": self.balance_points,
        }


class Summary(Value):
    """Everything that a run of the demo found."""

    took_s: float
    story_s: float
    """Without the chapters that come after."""
    bought: Bought
    learned: Evaluation

    def to_json(self) -> dict[str, JsonValue]:
        """Word it for summary.json; files by their names alone."""
        training, found = self.bought.training, self.learned
        right = found.controls_right
        return {
            "took_s": self.took_s,
            "story_s": self.story_s,
            "training": {
                "id": training.id,
                "offering": training.spec.offering,
                "base_model": training.spec.base_model.id,
                "params": {**training.spec.params},
                "final_loss": training.progress.loss,
            },
            "points": {**self.bought.get_points()},
            "held_out_loss": found.held_out_loss.model_dump(),
            "held_out_training_loss": found.held_out_training_loss.model_dump(),
            "held_out_loss_by_timestep": [list(row) for row in found.held_out_loss_by_timestep],
            "distance_to_dataset": found.distances.model_dump(),
            "controls_right": right.model_dump() if right else None,
        }


def tell_report(report: ReportView, screen: Screen) -> None:
    """Say what the free health report found."""
    captioned = report.items - len(report.uncaptioned)
    size_kb = report.total_bytes / 1024
    screen.say(f"{report.items} pictures, {captioned} captioned, {size_kb:.0f} kB.")
    screen.say(
        f"Near duplicates {len(report.near_duplicates)}, too small {len(report.too_small)}, "
        f"blurred {len(report.blurred)}."
    )
    for advice in report.advice:
        screen.say(f"Advice: {advice}")
    for fit in report.offerings:
        words = f"fits, {fit.price_points} points by default" if fit.fits else fit.reason
        screen.say(f"{fit.name}: {words}")


def tell_news(news: NotificationView, screen: Screen) -> None:
    """Say what the notification about the training says."""
    data = news.data
    screen.say(f"Notification: {news.kind.replace('_', ' ')} after {data['duration_s']} s,")
    screen.say(f"{data['charged_points']} points charged, {data['refunded_points']} refunded.")


def check_download(file: Path, announced: FileView) -> None:
    """Raise UnavailableError when a file is not what the server said it would be."""
    if hashlib.sha256(file.read_bytes()).hexdigest() != announced.sha256:
        raise UnavailableError(f"{file.name} arrived damaged.")


def show_points(bought: Bought, screen: Screen) -> None:
    """Show where every point went."""
    points = bought.get_points()
    rows = [
        ("quote", str(points["quote"]), "by the public formula"),
        ("hold", str(points["hold"]), "set aside when it was submitted"),
        ("charge", str(points["charge"]), "for the steps that were done"),
        ("refund", str(points["refund"]), "for the steps that were not"),
        ("balance", str(points["balance"]), "left to spend"),
    ]
    screen.show_figures("Points", rows)
    screen.show_statement(bought.statement)


def tell_points(bought: Bought, screen: Screen) -> None:
    """Say in a line where a training's points went."""
    points = bought.get_points()
    screen.say(
        f"Quoted {points['quote']} points, held {points['hold']}, charged {points['charge']}; "
        f"{points['balance']} left."
    )


def show_forgetting(glance: Glance, class_prompt: str, screen: Screen) -> None:
    """Show what is left of a class without a LoRA, with class images, and without them."""
    base, kept, lost = (look.class_loss or 0.0 for look in glance.looks)
    rows = [
        ("base", f"{base:.4f}", "draws it as it always did"),
        ("with class images", f"{kept:.4f}", f"{kept / base - 1:+.0%}"),
        ("without", f"{lost:.4f}", f"{lost / base - 1:+.0%}: it forgets the class"),
    ]
    screen.show_figures(f"Loss on fresh pictures of “{class_prompt}”, at the same noise", rows)


def show_four_steps(glance: Glance, steps: int, screen: Screen) -> None:
    """Show how near few steps come to the dataset, before and after."""
    before, after = glance.looks
    rows = [
        ("base", f"{before.distance or 0:.3f}", f"{steps} steps, over the acceleration LoRA"),
        ("Hyper-LoRA", f"{after.distance or 0:.3f}", "same steps, prompts and seeds"),
    ]
    screen.show_figures("Distance of drawn pictures to the dataset (less is nearer)", rows)
    screen.say(
        f"A picture took {after.picture_s * 1000:.0f} ms: {steps} passes through the network, where 20 "
        "steps with guidance are 40."
    )


def show_learned(found: Evaluation, screen: Screen) -> None:
    """Show what the LoRA learned, in figures that a stranger can follow."""
    loss, far = found.held_out_loss, found.distances
    rows = [
        ("before", f"{loss.before:.4f}", "on pictures it never saw"),
        (
            "after",
            f"{loss.after:.4f}",
            f"{1 - loss.after / loss.before:.0%} less, at the same noise",
        ),
    ]
    screen.show_figures("Held-out loss", rows)
    rows = [
        ("base, trigger word", f"{far.base_with_trigger:.3f}", "the base does not know the word"),
        ("LoRA, trigger word", f"{far.lora_with_trigger:.3f}", "same prompts, same seeds"),
        ("LoRA, no trigger word", f"{far.lora_without_trigger:.3f}", "same prompts without it"),
        ("held-out pictures", f"{far.held_out:.3f}", "the real thing, as a yardstick"),
    ]
    screen.show_figures("Distance of drawn pictures to the dataset (less is nearer)", rows)
    if found.controls_right:
        right = found.controls_right
        rows = [
            ("base", f"{right.before:.0%}", "show the shape and colours asked for"),
            (
                f"LoRA at weight {GENTLE_WEIGHT:g}",
                f"{right.gentle_weight:.0%}",
                "a lower weight leaves the rest alone",
            ),
            (
                "LoRA at weight 1",
                f"{right.full_weight:.0%}",
                "full strength tints every prompt",
            ),
        ]
        screen.show_figures("Prompts without the trigger word, drawn as asked", rows)
