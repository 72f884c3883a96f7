"""What captions by a model cost, and which model writes them; empty where an operator named none."""

import re
import tomllib
from pathlib import PurePath

from pydantic import Field, ValidationError

from core.errors import InvalidError
from core.records import Value

_COMMIT = re.compile(r"[0-9a-f]{40}")


class CaptionOffer(Value):
    """The caption model and its price."""

    model: str = ""
    """A hub id or an absolute path to a folder; empty: captions by a model are off."""
    revision: str = ""
    """The commit that a hub id is pinned to."""
    points_per_100_pictures: int = Field(default=0, ge=0)


def parse_captioning(text: str, origin: str, model: str, revision: str) -> CaptionOffer:
    """Read the price, and check the model that the settings name. Raises InvalidError.

    A hub id without its commit is refused: what it names could become something else.
    """
    is_folder = PurePath(model).is_absolute()
    if model and not is_folder and not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", model):
        raise InvalidError(f"caption_model: “{model}” is no hub id and no absolute path.")
    if model and not is_folder and not _COMMIT.fullmatch(revision):
        raise InvalidError(
            "caption_model_revision: pin the hub id to a commit, forty hexadecimal digits."
        )
    try:
        values = tomllib.loads(text)
        offer = CaptionOffer(**{**values, "model": model, "revision": revision})
    except (tomllib.TOMLDecodeError, TypeError, ValidationError) as error:
        raise InvalidError(
            f"{origin}: points_per_100_pictures must be there, a whole number from 0: {error}"
        ) from error
    if "points_per_100_pictures" not in values:
        raise InvalidError(f"{origin}: points_per_100_pictures is missing")
    return offer
