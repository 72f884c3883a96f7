"""Every parameter that the trainer reads changes what it does."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from diffusers.models.attention import BasicTransformerBlock

from config.settings import Settings as AppSettings
from core.offerings.catalogue import LORA_PARAMS, parse_base_models, parse_offerings
from core.offerings.dreambooth import PRIOR_PARAMS
from core.offerings.epochs import resolve_steps
from core.offerings.records import Method, Output, ParamValue, TrainingSpec
from tests.core.yard import read_offerings
from tests.worker.training.tasks import SIZES, Told, make_booth, make_spec, make_task, train
from worker.training.methods import TECHNIQUES
from worker.training.settings import KNOWN_PARAMS, Settings

Params = dict[str, ParamValue]
RESTARTS: Params = {"lr_scheduler": "cosine-restarts"}
VALIDATED: Params = {
    "validation_share": 0.4,
    "validation_every_steps": 1,
    "learning_rate": 0.05,
    "steps": 8,
}
TEXT: Params = {"train_text_encoder": True, "steps": 2}
BOOTH: Params = {"class_images": 2}
SHUFFLED: Params = {"shuffle_caption": True, "caption_dropout": 0.0}

VARIED: dict[str, tuple[ParamValue, Params]] = {
    "steps": (5, {}),
    "epochs": (4, {}),
    "train_batch_size": (1, {}),
    "resolution_px": (48, {}),
    "learning_rate": (0.004, {}),
    "lr_scheduler": ("linear", {}),
    "lr_warmup_steps": (3, {}),
    "lr_cycles": (2, RESTARTS),
    "rank": (2, {}),
    "network_alpha": (4.0, {}),
    "min_snr_gamma": (0.0, {}),
    "noise_offset": (0.2, {}),
    "caption_dropout": (0.9, {}),
    "max_grad_norm": (0.01, {}),
    "flip": (True, {}),
    "seed": (2, {}),
    "gradient_accumulation_steps": (2, {}),
    "repeats": (2, {}),
    "shuffle_caption": (True, {"caption_dropout": 0.0}),
    "keep_tokens": (2, SHUFFLED),
    "optimizer": ("adafactor", {}),
    "weight_decay": (0.5, {"learning_rate": 0.01}),
    "network_dropout": (0.3, {}),
    "target_modules": ("all", {}),
    "train_text_encoder": (True, {"steps": 2}),
    "text_encoder_learning_rate": (0.01, TEXT),
    "mixed_precision": ("bf16", {}),
    "validation_share": (0.4, {}),
    "class_images": (3, BOOTH),
    "prior_loss_weight": (0.3, BOOTH),
}
"""Parameters that the weights must show: another value, and what it takes for it to matter."""
TOLD: dict[str, tuple[ParamValue, Params]] = {
    "sample_every_steps": (2, {}),
    "validation_every_steps": (2, VALIDATED),
    "early_stop_patience": (1, VALIDATED),
}
"""Parameters that show in what the training says."""
RECOMPUTED = "gradient_checkpointing"
"""The one that may change neither: it is there for memory alone."""
Run = Callable[..., Told]


def count_epochs(spec: TrainingSpec) -> TrainingSpec:
    """Count the steps as the core does before a training is priced."""
    params = resolve_steps(read_offerings().get("tiny-lora"), spec.params, SIZES)
    return spec.model_copy(update={"params": params})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Trains with some parameters, once however often it is asked."""
    folder, known = tmp_path_factory.mktemp("runs"), dict[str, Told]()

    def run_once(**params: ParamValue) -> Told:
        key = json.dumps(params, sort_keys=True)
        if key not in known:
            make = make_booth if "class_images" in params else make_spec
            task = make_task(folder / f"{len(known)}", count_epochs(make(**params)))
            known[key] = train(task.model_copy(update={"cache": folder / "cache"}))
        return known[key]

    return run_once


def test_each_parameter_is_tried_and_none_is_tried_in_vain() -> None:
    assert {*VARIED, *TOLD, RECOMPUTED} == KNOWN_PARAMS


def test_the_catalogue_offers_every_parameter_with_a_default_the_trainer_takes() -> None:
    methods = set()
    files = AppSettings()
    models = parse_base_models(files.base_models_file.read_text(), "models")
    text = files.training_offerings_file.read_text()
    for offering in parse_offerings(text, "offerings", models, KNOWN_PARAMS):
        defaults = {param.name: param.default for param in offering.params}
        unread = frozenset() if offering.method is Method.DREAMBOOTH else PRIOR_PARAMS
        unread |= LORA_PARAMS if offering.output is Output.CHECKPOINT else frozenset()
        assert set(defaults) == KNOWN_PARAMS - unread, offering.id
        assert offering.method in TECHNIQUES
        methods.add((offering.method, offering.family, offering.output))
        Settings.model_validate(defaults)
        for param in offering.params:
            for choice in param.choices:
                Settings.model_validate({**defaults, param.name: choice})
    for family in ("tiny", "sd15", "sdxl"):
        assert (Method.DREAMBOOTH, family, Output.LORA) in methods
    for family in ("tiny", "sd15"):
        assert (Method.DREAMBOOTH, family, Output.CHECKPOINT) in methods


@pytest.mark.parametrize("name", VARIED)
def test_a_parameter_changes_the_weights(name: str, run: Run) -> None:
    other, context = VARIED[name]
    plain, varied = run(**context).weights, run(**{**context, name: other}).weights
    assert plain.keys() != varied.keys() or not all(
        plain[key].shape == varied[key].shape and torch.equal(plain[key], varied[key])
        for key in plain
        if not key.endswith(".alpha")
    )


def test_the_last_step_of_counted_epochs_ends_the_last_epoch(run: Run) -> None:
    told = run(epochs=4, validation_share=0.4, repeats=2)
    metadata = told.metadata
    assert metadata["ss_epoch"] == metadata["ss_num_epochs"] == "4"
    assert int(metadata["ss_steps"]) == 4 * int(metadata["ss_num_batches_per_epoch"])
    assert metadata["ss_num_train_images"] == "6"


@pytest.mark.parametrize("name", TOLD)
def test_a_parameter_changes_what_is_said(name: str, run: Run) -> None:
    other, context = TOLD[name]
    assert run(**context).describe() != run(**{**context, name: other}).describe()


def test_gradient_checkpointing_computes_twice_and_comes_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    forward, counted = BasicTransformerBlock.forward, list[bool]()

    def count(self: object, *args: object, **more: object) -> object:
        counted.append(True)
        return forward(self, *args, **more)

    monkeypatch.setattr(BasicTransformerBlock, "forward", count)
    plain = train(make_task(tmp_path / "a", make_spec(steps=2)))
    once = len(counted)
    sparing = train(make_task(tmp_path / "b", make_spec(steps=2, gradient_checkpointing=True)))
    assert len(counted) - once > once
    for key, value in plain.weights.items():
        assert torch.allclose(value.float(), sparing.weights[key].float(), atol=1e-3), key
