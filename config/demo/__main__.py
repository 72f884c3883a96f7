"""`python -m config.demo`: the demo as a program of its own, because nothing else needs what draws its sheets."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from config.demo.plan import Plan
from config.demo.story import run_demo


def demo(
    images: Annotated[
        Path | None, typer.Option(help="A folder of your own pictures, captions in .txt files.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the results go.")] = Path("demo-output"),
    data: Annotated[
        Path | None, typer.Option(help="A data folder to keep; otherwise a temporary one.")
    ] = None,
) -> None:
    """Train a LoRA on drawn pictures, through the HTTP API, and show what it learned."""
    sys.exit(run_demo(Plan(out=out.resolve(), images=images, data_folder=data)))


if __name__ == "__main__":
    typer.run(demo)
