"""Compares 4 steps with the acceleration LoRA to other ways of drawing: `python -m worker.tiny_sd.compare`."""

import argparse
import time
from pathlib import Path

import numpy as np
from PIL import Image

from worker.tiny_sd import ACCELERATION_FILE, WEIGHTS_FOLDER
from worker.tiny_sd.measure import (
    SEED,
    Way,
    collect_samples,
    draw_pictures,
    score,
    write_captions,
)
from worker.tiny_sd.scenes import draw_scenes
from worker.tiny_sd.sheet import Sample, make_sheet
from worker.tiny_sd.training import prepare_cpu

COLUMNS = 8
WAYS = (
    Way(),
    Way(steps=4, guidance_scale=1.0, acceleration=ACCELERATION_FILE, spacing="trailing"),
    Way(steps=4, guidance_scale=4.0, spacing="trailing"),
    Way(steps=4, guidance_scale=1.0, spacing="trailing"),
)
"""In the sheet's order of rows."""


def measure_difference(one: list[Image.Image], other: list[Image.Image]) -> float:
    """Measure how far pictures from the same noise are apart, the mean over pixels and channels, 0 to 255."""
    pairs = zip(one, other, strict=True)
    apart = [np.abs(np.asarray(a, np.float32) - np.asarray(b, np.float32)) for a, b in pairs]
    return float(np.mean(apart))


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare ways of drawing on held-out prompts.")
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--sheet", type=Path, help=f"write {COLUMNS} pictures of each way")
    arguments = parser.parse_args()
    prepare_cpu()
    scenes = draw_scenes(arguments.prompts, SEED, held_out=True)
    captions = write_captions(scenes, SEED)
    rows: list[Sample] = []
    first: list[Image.Image] = []
    for way in WAYS:
        began_s = time.monotonic()
        pictures = draw_pictures(WEIGHTS_FOLDER, captions, SEED, way)
        took_s = time.monotonic() - began_s
        found = score(scenes, pictures)
        first = first or pictures
        print(
            f"{way.describe()}: shape {found.shape:.1%}, foreground {found.foreground:.1%}, "
            f"background {found.background:.1%}, all {found.everything:.1%}, "
            f"{measure_difference(first, pictures):.1f} of 255 from the first way, {took_s:.0f} s",
            flush=True,
        )
        rows += collect_samples(scenes, captions, pictures)[:COLUMNS]
    if arguments.sheet:
        make_sheet(rows, COLUMNS).save(arguments.sheet, optimize=True)


if __name__ == "__main__":
    main()
