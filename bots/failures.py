"""What is said when something does not work: every error of the core in words, and the unexpected with a number."""

import logging
import secrets

from bots.dialog import Button, Reply, Tone
from bots.wording import N_, Words
from core.errors import (
    ConflictError,
    ForbiddenError,
    InsufficientPointsError,
    NotFoundError,
    OverCapError,
    TooLargeError,
    TrainyardError,
    UnavailableError,
    UnreadableImageError,
)

_log = logging.getLogger(__name__)
_TITLES: tuple[tuple[type[TrainyardError], str], ...] = (
    (InsufficientPointsError, N_("Not enough points")),
    (OverCapError, N_("Beyond your own cap")),
    (UnreadableImageError, N_("This picture cannot be used")),
    (TooLargeError, N_("Too large")),
    (ForbiddenError, N_("Not allowed")),
    (NotFoundError, N_("Not found")),
    (ConflictError, N_("Not as things are now")),
    (UnavailableError, N_("Not right now")),
)


def explain(words: Words, error: TrainyardError, *buttons: Button) -> Reply:
    """Say what went wrong, and offer what helps."""
    title = next((t for kind, t in _TITLES if isinstance(error, kind)), N_("That does not work"))
    helpful: tuple[Button, ...] = buttons or (Button(words.say("Help"), "help"),)
    if isinstance(error, InsufficientPointsError):
        helpful = (Button(words.say("Statement"), "statement"), *helpful)
    if isinstance(error, OverCapError):
        helpful = (Button(words.say("Change the cap"), "cap"), *helpful)
    return Reply(words.say(title), words.known(error.message), buttons=helpful, tone=Tone.BAD)


def apologise(words: Words) -> Reply:
    """Answer an error that nobody foresaw: log it under a number that the person can pass on."""
    incident = secrets.token_hex(4)
    _log.exception("incident %s", incident)
    return Reply(
        words.say("Something went wrong"),
        words.say(
            "That should not have happened. Nothing of it was your doing; try again, and if it "
            "stays, tell the operator this number: {incident}",
            incident=incident,
        ),
        buttons=(Button(words.say("Help"), "help"),),
        tone=Tone.BAD,
    )
