"""A weights file is genuine exactly as it was signed: any changed byte, claim or signer is found, and said."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from adapters.ed25519 import is_signed, read_key
from core.errors import InvalidError
from core.jobs.records import StoredFile
from core.models.statement import PUBLIC_KEY_KEY, SIGNATURE_KEY, STATEMENT_KEY, hash_recipe
from core.studio import Studio
from tests.worker.conftest import Running
from tests.worker.people import meet, submit, wait_for
from tests.worker.training.tasks import make_spec, make_task
from worker.signing import describe_origin, sign_file, sign_files
from worker.tiny_sd import WEIGHTS_FOLDER
from worker.verifying import Verdict, verify_file
from worker.weights_file import open_weights, write_header

OURS, THEIRS = read_key("11" * 32), read_key("22" * 32)


def check(file: Path, key: str = OURS.public_key) -> Verdict:
    return verify_file(file, key, is_signed)


@pytest.fixture
def task(tmp_path: Path) -> Any:  # a TrainingTask; mypy cannot see through the fixture's use below
    return make_task(tmp_path / "task", make_spec(), images=1)


@pytest.fixture
def signed(task: Any, tmp_path: Path) -> Path:
    """A small signed file, with tensors of several types and one that is empty."""
    file = tmp_path / "lora.safetensors"
    tensors = {
        "b": torch.arange(6, dtype=torch.float16).reshape(2, 3),
        "a": torch.ones(3, dtype=torch.float32),
        "empty": torch.zeros(0, 4),
    }
    save_file(tensors, file, {"ss_steps": "4", "modelspec.title": "flagon"})
    sign_file(file, describe_origin(task, "ab" * 32), OURS)
    return file


def test_a_signed_file_is_genuine_and_says_where_it_comes_from(signed: Path, task: Any) -> None:
    verdict = check(signed)
    assert verdict.is_genuine and verdict.public_key == OURS.public_key
    said = verdict.statement
    assert said is not None
    assert (said.base_model, said.base_sha256) == ("tiny-sd", "ab" * 32)
    assert said.trigger_words == ("flagon",) and said.recipe_sha256 == hash_recipe(task.spec)
    assert check(signed, "").is_genuine
    with safe_open(signed, "pt") as file:
        assert file.metadata()["ss_steps"] == "4"
    assert torch.equal(load_file(signed)["b"].flatten(), torch.arange(6).half())


def test_signing_again_changes_nothing(signed: Path, task: Any) -> None:
    before = signed.read_bytes()
    sign_file(signed, describe_origin(task, "ab" * 32), OURS)
    assert signed.read_bytes() == before
    assert [file.name for file in signed.parent.glob(".*")] == []


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None
)
@given(share=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_any_changed_byte_is_found(share: float, flip: int, signed: Path, task: Any) -> None:
    body = bytearray(signed.read_bytes())
    place = int(share * len(body))
    body[place] ^= flip
    changed = signed.with_name("changed.safetensors")
    changed.write_bytes(body)
    verdict = check(changed)
    if verdict.is_genuine:  # JSON that means the same, such as other white space after the header
        same, other = open_weights(signed), open_weights(changed)
        assert place < same.data_start
        assert (same.metadata, same.tensors) == (other.metadata, other.tensors)


@pytest.mark.parametrize("name", [PUBLIC_KEY_KEY, SIGNATURE_KEY])
def test_a_letter_in_the_other_case_is_found(signed: Path, name: str) -> None:
    weights = open_weights(signed)
    weights.rewrite({**weights.metadata, name: weights.metadata[name].upper()})
    assert "signature is not valid" in check(signed).problem


@pytest.mark.parametrize("place", [-1, -12, -13, -24])
def test_a_flipped_bit_of_a_tensor_is_said_to_be_in_the_tensors(signed: Path, place: int) -> None:
    body = bytearray(signed.read_bytes())
    body[place] ^= 1
    signed.write_bytes(body)
    verdict = check(signed)
    assert "tensors are not those that were signed" in verdict.problem
    assert verdict.statement is not None


def rewrite(change: Callable[[dict[str, str]], object], file: Path) -> None:
    weights = open_weights(file)
    metadata = dict(weights.metadata)
    change(metadata)
    weights.rewrite(metadata)


def change_statement(metadata: dict[str, str]) -> None:
    said = json.loads(metadata[STATEMENT_KEY])
    metadata[STATEMENT_KEY] = json.dumps({**said, "base_model": "sdxl-1.0"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (change_statement, "signature is not valid"),
        (lambda m: m.pop(SIGNATURE_KEY), "signature is not valid"),
        (lambda m: m.update({SIGNATURE_KEY: "not hex"}), "signature is not valid"),
        (lambda m: m.update({PUBLIC_KEY_KEY: THEIRS.public_key}), "signature is not valid"),
        (lambda m: m.update({"ss_steps": "4000"}), "other entries of the header were changed"),
        (lambda m: m.update({"more": "text"}), "other entries of the header were changed"),
        (lambda m: m.pop("modelspec.title"), "other entries of the header were changed"),
        (lambda m: m.clear(), "This file is not signed"),
    ],
)
def test_changed_metadata_are_told_apart(
    signed: Path, change: Callable[[dict[str, str]], object], words: str
) -> None:
    rewrite(change, signed)
    assert words in check(signed).problem


def test_a_statement_moved_to_other_tensors_is_found(signed: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    tensors = load_file(signed)
    for name, changed in (
        ("renamed", {"c": tensors["a"], "b": tensors["b"], "empty": tensors["empty"]}),
        ("reshaped", {**tensors, "b": tensors["b"].reshape(3, 2)}),
        ("retyped", {**tensors, "b": tensors["b"].view(torch.bfloat16)}),
        ("fewer", {"a": tensors["a"], "b": tensors["b"]}),
    ):
        save_file(changed, other, dict(open_weights(signed).metadata))
        assert "tensors are not those" in check(other).problem, name
    save_file(tensors, other, dict(open_weights(signed).metadata))
    assert other.read_bytes() != signed.read_bytes()
    assert check(other).is_genuine, "another program may write the same tensors in its own way"


def test_another_instances_signature_is_valid_and_not_the_expected_one(
    signed: Path, task: Any
) -> None:
    sign_file(signed, describe_origin(task, ""), THEIRS)
    verdict = check(signed)
    assert verdict.problem.startswith("Another instance signed this file: ")
    assert verdict.public_key == THEIRS.public_key
    assert check(signed, THEIRS.public_key).is_genuine
    assert check(signed, "").is_genuine


HONEST = {"dtype": "F16", "shape": [2, 3], "data_offsets": [0, 12]}


def make_lie(tensors: dict[str, object], data: bytes = bytes(12)) -> bytes:
    return write_header(tensors, {}) + data


LIES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "cut off"),
    "too long a header": (b"\xff" * 8 + b"{}", "cut off"),
    "no json": ((3).to_bytes(8, "little") + b"{x}", "no JSON"),
    "deep json": ((200_000).to_bytes(8, "little") + b"[" * 200_000, "no JSON"),
    "a list": ((2).to_bytes(8, "little") + b"[]", "no JSON object"),
    "twins": ((14).to_bytes(8, "little") + b'{"a":1, "a":2}', "something twice"),
    "beyond the end": (make_lie({"a": {**HONEST, "data_offsets": [0, 13]}}), "size that its shape"),
    "a gap": (make_lie({"a": {**HONEST, "data_offsets": [2, 14]}}, bytes(14)), "begin where"),
    "an overlap": (make_lie({"a": HONEST, "b": HONEST}), "begin where"),
    "hidden bytes": (make_lie({"a": HONEST}, bytes(20)), "end at byte"),
    "missing bytes": (make_lie({"a": HONEST}, bytes(8)), "end at byte"),
    "a wrong shape": (make_lie({"a": {**HONEST, "shape": [2, 4]}}), "size that its shape"),
    "a negative shape": (make_lie({"a": {**HONEST, "shape": [-2, -3]}}), "size that its shape"),
    "a huge shape": (make_lie({"a": {**HONEST, "shape": [2**62] * 40}}), "not describe"),
    "a fraction": (make_lie({"a": {**HONEST, "shape": [2.0, 3]}}), "size that its shape"),
    "a strange type": (make_lie({"a": {**HONEST, "dtype": "F17"}}), "not describe"),
    "no offsets": (make_lie({"a": {"dtype": "F16", "shape": [6]}}), "not describe"),
    "no object": (make_lie({"a": 7}), "not describe"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_header_that_lies_is_refused_with_what_is_untrue(lie: str, tmp_path: Path) -> None:
    body, words = LIES[lie]
    file = tmp_path / "lie.safetensors"
    file.write_bytes(body)
    with pytest.raises(InvalidError, match=words):
        open_weights(file)
    assert words in check(file).problem


def test_a_file_that_is_not_there_is_said_to_be_unreadable(tmp_path: Path) -> None:
    assert "cannot be read" in check(tmp_path / "none.safetensors").problem


def test_the_structure_of_real_files_is_read_as_the_library_reads_it() -> None:
    file = WEIGHTS_FOLDER / "unet" / "diffusion_pytorch_model.safetensors"
    weights = open_weights(file)
    tensors = load_file(file)
    assert [entry.name for entry in weights.tensors] == sorted(tensors)
    assert all(list(tensors[e.name].shape) == list(e.shape) for e in weights.tensors)
    assert weights.tensors[-1].end <= os.path.getsize(file)


def test_the_card_names_hashes_signer_and_how_to_check(signed: Path, task: Any) -> None:
    card = signed.with_name("README.md")
    card.write_text("# flagon\n")
    sign_files([signed, card], describe_origin(task, ""), OURS)
    text = card.read_text()
    assert text.startswith("# flagon\n") and "base model | tiny-sd, unknown" in text
    assert f"trainyard verify lora.safetensors --key {OURS.public_key}" in text


async def read(studio: Studio, file: StoredFile) -> bytes:
    return b"".join([chunk async for chunk in studio.blobs.read(file.key)])


async def test_two_equal_trainings_yield_equal_signed_files(
    studio: Studio, running: Running, tmp_path: Path
) -> None:
    person = await meet(studio)
    async with running():
        jobs = [await submit(studio, person, key) for key in ("one", "two")]
        one, two = [await wait_for(studio, person, job) for job in jobs]
    assert [file.sha256 for file in one.artifacts] == [file.sha256 for file in two.artifacts]
    snapshot = await studio.snapshots.get(one.snapshot)
    weights = [file for file in one.artifacts if file.name.endswith(".safetensors")]
    assert len(weights) == 2
    for stored in weights:
        file = tmp_path / stored.name
        file.write_bytes(await read(studio, stored))
        verdict = check(file, studio.signer.public_key)
        assert verdict.is_genuine, verdict.problem
        said = verdict.statement
        assert said is not None and said.dataset_sha256 == snapshot.digest
        assert len(said.base_sha256) == 64
        (card,) = [file for file in one.artifacts if file.name == "README.md"]
        assert stored.sha256 in (await read(studio, card)).decode()
