"""The files say what they are, leak nothing, and carry the names and hashes that others know."""

import hashlib
import json
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.worker.training.tasks import Told, make_spec, make_task, train
from worker.training.hashes import compute_hashes
from worker.training.weights import hash_tensors


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    spec = make_spec(train_text_encoder=True, repeats=2, validation_share=0.2, steps=5)
    return train(make_task(tmp_path_factory.mktemp("run"), spec))


def test_the_text_encoder_is_named_as_kohya_names_it(told: Told) -> None:
    modules = {key.split(".")[0] for key in told.weights}
    text = {module for module in modules if module.startswith("lora_te_")}
    assert "lora_te_text_model_encoder_layers_0_self_attn_q_proj" in text
    assert len(text) == 2 * 4
    for module in modules:
        down, up = (told.weights[f"{module}.lora_{end}.weight"] for end in ("down", "up"))
        assert down.shape[0] == up.shape[1] == 4
        assert float(told.weights[f"{module}.alpha"]) == 2.0


def test_the_header_tells_counts_and_sizes_and_no_caption(told: Told) -> None:
    metadata = told.metadata
    assert metadata["ss_num_train_images"] == "8"  # four of five, twice
    assert metadata["ss_num_validation_images"] == "1"
    assert metadata["ss_steps"] == "5"
    buckets = json.loads(metadata["ss_bucket_info"])["buckets"].values()
    assert sum(bucket["count"] for bucket in buckets) == 8
    assert json.loads(metadata["ss_tag_frequency"]) == {"dataset": {"flagon": 4}}
    assert json.loads(metadata["ss_dataset_dirs"])["dataset"]["n_repeats"] == 2
    for name in ("ss_v2", "ss_network_module", "ss_network_args", "ss_epoch", "ss_clip_skip"):
        assert name in metadata
    for name in ("architecture", "implementation", "title", "resolution", "sai_model_spec"):
        assert metadata[f"modelspec.{name}"]
    said = " ".join(metadata.values()) + told.done.files[-1].read_text()
    assert "striped" not in said and "/" not in metadata["ss_output_name"]


def test_hashes_are_those_that_sites_compute(told: Told) -> None:
    file = told.done.files[0]
    hashes = compute_hashes(file)
    assert hashes.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert hashes.autov2 == hashes.sha256[:10]
    assert hashes.autov3 == hash_tensors(load_file(file))[:12]
    assert told.metadata["sshs_model_hash"][:12] == hashes.autov3


def test_the_best_weights_are_a_file_of_their_own_when_they_are_not_the_last(
    tmp_path: Path,
) -> None:
    spec = make_spec(steps=8, validation_share=0.4, validation_every_steps=1, learning_rate=0.1)
    told = train(make_task(tmp_path, spec))
    best = told.done.best_step
    assert best is not None and best < 8
    names = [file.name for file in told.done.files]
    assert f"lora-best-step{best:06d}.safetensors" in names
