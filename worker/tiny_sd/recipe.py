"""The three passes that make the shipped weights, apart so that the numbers are read, and changed, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pass:
    """How one pass trains; a later pass starts from the half-precision weights of the one before.

    `autoencoder_schedule_steps` is where the autoencoder's learning rate would reach its end; the
    second pass stops short of it, and the third leaves the autoencoder alone. `scenes_of_three`
    is how many of three images for the autoencoder are scenes, the rest being rich drawings;
    `detail_share` the share of its loss that an image's details carry; `scenes` how many scenes
    the denoiser learns from.
    """

    name: str
    seed: int
    autoencoder_steps: int
    autoencoder_schedule_steps: int
    scenes_of_three: int
    detail_share: float
    denoiser_steps: int
    denoiser_learning_rate: float
    scenes: int


PASSES: tuple[Pass, ...] = (
    Pass(
        name="first",
        seed=7,
        autoencoder_steps=4000,
        autoencoder_schedule_steps=4000,
        scenes_of_three=1,
        detail_share=0.0,
        denoiser_steps=3600,
        denoiser_learning_rate=1e-3,
        scenes=16_000,
    ),
    Pass(
        name="second",
        seed=8,
        autoencoder_steps=3250,
        autoencoder_schedule_steps=4500,
        scenes_of_three=2,
        detail_share=0.5,
        denoiser_steps=800,
        denoiser_learning_rate=5e-4,
        scenes=6_000,
    ),
    Pass(
        name="third",
        seed=9,
        autoencoder_steps=0,
        autoencoder_schedule_steps=0,
        scenes_of_three=2,
        detail_share=0.5,
        denoiser_steps=400,
        denoiser_learning_rate=5e-4,
        scenes=6_000,
    ),
)
