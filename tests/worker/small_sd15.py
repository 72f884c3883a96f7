"""Stable Diffusion 1.5 at its real structure and small width, random weights, as folder and as single file."""

import re
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel

from worker.tiny_sd.build import load_tokenizer, restore_text_prefix

_WIDTH = 32


def make_folder(place: Path) -> Path:
    """Write the pipeline as a diffusers folder: block types, layers and module names of SD 1.5."""
    torch.manual_seed(15)
    tokenizer = load_tokenizer()
    pipeline = StableDiffusionPipeline(
        vae=make_autoencoder(0.18215),
        unet=UNet2DConditionModel(
            sample_size=8,
            block_out_channels=(16, 16, 32, 32),
            layers_per_block=2,
            cross_attention_dim=_WIDTH,
            attention_head_dim=4,
            norm_num_groups=4,
        ),
        text_encoder=CLIPTextModel(configure_text(_WIDTH, len(tokenizer))),
        tokenizer=tokenizer,
        scheduler=DDIMScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            steps_offset=1,
            clip_sample=False,
            set_alpha_to_one=False,
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(place, safe_serialization=True)
    restore_text_prefix(place / "text_encoder" / "model.safetensors")
    return place


def make_autoencoder(scaling_factor: float) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
        norm_num_groups=4,
        scaling_factor=scaling_factor,
    )


def configure_text(width: int, vocabulary: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=4 * width,
        projection_dim=width,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=77,
        bos_token_id=vocabulary - 2,
        eos_token_id=vocabulary - 1,
    )


def make_single_file(folder: Path, file: Path) -> Path:
    """Write a folder's weights as one file with the original names, as checkpoints are shared.

    Source: the names of CompVis/stable-diffusion's v1 checkpoints.
    """
    pipeline = StableDiffusionPipeline.from_pretrained(folder, safety_checker=None)
    tensors: dict[str, Tensor] = {}
    for name, value in pipeline.unet.state_dict().items():
        tensors[f"model.diffusion_model.{name_unet(name)}"] = value
    tensors |= name_vae_tensors(pipeline.vae)
    for name, value in pipeline.text_encoder.state_dict().items():
        bare = name.removeprefix("text_model.")
        tensors[f"cond_stage_model.transformer.text_model.{bare}"] = value
    save_file({name: value.contiguous() for name, value in tensors.items()}, file)
    return file


def name_unet(name: str) -> str:
    """Give a UNet parameter its original name."""
    name = _rename_resnet(name) if ".resnets." in name else name
    for pattern, write in _UNET:
        found = re.match(pattern, name)
        if found:
            return write(*found.groups())
    raise ValueError(name)


def _rename_resnet(name: str) -> str:
    for new, old in (
        ("norm1", "in_layers.0"),
        ("conv1", "in_layers.2"),
        ("norm2", "out_layers.0"),
        ("conv2", "out_layers.3"),
        ("time_emb_proj", "emb_layers.1"),
        ("conv_shortcut", "skip_connection"),
    ):
        name = name.replace(f".{new}.", f".{old}.")
    return name


_UNET = (
    (r"conv_in\.(.+)", lambda end: f"input_blocks.0.0.{end}"),
    (r"conv_norm_out\.(.+)", lambda end: f"out.0.{end}"),
    (r"conv_out\.(.+)", lambda end: f"out.2.{end}"),
    (r"time_embedding\.linear_1\.(.+)", lambda end: f"time_embed.0.{end}"),
    (r"time_embedding\.linear_2\.(.+)", lambda end: f"time_embed.2.{end}"),
    (
        r"down_blocks\.(\d)\.resnets\.(\d)\.(.+)",
        lambda i, j, end: f"input_blocks.{3 * int(i) + int(j) + 1}.0.{end}",
    ),
    (
        r"down_blocks\.(\d)\.attentions\.(\d)\.(.+)",
        lambda i, j, end: f"input_blocks.{3 * int(i) + int(j) + 1}.1.{end}",
    ),
    (
        r"down_blocks\.(\d)\.downsamplers\.0\.conv\.(.+)",
        lambda i, end: f"input_blocks.{3 * int(i) + 3}.0.op.{end}",
    ),
    (r"mid_block\.resnets\.(\d)\.(.+)", lambda j, end: f"middle_block.{2 * int(j)}.{end}"),
    (r"mid_block\.attentions\.0\.(.+)", lambda end: f"middle_block.1.{end}"),
    (
        r"up_blocks\.(\d)\.resnets\.(\d)\.(.+)",
        lambda i, j, end: f"output_blocks.{3 * int(i) + int(j)}.0.{end}",
    ),
    (
        r"up_blocks\.(\d)\.attentions\.(\d)\.(.+)",
        lambda i, j, end: f"output_blocks.{3 * int(i) + int(j)}.1.{end}",
    ),
    (
        r"up_blocks\.(\d)\.upsamplers\.0\.conv\.(.+)",
        lambda i, end: f"output_blocks.{3 * int(i) + 2}.{1 if i == '0' else 2}.conv.{end}",
    ),
)


def name_vae_tensors(vae: AutoencoderKL) -> dict[str, Tensor]:
    """Give an autoencoder's tensors their original names; its attention was made of 1x1 convolutions."""
    tensors: dict[str, Tensor] = {}
    for name, value in vae.state_dict().items():
        original = name_vae(name)
        is_attention = re.search(r"attn_1\.(q|k|v|proj_out)\.weight", original)
        tensors[f"first_stage_model.{original}"] = value[..., None, None] if is_attention else value
    return tensors


def name_vae(name: str) -> str:
    """Give an autoencoder parameter its original name."""
    for pattern, old in (
        (r"encoder\.down_blocks\.(\d)\.resnets\.(\d)", r"encoder.down.\1.block.\2"),
        (r"encoder\.down_blocks\.(\d)\.downsamplers\.0", r"encoder.down.\1.downsample"),
        (r"mid_block\.resnets\.0", "mid.block_1"),
        (r"mid_block\.resnets\.1", "mid.block_2"),
        (r"mid_block\.attentions\.0\.group_norm", "mid.attn_1.norm"),
        (r"mid_block\.attentions\.0\.to_(q|k|v)", r"mid.attn_1.\1"),
        (r"mid_block\.attentions\.0\.to_out\.0", "mid.attn_1.proj_out"),
        (r"conv_shortcut", "nin_shortcut"),
        (r"conv_norm_out", "norm_out"),
    ):
        name = re.sub(pattern, old, name)
    name = re.sub(
        r"decoder\.up_blocks\.(\d)\.resnets\.(\d)",
        lambda m: f"decoder.up.{3 - int(m[1])}.block.{m[2]}",
        name,
    )
    return re.sub(
        r"decoder\.up_blocks\.(\d)\.upsamplers\.0",
        lambda m: f"decoder.up.{3 - int(m[1])}.upsample",
        name,
    )
