"""The shipped acceleration LoRA draws in 4 steps, and its distillation goes on where it stopped."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open

from worker.tiny_sd import ACCELERATION_FILE, WEIGHTS_FOLDER
from worker.tiny_sd.acceleration import METADATA, Recipe, distil
from worker.tiny_sd.compare import WAYS, measure_difference
from worker.tiny_sd.measure import draw_pictures, score, write_captions
from worker.tiny_sd.scenes import draw_scenes


def test_four_steps_draw_what_held_out_prompts_ask_for() -> None:
    scenes = draw_scenes(16, 77, held_out=True)
    captions = write_captions(scenes, 77)
    shown = draw_pictures(WEIGHTS_FOLDER, captions, 77, WAYS[1])
    assert score(scenes, shown).everything >= 0.85


def test_four_steps_come_nearer_to_25_with_the_lora_than_without() -> None:
    captions = write_captions(draw_scenes(6, 78, held_out=True), 78)
    slow, fast, plain = (
        draw_pictures(WEIGHTS_FOLDER, captions, 78, WAYS[place]) for place in (0, 1, 3)
    )
    assert measure_difference(slow, fast) < 0.7 * measure_difference(slow, plain)


def test_the_file_is_small_and_says_how_it_is_sampled() -> None:
    assert ACCELERATION_FILE.stat().st_size < 2_000_000
    with safe_open(ACCELERATION_FILE, "pt") as file:
        metadata = file.metadata()
    assert METADATA.items() <= metadata.items()
    assert "4 steps, guidance 1" in metadata["modelspec.usage_hint"]


def test_a_finished_distillation_is_not_trained_again(tmp_path: Path) -> None:
    recipe = Recipe(rounds=2, trajectories=1, round_steps=1, batch_size=1)
    first = distil(recipe, tmp_path).state_dict()
    assert any(bool(value.any()) for name, value in first.items() if name.endswith(".up"))
    for cache in tmp_path.iterdir():
        cache.chmod(0o444)
    again = distil(recipe, tmp_path).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert (tmp_path / "changes.pt").stat().st_mode & 0o222 == 0  # not written again


def test_difference_is_the_mean_over_pixels_and_channels() -> None:
    black, grey = (Image.fromarray(np.full((4, 4, 3), n, np.uint8)) for n in (0, 30))
    assert measure_difference([black, black], [black, grey]) == 15.0
