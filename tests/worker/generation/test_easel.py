"""A base model that stays loaded draws the same bytes as one that was just loaded, whatever came between."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

from core.errors import TrainingError
from core.offerings.records import Acceleration
from tests.worker.generation.tasks import Heard, draw_cold, give, make_drawing, use
from worker.base_models import LoadedBase, load_base
from worker.evaluation import make_pipeline
from worker.generation.drawing import draw_pictures
from worker.generation.easel import Easel
from worker.generation.loras import LoraSwap
from worker.messages import DrawLine, LoraFile
from worker.tiny_sd import ACCELERATION_FILE
from worker.training.hashes import compute_hashes
from worker.training.report import StoppedError


def open_picture(body: bytes) -> npt.NDArray[np.float32]:
    return np.asarray(Image.open(io.BytesIO(body)), np.float32)


def test_the_same_record_gives_the_same_bytes_warm_or_cold(
    folder: Path, lora: LoraFile, other: LoraFile
) -> None:
    spec = make_drawing("a flagon, striped")
    cold = draw_cold(folder / "cold", spec, lora)
    plain = draw_cold(folder / "plain", spec)
    heard = Heard()
    easel = Easel(heard.lines.append, lambda: False)
    give(easel, folder / "1", spec, lora)
    give(easel, folder / "2", make_drawing("something else", seed=3), other, lora)
    give(easel, folder / "3", spec, lora)
    give(easel, folder / "4", spec)
    assert heard.pictures[:2] == cold
    assert heard.pictures[4:6] == cold
    assert heard.pictures[6:8] == plain != cold
    assert len(set(cold)) == 2, "each picture has its own seed"


def test_loras_leave_no_trace_in_the_base_model(lora: LoraFile, other: LoraFile) -> None:
    base = load_base(make_drawing().base_model)
    swap = LoraSwap(base)
    kept = {n: {k: v.clone() for k, v in p.state_dict().items()} for n, p in _list_parts(base)}
    swap.put_in((lora, use(other.file, 0.5)))
    for name, part in _list_parts(base):
        assert not all(torch.equal(value, kept[name][k]) for k, value in part.state_dict().items())
    swap.put_in((lora,))
    swap.take_out()
    swap.take_out()
    for name, part in _list_parts(base):
        assert all(torch.equal(value, kept[name][k]) for k, value in part.state_dict().items())


def _list_parts(base: LoadedBase) -> list[tuple[str, torch.nn.Module]]:
    return list(base.components.items())


def test_a_lora_draws_what_a_stranger_draws_with_diffusers(folder: Path, other: LoraFile) -> None:
    spec = make_drawing("a flagon, striped", count=1)
    (ours,) = draw_cold(folder, spec, other)
    pipeline = make_pipeline(load_base(spec.base_model))
    pipeline.load_lora_weights(str(other.file.parent), weight_name=other.file.name)
    size = {"width": spec.width_px, "height": spec.height_px}
    way = {"num_inference_steps": spec.steps, "guidance_scale": spec.guidance_scale}
    generator = [torch.Generator().manual_seed(spec.seed)]
    (theirs,) = pipeline([spec.prompt], generator=generator, **size, **way).images
    assert np.abs(open_picture(ours) - np.asarray(theirs, np.float32)).mean() < 1.0
    (plain,) = draw_cold(folder / "plain", spec)
    assert np.abs(open_picture(ours) - open_picture(plain)).mean() > 3.0


def test_a_weight_scales_what_a_lora_does(folder: Path, lora: LoraFile, other: LoraFile) -> None:
    spec = make_drawing("a flagon, striped", count=1)
    plain, whole, half, both = (
        open_picture(draw_cold(folder / str(number), spec, *loras)[0])
        for number, loras in enumerate(
            ((), (lora,), (use(lora.file, 0.5),), (lora, use(other.file, 1.0)))
        )
    )
    assert 0 < np.abs(half - plain).mean() < np.abs(whole - plain).mean()
    assert np.abs(both - whole).mean() > 0


def test_pictures_that_are_there_already_change_nothing_in_the_others(folder: Path) -> None:
    spec = make_drawing(count=3)
    whole, heard = draw_cold(folder / "whole", spec), Heard()
    give(Easel(heard.lines.append, lambda: False), folder / "rest", spec, done=(0, 2))
    assert heard.pictures == [whole[1]]
    later = draw_cold(folder / "later", make_drawing(count=1, seed=spec.seed + 2))
    assert later == [whole[2]]


def test_size_negative_prompt_and_steps_reach_the_picture(folder: Path) -> None:
    spec = make_drawing(count=1, width_px=96, height_px=64)
    (wide,) = draw_cold(folder / "wide", spec)
    assert Image.open(io.BytesIO(wide)).size == (96, 64)
    others: tuple[dict[str, object], ...] = (
        {"negative_prompt": "red"},
        {"steps": 6},
        {"guidance_scale": 2.0},
    )
    for name, changes in enumerate(others):
        assert draw_cold(folder / str(name), spec.model_copy(update=changes)) != [wide]


def test_a_few_step_sampler_goes_under_the_loras_and_is_pinned(
    folder: Path, lora: LoraFile
) -> None:
    sha256 = compute_hashes(ACCELERATION_FILE).sha256
    acceleration = Acceleration(
        id="tiny-sd-4-steps", source="builtin:tiny_sd", steps=4, sha256=sha256
    )
    few = make_drawing(acceleration=acceleration, scheduler="ddim-trailing", guidance_scale=1.0)
    cold = draw_cold(folder / "cold", few, lora)
    heard = Heard()
    easel = Easel(heard.lines.append, lambda: False)
    usual = few.model_copy(update={"acceleration": None, "scheduler": "ddim"})
    give(easel, folder / "1", usual, lora)
    give(easel, folder / "2", few, lora)
    give(easel, folder / "3", usual, lora)
    assert heard.pictures[2:4] == cold
    assert heard.pictures[:2] == heard.pictures[4:] != cold
    moved = few.model_copy(
        update={"acceleration": acceleration.model_copy(update={"sha256": "a" * 64})}
    )
    with pytest.raises(TrainingError) as refused:
        give(easel, folder / "4", moved)
    assert refused.value.code == "acceleration_missing"


@pytest.mark.parametrize("kind", ["empty", "cut", "text", "other architecture"])
def test_a_bad_lora_file_is_named(folder: Path, lora: LoraFile, kind: str) -> None:
    file = folder / "bad.safetensors"
    whole = lora.file.read_bytes()
    if kind == "other architecture":
        file = (
            ACCELERATION_FILE.parents[1] / "weights" / "vae" / "diffusion_pytorch_model.safetensors"
        )
    else:
        file.write_bytes(
            {"empty": b"", "cut": whole[: len(whole) // 2], "text": b"hello" * 99}[kind]
        )
    with pytest.raises(TrainingError, match="could not be put in") as refused:
        draw_cold(folder, make_drawing(), use(file, 1.0))
    assert refused.value.code == "bad_lora"


def test_a_picture_that_is_not_one_is_refused(folder: Path, lora: LoraFile) -> None:
    broken = use(lora.file, 1e30)
    with pytest.raises(TrainingError, match="weight or the guidance") as refused:
        draw_cold(folder, make_drawing(), broken)
    assert refused.value.code == "image_nan"


class _Narrow(torch.nn.Module):
    """A UNet on a device with memory for so many pictures at once, guidance counted twice."""

    def __init__(self, base: LoadedBase, most: int) -> None:
        super().__init__()
        self.unet = base.unet
        self.conv_in = base.unet.conv_in
        self.most = most
        self.seen: list[int] = []

    def forward(self, noisy: torch.Tensor, *given: object, **named: object) -> object:
        self.seen.append(len(noisy))
        if len(noisy) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return self.unet(noisy, *given, **named)


def test_a_batch_without_memory_is_halved_until_it_fits() -> None:
    base = load_base(make_drawing().base_model)
    narrow = _Narrow(base, 4)
    base.__dict__["unet"] = narrow
    spec = make_drawing(count=5, steps=2)
    drawn = list(draw_pictures(base, spec, range(5), 8, lambda step: None))
    assert [index for index, _ in drawn] == [0, 1, 2, 3, 4]
    assert [size for size in dict.fromkeys(narrow.seen)] == [10, 4, 2]
    narrow.most = 1
    with pytest.raises(TrainingError, match="Make it smaller") as refused:
        list(draw_pictures(base, spec, range(5), 8, lambda step: None))
    assert refused.value.code == "out_of_memory"


def test_a_stop_ends_between_two_steps(folder: Path) -> None:
    heard = Heard()
    easel = Easel(heard.lines.append, lambda: len(heard.lines) > 4)
    with pytest.raises(StoppedError):
        give(easel, folder, make_drawing(steps=50))
    assert [line.step for line in heard.lines if isinstance(line, DrawLine)] == [0, 1, 2]
    assert heard.stages == ["loading", "drawing"] and heard.pictures == []
