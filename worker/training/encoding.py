"""Latents and text embeddings, computed once before the first step."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from diffusers import AutoencoderKL
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from worker.base_models import LoadedBase


@dataclass(frozen=True)
class Encoded:
    """A dataset ready to train on.

    latents [V, N, 4, H/8, W/8], V = 1 or 2 with mirrored pictures; contexts [N + 1, 77, D], the last
    one being the empty caption.
    """

    latents: Tensor
    contexts: Tensor


@torch.inference_mode()
def encode_images(pixels: Tensor, vae: AutoencoderKL) -> Tensor:
    """Encode pixels to scaled latents, [N, 3, H, W] in [-1, 1] -> [N, 4, H/8, W/8].

    The posterior's mean is taken, so a picture always has the same latents.
    Source: Rombach et al. 2022 (latents times the autoencoder's scaling_factor)."""
    parts = [vae.encode(chunk.to(vae.dtype)).latent_dist.mean for chunk in torch.split(pixels, 4)]
    latents: Tensor = (torch.cat(parts) * vae.config.scaling_factor).float().clone()
    return latents


@torch.inference_mode()
def encode_captions(
    captions: Sequence[str], tokenizer: CLIPTokenizer, text_encoder: CLIPTextModel
) -> Tensor:
    """Encode captions to text embeddings, N texts -> [N, 77, D]; longer ones are cut at 77 tokens."""
    tokens = tokenizer(
        list(captions), padding="max_length", truncation=True, max_length=77, return_tensors="pt"
    ).input_ids
    parts = [text_encoder(chunk).last_hidden_state for chunk in torch.split(tokens, 16)]
    return torch.cat(parts).float().clone()


def encode_dataset(
    base: LoadedBase, pixels: Tensor, captions: Sequence[str], *, flip: bool
) -> Encoded:
    """Encode every picture (mirrored too, when asked) and every caption once."""
    views = [pixels, pixels.flip(-1)] if flip else [pixels]
    latents = torch.stack([encode_images(view, base.vae) for view in views])
    contexts = encode_captions([*captions, ""], base.tokenizer, base.text_encoder)
    return Encoded(latents, contexts)


def write_caption(caption: str, triggers: Sequence[str]) -> str:
    """Put the trigger words that a caption does not contain before it."""
    lower = caption.lower()
    missing = [word for word in triggers if word.lower() not in lower]
    return ", ".join([*missing, caption] if caption else missing)
