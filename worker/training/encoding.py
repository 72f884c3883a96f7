"""Latents and text embeddings, computed once before the first step and kept for the next training."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from diffusers import AutoencoderKL
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from core.errors import TrainingError
from worker.base_models import LoadedBase
from worker.training.cache import Cache, fingerprint
from worker.training.conditioning import Texts, encode_tokens, tokenize
from worker.training.images import Picture, load_cropped
from worker.training.settings import Settings

Progress = Callable[[int, int], None]
"""Told how many of how many are done; raises when the training is to stop."""


@dataclass(frozen=True)
class Encoded:
    """A dataset ready to train on; its tensors are mapped files, so it takes no memory of its own."""

    pictures: tuple[Picture, ...]
    latents: tuple[tuple[Tensor, ...], ...]
    """For each picture one or, with mirrored ones, two views, [4, H/8, W/8] each."""
    texts: dict[str, Texts]
    """By text; the empty one is always there."""

    def take(self, indices: Sequence[int]) -> "Encoded":
        """Take some of the pictures."""
        pictures = tuple(self.pictures[index] for index in indices)
        return Encoded(pictures, tuple(self.latents[index] for index in indices), self.texts)


@torch.inference_mode()
def encode_images(pixels: Tensor, vae: AutoencoderKL) -> Tensor:
    """Encode pixels to scaled latents, [N, 3, H, W] in [-1, 1] -> [N, 4, H/8, W/8].

    The posterior's mean is taken, so a picture always has the same latents.
    Source: Rombach et al. 2022 (latents times the autoencoder's scaling_factor)."""
    parts = [
        vae.encode(chunk.to(vae.device, vae.dtype)).latent_dist.mean
        for chunk in torch.split(pixels, 4)
    ]
    latents: Tensor = (torch.cat(parts) * vae.config.scaling_factor).float().cpu().clone()
    return latents


@torch.inference_mode()
def encode_captions(
    captions: Sequence[str], tokenizer: CLIPTokenizer, text_encoder: CLIPTextModel
) -> Tensor:
    """Encode captions to text embeddings, N texts -> [N, 77, D]; longer ones are cut at 77 tokens."""
    tokens = tokenizer(
        list(captions), padding="max_length", truncation=True, max_length=77, return_tensors="pt"
    ).input_ids.to(text_encoder.device)
    parts = [text_encoder(chunk).last_hidden_state for chunk in torch.split(tokens, 16)]
    return torch.cat(parts).float().cpu().clone()


def encode_dataset(
    base: LoadedBase,
    pictures: Sequence[Picture],
    settings: Settings,
    cache: Cache,
    progress: Progress,
) -> Encoded:
    """Encode every picture (mirrored too, when asked) and every text, or find them in the cache.

    Each is encoded alone, so that its bits do not depend on what else the dataset holds. Texts stay
    tokens when the text encoder is trained.
    """
    texts = sorted({"", *(text for picture in pictures for text in picture.texts)})
    total = len(pictures) + len(texts)
    latents = []
    model = fingerprint(base.vae)
    for index, picture in enumerate(pictures):
        progress(index, total)
        if picture.views:
            latents.append(picture.views)
            continue
        views = (False, True) if settings.flip else (False,)
        latents.append(tuple(_encode_view(base, picture, v, (cache, model)) for v in views))
    encoded = {}
    model = fingerprint(*base.text_encoders)
    for index, text in enumerate(texts, len(pictures)):
        progress(index, total)
        if settings.train_text_encoder:
            encoded[text] = {name: ids[0] for name, ids in tokenize(base, [text]).items()}
        else:
            encoded[text] = _encode_text(base, text, (cache, model))
    progress(total, total)
    return Encoded(tuple(pictures), tuple(latents), encoded)


def _encode_view(
    base: LoadedBase, picture: Picture, is_mirrored: bool, place: tuple[Cache, str]
) -> Tensor:
    """Encode one view of a picture, [4, H/8, W/8]. Raises TrainingError when it is not finite."""
    cache, model = place
    width, height = picture.bucket
    key = f"latents|{picture.sha256}|{model}|{width}x{height}|centre|{is_mirrored}"
    found = cache.find(key)
    if found is not None and "latents" in found:
        return found["latents"]
    pixels = load_cropped(picture.file, picture.bucket)
    latents = encode_images((pixels.flip(-1) if is_mirrored else pixels)[None], base.vae)[0]
    if not bool(torch.isfinite(latents).all()):
        raise TrainingError(
            "The base model's autoencoder made numbers of a picture that are not finite. An admin "
            "should check the base model's autoencoder; all points were returned.",
            code="loss_nan",
        )
    return cache.keep(key, {"latents": latents})["latents"]


def _encode_text(base: LoadedBase, text: str, place: tuple[Cache, str]) -> Texts:
    cache, model = place
    key = f"text|{text}|{model}"
    found = cache.find(key)
    if found is not None and "context" in found:
        return found
    with torch.inference_mode():
        encoded = encode_tokens(base, tokenize(base, [text]))
    return cache.keep(key, {name: value[0].clone() for name, value in encoded.items()})
