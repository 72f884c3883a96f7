"""Low-rank changes are the same network as a LoRA file that strangers load."""

import copy
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from torch import Tensor, nn

from worker.tiny_sd import WEIGHTS_FOLDER
from worker.tiny_sd.low_rank import LowRank, add_low_rank, save_low_rank
from worker.tiny_sd.networks import create_scheduler
from worker.tiny_sd.trajectories import follow_teacher, list_times, step_ddim


def test_changes_start_from_the_network_and_load_as_a_lora(tmp_path: Path) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(
        WEIGHTS_FOLDER, dtype=torch.float32, safety_checker=None
    )
    changed = copy.deepcopy(pipeline.unet)
    changes = add_low_rank(changed, 3)
    assert _run(changed).equal(_run(pipeline.unet))
    for change in changes.values():
        assert isinstance(change, LowRank)
        nn.init.normal_(change.up, std=0.02)
    save_low_rank(changes, tmp_path / "lora.safetensors", {"ss_network_dim": "16"})
    pipeline.load_lora_weights(tmp_path, weight_name="lora.safetensors")
    difference = (_run(pipeline.unet) - _run(changed)).abs().max()
    assert difference < 5e-3 * _run(changed).abs().max()


def test_only_the_changes_are_trained() -> None:
    unet = StableDiffusionPipeline.from_pretrained(WEIGHTS_FOLDER, safety_checker=None).unet
    changes = add_low_rank(unet, 3)
    trained = {name for name, p in unet.named_parameters() if p.requires_grad}
    assert trained and all(
        "parametrizations" in name and "original" not in name for name in trained
    )
    assert len(trained) == 2 * len(changes)


def test_segments_start_where_four_trailing_steps_are() -> None:
    times = list_times()
    scheduler = create_scheduler().from_config(
        create_scheduler().config, timestep_spacing="trailing"
    )
    scheduler.set_timesteps(4)
    assert times[:, 0].tolist() == scheduler.timesteps.tolist()
    assert times[:-1, -1].tolist() == times[1:, 0].tolist()
    assert times[-1, -1] == -1


def test_a_step_is_that_of_diffusers() -> None:
    scheduler = create_scheduler()
    scheduler.set_timesteps(4)
    noisy, noise = torch.randn(2, 2, 4, 8, 8)
    now = scheduler.timesteps[1]
    kept, kept_next = scheduler.alphas_cumprod[now], scheduler.alphas_cumprod[now - 250]
    expected = scheduler.step(noise, now, noisy).prev_sample
    assert torch.allclose(step_ddim(noisy, noise, kept, kept_next), expected, atol=1e-5)


def test_the_teacher_starts_where_the_student_arrived() -> None:
    unet = StableDiffusionPipeline.from_pretrained(WEIGHTS_FOLDER, safety_checker=None).unet.float()
    contexts, alphas = torch.randn(2, 77, 128), create_scheduler().alphas_cumprod

    def jump(noisy: Tensor, chunk: Tensor, segment: int) -> Tensor:
        return torch.full_like(noisy, segment + 0.5)

    alone = follow_teacher(unet, contexts, alphas, 1, None).states
    led = follow_teacher(unet, contexts, alphas, 1, jump).states
    assert alone[1:, 0].equal(alone[:-1, -1])
    assert led[0].equal(alone[0])
    assert [float(led[n, 0].mean()) for n in (1, 2, 3)] == [0.5, 1.5, 2.5]


@torch.inference_mode()
def _run(unet: nn.Module) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    noisy = torch.randn(2, 4, 8, 8, generator=generator)
    context = torch.randn(2, 77, 128, generator=generator)
    output: Tensor = unet(noisy, torch.tensor([999, 249]), context).sample
    return output
