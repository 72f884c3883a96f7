"""A LoRA that was trained before can be trained on from, at the strength it had."""

from pathlib import Path

import pytest
import torch

from core.errors import TrainingError
from core.offerings.records import ParamValue
from tests.worker.training.tasks import Told, make_spec, make_task, train
from worker.training.certificate import read_kohya


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Told:
    spec = make_spec(train_text_encoder=True, learning_rate=0.01)
    return train(make_task(tmp_path_factory.mktemp("known"), spec))


def test_training_goes_on_from_the_same_deltas_whatever_the_alpha(
    known: Told, tmp_path: Path
) -> None:
    rates: dict[str, ParamValue] = {"learning_rate": 1e-9, "text_encoder_learning_rate": 1e-9}
    spec = make_spec(train_text_encoder=True, network_alpha=8.0, steps=1, **rates)
    task = make_task(tmp_path, spec).model_copy(update={"start_weights": known.done.files[1]})
    before, after = read_kohya(known.weights), read_kohya(train(task).weights)
    assert any(bool(delta.abs().max() > 1e-4) for delta in before.values())
    for module, delta in before.items():
        assert torch.allclose(after[module], delta, atol=1e-5), module


def test_another_rank_is_refused_in_words(known: Told, tmp_path: Path) -> None:
    spec = make_spec(train_text_encoder=True, rank=2)
    for file in (known.done.files[1], known.done.files[0], tmp_path / "none.safetensors"):
        task = make_task(tmp_path, spec).model_copy(update={"start_weights": file})
        with pytest.raises(TrainingError, match="does not fit"):
            train(task)
