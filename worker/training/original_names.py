"""Stable Diffusion 1.5's parts in the names of its original code, in which whole models are shared as one file."""

import re
from collections.abc import Mapping

from torch import Tensor, nn

from worker.base_models import LoadedBase

_UNET, _VAE, _TEXT = (
    "model.diffusion_model.",
    "first_stage_model.",
    "cond_stage_model.transformer.text_model.",
)
_RESNET = (
    ("norm1", "in_layers.0"),
    ("conv1", "in_layers.2"),
    ("norm2", "out_layers.0"),
    ("conv2", "out_layers.3"),
    ("time_emb_proj", "emb_layers.1"),
    ("conv_shortcut", "skip_connection"),
)
_ENDS = (
    (r"conv_in\.", "input_blocks.0.0."),
    (r"conv_norm_out\.", "out.0."),
    (r"conv_out\.", "out.2."),
    (r"time_embedding\.linear_1\.", "time_embed.0."),
    (r"time_embedding\.linear_2\.", "time_embed.2."),
    (r"mid_block\.resnets\.0\.", "middle_block.0."),
    (r"mid_block\.attentions\.0\.", "middle_block.1."),
    (r"mid_block\.resnets\.1\.", "middle_block.2."),
)
_AUTOENCODER = (
    (r"encoder\.down_blocks\.(\d+)\.resnets\.(\d+)", r"encoder.down.\1.block.\2"),
    (r"encoder\.down_blocks\.(\d+)\.downsamplers\.0", r"encoder.down.\1.downsample"),
    (r"mid_block\.resnets\.0", "mid.block_1"),
    (r"mid_block\.resnets\.1", "mid.block_2"),
    (r"mid_block\.attentions\.0\.group_norm", "mid.attn_1.norm"),
    (r"mid_block\.attentions\.0\.to_(q|k|v)", r"mid.attn_1.\1"),
    (r"mid_block\.attentions\.0\.to_out\.0", "mid.attn_1.proj_out"),
    (r"conv_shortcut", "nin_shortcut"),
    (r"conv_norm_out", "norm_out"),
)
_AUTOENCODER_LINEAR = re.compile(r"attn_1\.(q|k|v|proj_out)\.weight$")


def name_original(base: LoadedBase, unet: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Name a whole model as CompVis' code does: the UNet's given tensors, the other parts as loaded.

    The autoencoder's attention, linear in diffusers, is a 1x1 convolution there.
    Source: the names of CompVis/stable-diffusion's v1 checkpoints; convert_ldm_unet_checkpoint and
    convert_ldm_vae_checkpoint of diffusers' single_file_utils.py, turned around.
    """
    layers = base.unet.config.layers_per_block
    tensors = {_UNET + name_unet(name, layers, unet): value for name, value in unet.items()}
    levels = len(base.vae.config.block_out_channels)
    for name, value in base.vae.state_dict().items():
        original = name_autoencoder(name, levels)
        is_linear = _AUTOENCODER_LINEAR.search(original)
        tensors[_VAE + original] = value[..., None, None] if is_linear else value
    for name, value in _list_text(base.text_encoder):
        tensors[_TEXT + name] = value
    return tensors


def _list_text(encoder: nn.Module) -> list[tuple[str, Tensor]]:
    return [
        (name.removeprefix("text_model."), value)
        for name, value in encoder.state_dict().items()
        if not name.endswith("position_ids")
    ]


def name_unet(name: str, layers: int, known: Mapping[str, Tensor]) -> str:
    """Give a UNet parameter its original name; `layers` are those of a block, `known` all parameters."""
    if ".resnets." in name:
        for new, old in _RESNET:
            name = name.replace(f".{new}.", f".{old}.")
    for pattern, old in _ENDS:
        if re.match(pattern, name):
            return re.sub(pattern, old, name, count=1)
    found = re.fullmatch(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.+)", name)
    if found is None:
        raise ValueError(name)
    side, block, kind, index, end = found.groups()
    first, is_attention = int(block) * (layers + 1), int(kind == "attentions")
    match kind:
        case "downsamplers":
            return f"input_blocks.{first + layers + 1}.0.{end.replace('conv.', 'op.')}"
        case "upsamplers":
            has_attention = any(key.startswith(f"up_blocks.{block}.attentions.") for key in known)
            return f"output_blocks.{first + layers}.{2 if has_attention else 1}.{end}"
    if side == "down":
        return f"input_blocks.{first + int(index) + 1}.{is_attention}.{end}"
    return f"output_blocks.{first + int(index)}.{is_attention}.{end}"


def name_autoencoder(name: str, levels: int) -> str:
    """Give an autoencoder parameter its original name; its decoder counts the levels backwards."""
    for pattern, old in _AUTOENCODER:
        name = re.sub(pattern, old, name)
    name = re.sub(
        r"decoder\.up_blocks\.(\d+)\.resnets\.(\d+)",
        lambda m: f"decoder.up.{levels - 1 - int(m[1])}.block.{m[2]}",
        name,
    )
    return re.sub(
        r"decoder\.up_blocks\.(\d+)\.upsamplers\.0",
        lambda m: f"decoder.up.{levels - 1 - int(m[1])}.upsample",
        name,
    )
