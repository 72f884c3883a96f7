"""The shipped weights: small, complete, and able to draw what they were never shown."""

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from diffusers.image_processor import VaeImageProcessor

from worker.tiny_sd import WEIGHTS_FOLDER
from worker.tiny_sd.autoencoder import to_pixels
from worker.tiny_sd.build import load_tokenizer
from worker.tiny_sd.measure import draw_pictures, score, write_captions
from worker.tiny_sd.scenes import draw_scene, draw_scenes, list_words


def test_the_pipeline_is_small_and_safetensors_only() -> None:
    files = [file for file in WEIGHTS_FOLDER.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= 16 * 1024**2
    assert {file.suffix for file in files} <= {".json", ".txt", ".safetensors"}


def test_no_settings_file_tells_where_the_weights_were_made() -> None:
    named = [file for file in WEIGHTS_FOLDER.rglob("*.json") if "_name_or_path" in file.read_text()]
    assert named == []


def test_each_word_of_the_vocabulary_is_one_token() -> None:
    tokenizer = load_tokenizer()
    long = [word for word in list_words() if len(tokenizer(word).input_ids) != 3]
    assert long == []
    assert len(tokenizer("zorblax 猫 portrait").input_ids) > 3


def test_the_autoencoder_keeps_what_a_scene_shows() -> None:
    scenes = draw_scenes(100, 17, held_out=True)
    pictures = [draw_scene(scene, index) for index, scene in enumerate(scenes)]
    vae = AutoencoderKL.from_pretrained(WEIGHTS_FOLDER / "vae", torch_dtype=torch.float32)
    pixels = to_pixels(np.stack([np.asarray(picture) for picture in pictures]))
    with torch.inference_mode():
        drawn = vae.decode(vae.encode(pixels).latent_dist.mean).sample
    images = VaeImageProcessor().postprocess(drawn)
    assert score(scenes, images).everything >= 0.96


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_held_out_prompts_are_drawn_right() -> None:
    scenes = draw_scenes(24, 31, held_out=True)
    pictures = draw_pictures(WEIGHTS_FOLDER, write_captions(scenes, 31), 31)
    assert score(scenes, pictures).everything >= 21 / 24
