"""The demo once more as a conversation: a zip of its pictures, and a script for `trainyard chat`."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from config.demo.pictures import TRIGGER_WORD, Picture
from core.offerings.records import ParamValue

SCRIPT = "demo.chat"
_ZIP = "pictures.zip"
_LINES = """\
# The same training as a conversation. Play it, or type it line by line in `make chat` from this folder:
#   {program} chat --script {script}
# Lines are what somebody types; `expect:` must be in the answer, `wait:` comes as news.
/start
New dataset
Demo
expect: “Demo” is ready
Add pictures
pictures.zip
expect: {pictures} pictures added to “Demo”
done
/dataset report Demo
expect: Check of “Demo”
/dataset show Demo
expect: dataset.png
Train
Tiny LoRA
expect: Which word shall bring your model into a prompt?
{trigger}
expect: Your balance
Change settings
{settings}
expect: Train on “Demo” for
Train
expect: Your training is on its way
wait: “Demo: {trigger}” is ready
expect: Charged
expect: samples.png
Download
1
expect: SHA-256
/statement
expect: settled
"""


def write_conversation(
    out: Path, pictures: tuple[Picture, ...], params: Mapping[str, ParamValue], program: str
) -> None:
    """Write the zip and the script beside each other: paths in a script begin where it lies."""
    with zipfile.ZipFile(out / _ZIP, "w") as archive:
        for picture in pictures:
            body = io.BytesIO()
            picture.image.save(body, "PNG")
            archive.writestr(f"{picture.name}.png", body.getvalue())
            if picture.caption:
                archive.writestr(f"{picture.name}.txt", picture.caption)
    script = out / SCRIPT
    text = _LINES.format(
        program=program,
        script=script,
        pictures=len(pictures),
        trigger=TRIGGER_WORD,
        settings=" ".join(f"{name}={_write(value)}" for name, value in params.items()),
    )
    script.write_text(text, "utf-8")


def _write(value: ParamValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
