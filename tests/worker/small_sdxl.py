"""Stable Diffusion XL at its real structure and small width, random weights, as folder and as single file."""

import re
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from tests.worker.small_sd15 import name_vae
from worker.tiny_sd.build import load_tokenizer, restore_text_prefix

_WIDTHS = (32, 48)
"""Of the two text encoders; diffusers tells them apart in a single file by their widths."""


def make_folder(place: Path) -> Path:
    """Write the pipeline as a diffusers folder: three levels, attention on two, two text encoders."""
    torch.manual_seed(16)
    tokenizer = load_tokenizer()
    one, two = (_configure_text(width, len(tokenizer)) for width in _WIDTHS)
    pipeline = StableDiffusionXLPipeline(
        vae=AutoencoderKL(
            block_out_channels=(8, 8, 16, 16),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2,
            latent_channels=4,
            norm_num_groups=4,
            scaling_factor=0.13025,
        ),
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


def _configure_text(width: int, vocabulary: int) -> CLIPTextConfig:
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

    Source: the names of Stability-AI/generative-models' sd_xl_base_1.0; OpenCLIP's for the second encoder.
    """
    pipeline = StableDiffusionXLPipeline.from_pretrained(folder)
    tensors: dict[str, Tensor] = {}
    for name, value in pipeline.unet.state_dict().items():
        tensors[f"model.diffusion_model.{name_unet(name)}"] = value
    for name, value in pipeline.vae.state_dict().items():
        original = name_vae(name)
        is_attention = re.search(r"attn_1\.(q|k|v|proj_out)\.weight", original)
        tensors[f"first_stage_model.{original}"] = value[..., None, None] if is_attention else value
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


def name_unet(name: str) -> str:
    """Give a UNet parameter its original name: three blocks a level, counted through."""
    for new, old in (
        (".norm1.", ".in_layers.0."),
        (".conv1.", ".in_layers.2."),
        (".norm2.", ".out_layers.0."),
        (".conv2.", ".out_layers.3."),
        (".time_emb_proj.", ".emb_layers.1."),
        (".conv_shortcut.", ".skip_connection."),
    ):
        name = name.replace(new, old) if ".resnets." in name else name
    for pattern, write in _UNET:
        if found := re.match(pattern, name):
            numbers = [int(number) for number in found.groups()]
            return write(*numbers) + name[found.end() :]
    raise ValueError(name)


_UNET = (
    (r"conv_in", lambda: "input_blocks.0.0"),
    (r"conv_norm_out", lambda: "out.0"),
    (r"conv_out", lambda: "out.2"),
    (r"time_embedding\.linear_1", lambda: "time_embed.0"),
    (r"time_embedding\.linear_2", lambda: "time_embed.2"),
    (r"add_embedding\.linear_1", lambda: "label_emb.0.0"),
    (r"add_embedding\.linear_2", lambda: "label_emb.0.2"),
    (r"down_blocks\.(\d)\.resnets\.(\d)", lambda i, j: f"input_blocks.{3 * i + j + 1}.0"),
    (r"down_blocks\.(\d)\.attentions\.(\d)", lambda i, j: f"input_blocks.{3 * i + j + 1}.1"),
    (r"down_blocks\.(\d)\.downsamplers\.0\.conv", lambda i: f"input_blocks.{3 * i + 3}.0.op"),
    (r"mid_block\.resnets\.(\d)", lambda j: f"middle_block.{2 * j}"),
    (r"mid_block\.attentions\.0", lambda: "middle_block.1"),
    (r"up_blocks\.(\d)\.resnets\.(\d)", lambda i, j: f"output_blocks.{3 * i + j}.0"),
    (r"up_blocks\.(\d)\.attentions\.(\d)", lambda i, j: f"output_blocks.{3 * i + j}.1"),
    (r"up_blocks\.(\d)\.upsamplers\.0\.conv", lambda i: f"output_blocks.{3 * i + 2}.2.conv"),
)
