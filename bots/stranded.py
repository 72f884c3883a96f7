"""What people are told of a job that no worker can take: why, and what becomes of it."""

from pydantic import JsonValue

from bots.dialog import Button, Reply, Scalar, Style, Tone
from bots.wording import N_, Words
from core.jobs.obstacles import Obstacle, ObstacleCode
from core.jobs.records import Kind

_TITLES = {
    Kind.TRAIN: N_("Your training waits for a worker"),
    Kind.GENERATE: N_("Your generation waits for a worker"),
    Kind.CAPTION: N_("Your captions wait for a worker"),
}
_KINDS = {
    Kind.TRAIN: N_("No worker that trains is up."),
    Kind.GENERATE: N_("No worker that draws is up."),
    Kind.CAPTION: N_("No worker that writes captions is up."),
}
_COMMANDS = {
    Kind.TRAIN: ("training", "job"),
    Kind.GENERATE: ("generation", "generation"),
    Kind.CAPTION: ("captioning", "caption"),
}
"""What a job of a kind is called in commands, and the commands' group."""


def explain_obstacle(words: Words, kind: Kind, obstacle: Obstacle) -> str:
    """Say why no worker can take a job of this kind."""
    if obstacle.code is ObstacleCode.NO_WORKER:
        return words.say("No worker is up.")
    if obstacle.code is ObstacleCode.NO_KIND:
        return words.say(_KINDS[kind])
    if obstacle.code is ObstacleCode.NO_FAMILY:
        return words.say("No worker for {family} is up.", family=obstacle.family)
    gb = words.number(obstacle.vram_gb)
    return words.say("No worker with {gb} GB is up.", gb=gb)


def announce_stranded(words: Words, data: dict[str, JsonValue]) -> Reply:
    """Say that a job waits, why, and that waiting costs nothing."""
    kind, obstacle = Kind(str(data["job_kind"])), Obstacle.model_validate(data["obstacle"])
    name, group = _COMMANDS[kind]
    bound: dict[str, Scalar] = {name: str(data["job"])}
    then = words.say(
        "It starts by itself when one comes up. Until then you can cancel it and get all points back."
    )
    return Reply(
        words.say(_TITLES[kind]),
        f"{explain_obstacle(words, kind, obstacle)} {then}",
        buttons=(
            Button(words.say("Look at it"), f"{group} show", bound, Style.PRIMARY),
            Button(words.say("Cancel it"), f"{group} cancel", bound, Style.DANGER),
        ),
        tone=Tone.CAUTION,
    )
