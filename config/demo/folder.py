"""Reads a person's own pictures from a folder, with captions from text files of the same name."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from config.demo.pictures import TRIGGER_WORD, Picture, Pictures, add_trigger
from core.errors import InvalidError

MIN_PICTURES = 5
MAX_PICTURES = 200
MAX_HELD_OUT = 3
MAX_PROMPTS = 8
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
_LONG_SIDE_PX = 1024


@dataclass(frozen=True)
class Gathered:
    """What a folder holds, and a sentence for each file that was left alone."""

    pictures: Pictures
    notes: tuple[str, ...]


def read_folder(folder: Path) -> Gathered:
    """Read JPEG, PNG and WebP files in order of their names; every fifth is held out, three at most.

    Other files are left alone with a note. Raises InvalidError when there are too few pictures.
    """
    if not folder.is_dir():
        raise InvalidError(f"{folder} is not a folder; give one with pictures in it.")
    found: list[Picture] = []
    notes: list[str] = []
    for file in sorted(folder.iterdir()):
        if len(found) == MAX_PICTURES:
            notes.append(f"The demo takes {MAX_PICTURES} pictures; what comes after was left out.")
            break
        if file.suffix.lower() in _SUFFIXES and file.is_file():
            _take(file, found, notes)
        elif file.suffix.lower() != ".txt":
            notes.append(f"{file.name} is no JPEG, PNG or WebP file and was left alone.")
    if len(found) < MIN_PICTURES:
        raise InvalidError(
            f"{folder} has {len(found)} readable pictures; the demo needs {MIN_PICTURES}, "
            "because it trains on some and measures on others."
        )
    return Gathered(_split(found), tuple(notes))


def _take(file: Path, found: list[Picture], notes: list[str]) -> None:
    try:
        with Image.open(file, formats=("JPEG", "PNG", "WEBP")) as opened:
            image = ImageOps.exif_transpose(opened).convert("RGB")
        image.thumbnail((_LONG_SIDE_PX, _LONG_SIDE_PX))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        notes.append(f"{file.name} could not be read as a picture and was left alone.")
        return
    name = f"{len(found) + 1:03}-{file.stem}"
    found.append(Picture(name, image, _read_caption(file.with_suffix(".txt"), notes)))


def _read_caption(file: Path, notes: list[str]) -> str:
    """Read a caption on one line; no file is no caption."""
    try:
        return " ".join(file.read_text("utf-8-sig").split())
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError):
        notes.append(f"{file.name} is not UTF-8 text; its picture goes without a caption.")
        return ""


def _split(found: list[Picture]) -> Pictures:
    """Hold out every fifth picture, so that a folder's beginning and end are both trained on."""
    held_out = found[2::5][:MAX_HELD_OUT]
    names = {picture.name for picture in held_out}
    training = [picture for picture in found if picture.name not in names]
    captions = dict.fromkeys(add_trigger(picture.caption) for picture in (*held_out, *training))
    prompts = [*captions, *[TRIGGER_WORD] * MAX_PROMPTS][:MAX_PROMPTS]
    return Pictures(tuple(training), tuple(held_out), tuple(prompts))
