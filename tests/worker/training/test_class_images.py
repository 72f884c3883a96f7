"""Class images are drawn once, kept whole, drawn on where a kill left off, and give each step a second batch."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from core.offerings.records import ParamValue, TrainingSpec
from tests.worker.training.tasks import TINY, Told, make_booth, make_task, train
from tests.worker.training.test_resume import cut_off, move
from worker.base_models import LoadedBase, load_base
from worker.messages import StageLine, TrainingTask
from worker.training.class_images import list_class_images
from worker.training.sampling import draw_latents

Params = dict[str, ParamValue]
Drawn = list[tuple[str, int, int]]


class KilledError(BaseException):
    """Ends drawing between two instructions, as a kill does."""


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """The prompt, side and seed of each class image that is drawn from now on."""
    known = Drawn()

    def note(
        base: LoadedBase, prompts: Sequence[str], way: tuple[int, int], check: Callable[[], None]
    ) -> Tensor:
        known.append((prompts[0], *way))
        return draw_latents(base, prompts, way, check)

    monkeypatch.setattr("worker.training.class_images.draw_latents", note)
    return known


@pytest.fixture(scope="module")
def base() -> LoadedBase:
    return load_base(TINY)


def make_booth_task(place: Path, spec: TrainingSpec) -> TrainingTask:
    """Make a task whose cache lies beside it, as other trainings see it."""
    task = make_task(place, spec, images=2)
    return task.model_copy(update={"cache": place.parent / "cache"})


def draw_all(base: LoadedBase, place: Path, spec: TrainingSpec) -> list[Tensor]:
    pictures = list_class_images(base, make_booth_task(place, spec), lambda *_: None)
    return [view for picture in pictures for view in picture.views]


def test_class_images_are_drawn_once_and_reused(
    tmp_path: Path, base: LoadedBase, drawn: Drawn
) -> None:
    first = draw_all(base, tmp_path / "a", make_booth(flip=True))
    assert len(drawn) == len(set(drawn)) == 3
    again = draw_all(base, tmp_path / "b", make_booth(flip=True))
    assert len(drawn) == 3
    assert len(first) == 6  # each also mirrored
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    assert not any(torch.equal(one, first[0]) for one in first[1:])


@pytest.mark.parametrize(
    ("changed", "prompt", "count"),
    [
        ({"class_images": 5}, "a red star", 2),
        ({"class_images": 2}, "a red star", 0),
        ({"seed": 2}, "a red star", 3),
        ({"resolution_px": 48}, "a red star", 3),
        ({}, "a blue star", 3),
        ({"rank": 2, "prior_loss_weight": 0.5, "steps": 9}, "a red star", 0),
    ],
)
def test_only_what_has_another_key_is_drawn(
    changed: Params, prompt: str, count: int, tmp_path: Path, base: LoadedBase, drawn: Drawn
) -> None:
    draw_all(base, tmp_path / "a", make_booth())
    drawn.clear()
    spec = make_booth(**changed).model_copy(update={"class_prompt": prompt})
    draw_all(base, tmp_path / "b", spec)
    assert len(drawn) == count


def test_another_base_model_draws_its_own(tmp_path: Path, drawn: Drawn) -> None:
    other = load_base(TINY)
    before = draw_all(other, tmp_path / "a", make_booth())
    with torch.no_grad():
        other.unet.conv_out.weight.mul_(0.9)
    after = draw_all(other, tmp_path / "b", make_booth())
    assert len(drawn) == 6
    assert not torch.equal(before[0], after[0])


@pytest.mark.parametrize("spoil", ["torn", "not finite", "another shape"])
def test_a_damaged_class_image_is_drawn_again(
    spoil: str, tmp_path: Path, base: LoadedBase, drawn: Drawn
) -> None:
    whole = [view.clone() for view in draw_all(base, tmp_path / "a", make_booth())]
    file = sorted((tmp_path / "cache").glob("*/*.safetensors"))[0]
    if spoil == "torn":
        body = file.read_bytes()
        file.unlink()
        file.write_bytes(body[:200])
    else:
        file.unlink()
        shape = (4, 8, 8) if spoil == "not finite" else (4, 8, 6)
        save_file({"latents": torch.full(shape, float("nan"))}, file)
    drawn.clear()
    again = draw_all(base, tmp_path / "b", make_booth())
    assert len(drawn) == 1
    assert all(torch.equal(one, other) for one, other in zip(whole, again, strict=True))


def test_a_drawing_that_is_killed_goes_on_where_it_was(
    tmp_path: Path, base: LoadedBase, drawn: Drawn
) -> None:
    def die_at_two(done: int, total: int) -> None:
        if done == 2:
            raise KilledError

    spec = make_booth(class_images=4)
    with pytest.raises(KilledError):
        list_class_images(base, make_booth_task(tmp_path / "a", spec), die_at_two)
    assert len(drawn) == 2
    draw_all(base, tmp_path / "b", spec)
    assert len(drawn) == len(set(drawn)) == 4


def test_a_training_tells_of_its_class_images_and_stops_while_it_draws_them(
    tmp_path: Path, drawn: Drawn
) -> None:
    task = make_booth_task(tmp_path / "a", make_booth())

    def stop(told: Told) -> bool:
        return any(
            isinstance(line, StageLine) and line.stage == "class images" for line in told.lines
        )

    told = train(task, stop)
    assert told.was_stopped and len(drawn) == 1 and not told.losses
    stages = [line.text for line in told.lines if isinstance(line, StageLine)]
    assert "class images 0 of 3" in stages


def test_a_step_has_a_batch_of_the_class_at_its_weight(tmp_path: Path) -> None:
    def run(name: str, **params: ParamValue) -> Told:
        return train(make_booth_task(tmp_path / name, make_booth(**{"steps": 1, **params})))

    without, light, full = run("0", class_images=0), run("1", prior_loss_weight=0.5), run("2")
    losses = [told.losses[0][1] for told in (without, light, full)]
    assert losses[0] < losses[1] < losses[2]
    assert losses[1] - losses[0] == pytest.approx(losses[2] - losses[1], rel=1e-4)
    assert full.metadata["ss_prior_loss_weight"] == "1.0"
    assert full.metadata["ss_num_reg_images"] == "3"
    assert full.metadata["ss_num_train_images"] == "2"
    assert without.metadata["ss_prior_loss_weight"] == "None"


@pytest.mark.parametrize("way", ["plain", "accumulation"])
def test_a_training_that_is_cut_off_and_resumed_makes_the_same_files(
    way: str, tmp_path: Path
) -> None:
    more: Params = {"gradient_accumulation_steps": 2, "network_dropout": 0.2, "flip": True}
    spec = make_booth(steps=6, class_images=3, **(more if way == "accumulation" else {}))
    whole = train(make_task(tmp_path / "whole", spec, images=3))
    cut = cut_off(make_task(tmp_path / "cut", spec, images=3), 3)
    update = {"checkpoint": move(cut, tmp_path / "checkpoint")}
    resumed = train(make_task(tmp_path / "on", spec, images=3).model_copy(update=update))
    assert resumed.losses == whole.losses[3:]
    assert resumed.done.files[0].read_bytes() == whole.done.files[0].read_bytes()


def test_class_images_are_never_held_out(tmp_path: Path) -> None:
    spec = make_booth(validation_share=0.5, validation_every_steps=1)
    told = train(make_booth_task(tmp_path / "a", spec))
    assert told.metadata["ss_num_validation_images"] == "1"
    assert told.metadata["ss_num_reg_images"] == "3"
