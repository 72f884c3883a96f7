"""`trainyard verify` says in plain words what it found, and its exit code says the same."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner, Result

from adapters.ed25519 import open_key, read_key
from config.cli import app
from core.errors import InvalidError
from core.models.statement import get_fingerprint
from tests.worker.training.tasks import make_spec, make_task
from worker.signing import describe_origin, sign_file

OURS = read_key("11" * 32)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that is not there."""
    folder = tmp_path / "data"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRAINYARD_DATA_FOLDER", str(folder))
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "lora.safetensors"
    save_file({"a": torch.ones(3)}, place, {"format": "pt"})
    task = make_task(tmp_path / "task", make_spec(), images=1)
    sign_file(place, describe_origin(task, "ab" * 32), OURS)
    return place


def run(*args: object) -> Result:
    return CliRunner().invoke(app, ["verify", *map(str, args)])


def test_with_the_public_key_the_file_is_genuine(file: Path) -> None:
    result = run(file, "--key", OURS.public_key.upper())
    assert result.exit_code == 0, result.output
    assert f"signed by     {get_fingerprint(OURS.public_key)}, the key" in result.output
    assert "base model    tiny-sd, abab" in result.output
    assert "Genuine: tensors and header are as they were signed." in result.output


def test_without_any_key_to_compare_it_says_what_is_still_open(file: Path, elsewhere: Path) -> None:
    result = run(file)
    assert result.exit_code == 0
    assert "compare the fingerprint" in result.output
    assert not elsewhere.exists(), "looking at a file makes no key"


def test_this_instances_key_is_what_is_expected_where_there_is_one(
    file: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_key(elsewhere / "signing.key")
    other = run(file)
    assert other.exit_code == 1
    assert "NOT GENUINE: Another instance signed this file" in other.output
    monkeypatch.setenv("TRAINYARD_SIGNING_KEY", "11" * 32)
    own = run(file)
    assert own.exit_code == 0 and "this instance" in own.output


def test_a_changed_file_ends_with_one_and_says_what_was_changed(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1] + b"\x00")
    result = run(file, "--key", OURS.public_key)
    assert result.exit_code == 1
    assert "NOT GENUINE: The tensors are not those that were signed" in result.output


def test_a_key_that_is_none_is_refused_in_words(file: Path) -> None:
    result = run(file, "--key", "abc")
    assert isinstance(result.exception, InvalidError)
    assert "64 hexadecimal digits" in result.exception.message
