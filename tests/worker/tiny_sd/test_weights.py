"""The shipped weights: small, complete, and able to draw what they were never shown."""

import pytest

from worker.tiny_sd import WEIGHTS_FOLDER
from worker.tiny_sd.build import load_tokenizer
from worker.tiny_sd.measure import draw_pictures, score
from worker.tiny_sd.scenes import draw_scenes, list_words


def test_the_pipeline_is_small_and_safetensors_only() -> None:
    files = [file for file in WEIGHTS_FOLDER.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= 16 * 1024**2
    assert {file.suffix for file in files} <= {".json", ".txt", ".safetensors"}


def test_each_word_of_the_vocabulary_is_one_token() -> None:
    tokenizer = load_tokenizer()
    long = [word for word in list_words() if len(tokenizer(word).input_ids) != 3]
    assert long == []
    assert len(tokenizer("zorblax 猫 portrait").input_ids) > 3


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_held_out_prompts_are_drawn_right() -> None:
    scenes = draw_scenes(20, 31, held_out=True)
    assert score(scenes, draw_pictures(WEIGHTS_FOLDER, scenes, 31)).everything >= 0.8
