"""The sizes and constructors of every part of the tiny pipeline, apart so that they are read in one place."""

from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from worker.tiny_sd.scenes import RESOLUTION_PX

LATENT_SIDE = RESOLUTION_PX // 8
TEXT_WIDTH = 128
TEXT_POSITIONS = 77


def create_autoencoder() -> AutoencoderKL:
    """Create an untrained autoencoder, [N, 3, 64, 64] <-> [N, 4, 8, 8]."""
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(16, 32, 64, 96),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=RESOLUTION_PX,
    )


def create_unet() -> UNet2DConditionModel:
    """Create an untrained UNet whose module names are those of Stable Diffusion 1.5."""
    return UNet2DConditionModel(
        sample_size=LATENT_SIDE,
        in_channels=4,
        out_channels=4,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(64, 96, 96),
        layers_per_block=1,
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=4,  # diffusers reads this as the number of heads, as in SD 1.5
        norm_num_groups=16,
    )


def create_text_encoder(vocabulary_size: int) -> CLIPTextModel:
    """Create an untrained CLIP text encoder; the two last tokens are start and end of text."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary_size,
            hidden_size=TEXT_WIDTH,
            intermediate_size=4 * TEXT_WIDTH,
            projection_dim=TEXT_WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=TEXT_POSITIONS,
            hidden_act="quick_gelu",
            bos_token_id=vocabulary_size - 2,
            eos_token_id=vocabulary_size - 1,
            pad_token_id=vocabulary_size - 1,
        )
    )


def create_scheduler() -> DDIMScheduler:
    """Create the noise schedule.

    Source: scheduler_config.json of Stable Diffusion 1.5 (Rombach et al. 2022).
    """
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type="epsilon",
    )
