"""What cannot go on ends with its cause, and one shortage of memory is got over."""

from pathlib import Path

import pytest
import torch

from core.errors import TrainingError
from tests.worker.training.tasks import make_spec, make_task, train
from worker.base_models import LoadedBase
from worker.training import encoding, stepping
from worker.training.batches import Batch
from worker.training.denoising import compute_loss
from worker.training.guards import check_finite, describe_out_of_memory
from worker.training.settings import Settings, read_settings


@pytest.mark.parametrize(
    ("params", "cause"),
    [
        ({"learning_rate": 1.0}, "learning rate"),
        ({"optimizer": "prodigy"}, "Prodigy"),
        ({"mixed_precision": "bf16", "learning_rate": 0.0001}, "half precision"),
    ],
)
def test_a_loss_that_is_no_number_names_the_step_and_the_likely_cause(
    params: dict[str, str], cause: str
) -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(TrainingError, match=f"at step 7.*{cause}") as failure:
            check_finite(value, 7, read_settings(make_spec(**params)))
        assert failure.value.code == "loss_nan"


def test_a_training_that_diverges_stops_at_once(tmp_path: Path) -> None:
    spec = make_spec(learning_rate=1e25, steps=50)
    with pytest.raises(TrainingError, match=r"stopped being a number at step [2-5]:"):
        train(make_task(tmp_path, spec))


def test_latents_that_are_no_numbers_are_found_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        encoding, "encode_images", lambda pixels, vae: torch.full((1, 4, 8, 8), float("inf"))
    )
    with pytest.raises(TrainingError, match="autoencoder"):
        train(make_task(tmp_path, make_spec()))


def fail_above(pictures: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let memory run out in batches of more than some pictures; returns the sizes that were tried."""
    sizes = list[int]()

    def compute(base: LoadedBase, batch: Batch, settings: Settings) -> torch.Tensor:
        sizes.append(len(batch.times))
        if len(batch.times) > pictures:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return compute_loss(base, batch, settings)

    monkeypatch.setattr(stepping, "compute_loss", compute)
    return sizes


def test_running_out_of_memory_once_halves_each_batch_and_learns_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = make_spec(steps=3)
    whole = train(make_task(tmp_path / "whole", spec))
    sizes = fail_above(1, monkeypatch)
    halved = train(make_task(tmp_path / "halved", spec))
    assert sizes.count(2) == 1 and len(sizes) > 3
    assert [step for step, _ in halved.losses] == [1, 2, 3]
    for (_, one), (_, other) in zip(whole.losses, halved.losses, strict=True):
        assert one == pytest.approx(other, rel=1e-3)


def test_running_out_of_memory_again_fails_with_what_to_lower(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_above(0, monkeypatch)
    with pytest.raises(TrainingError, match="lower train_batch_size") as failure:
        train(make_task(tmp_path, make_spec()))
    assert failure.value.code == "out_of_memory"


def test_the_advice_leaves_out_what_is_done_already() -> None:
    spec = make_spec(
        train_batch_size=1, gradient_checkpointing=True, mixed_precision="bf16", steps=1
    )
    message = describe_out_of_memory(read_settings(spec)).message
    assert "train_batch_size" not in message and "gradient_checkpointing" not in message
    assert "lower resolution_px" in message
