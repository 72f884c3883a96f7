"""Stable Diffusion XL at its real structure and small width, random weights, as folder and as single file."""

import re
from pathlib import Path

import torch
from diffusers import (
    EulerDiscreteScheduler,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from tests.worker import small_sd15
from tests.worker.small_sd15 import configure_text, make_autoencoder, name_vae_tensors
from worker.tiny_sd.build import load_tokenizer, restore_text_prefix

_WIDTHS = (32, 48)
"""Of the two text encoders; diffusers tells them apart in a single file by their widths."""


def make_folder(place: Path) -> Path:
    """Write the pipeline as a diffusers folder: three levels, attention on two, two text encoders."""
    torch.manual_seed(16)
    tokenizer = load_tokenizer()
    one, two = (configure_text(width, len(tokenizer)) for width in _WIDTHS)
    pipeline = StableDiffusionXLPipeline(
        vae=make_autoencoder(0.13025),
        unet=UNet2DConditionModel(
            sample_size=8,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            block_out_channels=(16, 32, 64),
            layers_per_block=2,
            transformer_layers_per_block=(1, 2, 3),
            cross_attention_dim=sum(_WIDTHS),
            attention_head_dim=(1, 2, 4),
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=_WIDTHS[1] + 6 * 8,
            norm_num_groups=4,
        ),
        text_encoder=CLIPTextModel(one),
        text_encoder_2=CLIPTextModelWithProjection(two),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        scheduler=EulerDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
        ),
    )
    pipeline.save_pretrained(place, safe_serialization=True)
    restore_text_prefix(place / "text_encoder" / "model.safetensors")
    return place


def make_single_file(folder: Path, file: Path) -> Path:
    """Write a folder's weights as one file with the original names, as checkpoints are shared.

    Source: the names of Stability-AI/generative-models' sd_xl_base_1.0; OpenCLIP's for the second encoder.
    """
    pipeline = StableDiffusionXLPipeline.from_pretrained(folder)
    tensors: dict[str, Tensor] = {}
    for name, value in pipeline.unet.state_dict().items():
        tensors[f"model.diffusion_model.{name_unet(name)}"] = value
    tensors |= name_vae_tensors(pipeline.vae)
    for name, value in pipeline.text_encoder.state_dict().items():
        bare = name.removeprefix("text_model.")
        tensors[f"conditioner.embedders.0.transformer.text_model.{bare}"] = value
    tensors |= _name_open_clip(pipeline.text_encoder_2.state_dict())
    save_file({name: value.contiguous() for name, value in tensors.items()}, file)
    return file


def _name_open_clip(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Name the second text encoder's weights as OpenCLIP does, whose q, k and v are one matrix."""
    prefix = "conditioner.embedders.1.model."
    named: dict[str, Tensor] = {}
    for name, value in state.items():
        bare = name.removeprefix("text_model.")
        if found := re.match(r"encoder\.layers\.(\d+)\.self_attn\.q_proj\.(weight|bias)", bare):
            parts = [state[name.replace("q_proj", part)] for part in ("q_proj", "k_proj", "v_proj")]
            place = f"transformer.resblocks.{found[1]}.attn.in_proj_{found[2]}"
            named[prefix + place] = torch.cat(parts)
        elif not re.search(r"self_attn\.(k|v)_proj|position_ids", bare):
            named[prefix + _rename_open_clip(bare)] = value.T if "projection" in bare else value
    return named


def _rename_open_clip(name: str) -> str:
    for new, old in (
        (r"^encoder\.layers\.", "transformer.resblocks."),
        (r"self_attn\.out_proj", "attn.out_proj"),
        (r"layer_norm1", "ln_1"),
        (r"layer_norm2", "ln_2"),
        (r"mlp\.fc1", "mlp.c_fc"),
        (r"mlp\.fc2", "mlp.c_proj"),
        (r"^final_layer_norm", "ln_final"),
        (r"^embeddings\.token_embedding\.weight", "token_embedding.weight"),
        (r"^embeddings\.position_embedding\.weight", "positional_embedding"),
        (r"^text_projection\.weight", "text_projection"),
    ):
        name = re.sub(new, old, name)
    return name


_ONLY_XL = (
    (r"add_embedding\.linear_1\.", "label_emb.0.0."),
    (r"add_embedding\.linear_2\.", "label_emb.0.2."),
    (r"up_blocks\.0\.upsamplers\.0\.", "output_blocks.2.2."),
)
"""Where SDXL's names differ from SD 1.5's: its first block upwards has attention before the upsampler."""


def name_unet(name: str) -> str:
    """Give a UNet parameter its original name."""
    for pattern, old in _ONLY_XL:
        if re.match(pattern, name):
            return re.sub(pattern, old, name)
    return small_sd15.name_unet(name)
