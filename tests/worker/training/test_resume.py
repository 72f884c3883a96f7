"""A training that was cut off goes on bit for bit, whatever it trains with."""

import os
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from _pytest.mark import ParameterSet

from core.offerings.records import ParamValue
from tests.worker.training.tasks import Told, make_spec, make_task, stop_at, train
from worker.messages import CheckpointLine, Line, StepLine, TrainingTask, parse_line
from worker.training.recipe import Training

Params = dict[str, ParamValue]
STEPS = 6
WAYS: dict[str, Params] = {
    "adamw": {"lr_scheduler": "cosine", "flip": True},
    "prodigy": {"optimizer": "prodigy", "lr_warmup_steps": 2, "weight_decay": 0.1},
    "adafactor": {"optimizer": "adafactor"},
    "adamw-8bit": {"optimizer": "adamw-8bit", "rank": 64},
    "accumulation": {"gradient_accumulation_steps": 3, "shuffle_caption": True, "repeats": 2},
    "text encoder": {"train_text_encoder": True, "target_modules": "all"},
    "dropout": {"network_dropout": 0.3, "noise_offset": 0.1},
    "validation": {"validation_share": 0.4, "validation_every_steps": 2, "optimizer": "prodigy"},
}


class KilledError(BaseException):
    """Ends a training between two instructions, as a kill does: nothing of it is handled."""


def cut_off(task: TrainingTask, step: int) -> Path:
    """Train with a checkpoint after every step, die after `step`, and return the last checkpoint."""
    told = Told()

    def tell(line: Line) -> None:
        told.lines.append(line)
        if isinstance(line, StepLine) and line.step > step:
            raise KilledError

    with pytest.raises(KilledError):
        Training(task.model_copy(update={"checkpoint_every_s": 0.0}), tell, lambda: False).run()
    return told.checkpoint


def move(checkpoint: Path, place: Path) -> Path:
    """Take a checkpoint out of its training's folder, as another worker gets it."""
    shutil.copytree(checkpoint, place)
    return place


def list_ways() -> list[ParameterSet]:
    """List the ways; where bitsandbytes is not installed, that one is skipped."""
    has_8bit = find_spec("bitsandbytes") is not None
    missing = pytest.mark.skipif(not has_8bit, reason="bitsandbytes is not installed")
    return [pytest.param(way, marks=missing if "8bit" in way else ()) for way in WAYS]


@pytest.mark.parametrize("way", list_ways())
def test_a_training_that_is_cut_off_and_resumed_makes_the_same_files(
    way: str, tmp_path: Path
) -> None:
    spec = make_spec(**{"steps": STEPS, **WAYS[way]})
    whole = train(make_task(tmp_path / "whole", spec))
    checkpoint = move(cut_off(make_task(tmp_path / "cut", spec), 3), tmp_path / "checkpoint")
    task = make_task(tmp_path / "resumed", spec).model_copy(update={"checkpoint": checkpoint})
    resumed = train(task)
    assert resumed.losses == whole.losses[3:]
    for name, body in resumed.read_files().items():
        assert whole.read_files()[name] == body, name


def test_a_child_that_is_killed_and_resumed_makes_the_same_files(tmp_path: Path) -> None:
    threads = os.cpu_count() or 1
    torch.set_num_threads(threads)  # as the child does: sums depend on how they are cut up
    spec = make_spec(steps=16)
    whole = train(make_task(tmp_path / "whole", spec))
    task = make_task(tmp_path / "cut", spec).model_copy(update={"checkpoint_every_s": 0.0})
    command = [sys.executable, "-m", "worker.child"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **pipes) as child:  # type: ignore[call-overload]
        child.stdin.write(task.model_dump_json().encode() + b"\n")
        child.stdin.flush()
        for text in child.stdout:
            line = parse_line(text)
            if isinstance(line, CheckpointLine) and line.step >= 3:
                os.kill(child.pid, signal.SIGKILL)
                break
    saved = sorted((tmp_path / "cut" / "out" / "checkpoints").glob("step*"))[-1]
    checkpoint = move(saved, tmp_path / "checkpoint")
    resumed = train(make_task(tmp_path / "on", spec).model_copy(update={"checkpoint": checkpoint}))
    torch.set_num_threads(1)
    assert 0 < len(resumed.losses) < 16
    assert resumed.losses == whole.losses[-len(resumed.losses) :]
    assert resumed.weights.keys() == whole.weights.keys()
    assert resumed.done.files[0].read_bytes() == whole.done.files[0].read_bytes()


@pytest.mark.parametrize("spoil", ["torn weights", "tampered state", "no manifest", "both"])
def test_a_damaged_checkpoint_is_left_for_the_one_before(spoil: str, tmp_path: Path) -> None:
    spec = make_spec(steps=STEPS)
    whole = train(make_task(tmp_path / "whole", spec))
    last = cut_off(make_task(tmp_path / "cut", spec), 3)
    newest = move(last, tmp_path / "newest")
    before = move(sorted(last.parent.glob("step*"))[0], tmp_path / "before")
    if spoil == "torn weights":
        file = newest / "weights.safetensors"
        file.write_bytes(file.read_bytes()[:500])
    elif spoil == "no manifest":
        (newest / "manifest.json").unlink()
    else:
        (newest / "state.json").write_text("{}")
    if spoil == "both":
        (before / "optimizer.safetensors").unlink()
    update = {"checkpoint": newest, "previous_checkpoint": before}
    resumed = train(make_task(tmp_path / "resumed", spec).model_copy(update=update))
    begun = 0 if spoil == "both" else 2
    assert resumed.losses == whole.losses[begun:]
    assert resumed.done.files[0].read_bytes() == whole.done.files[0].read_bytes()


def test_a_training_that_is_asked_to_stop_saves_the_step_it_is_at(tmp_path: Path) -> None:
    told = train(make_task(tmp_path, make_spec(steps=STEPS)), stop_at(3))
    assert told.was_stopped
    assert told.losses[-1][0] == 3
    assert told.checkpoint.name == "step0000003"


def test_a_stop_while_samples_are_drawn_loses_no_step(tmp_path: Path) -> None:
    spec = make_spec(steps=STEPS, sample_every_steps=2)
    whole = train(make_task(tmp_path / "whole", spec))
    asked = list[bool]()

    def stop(told: Told) -> bool:
        asked.append(bool(told.losses) and told.losses[-1][0] == 2)
        return sum(asked) > 1  # not after the step, but while its picture is drawn

    cut = train(make_task(tmp_path / "cut", spec), stop)
    assert cut.was_stopped and cut.losses[-1][0] == 2
    checkpoint = move(cut.checkpoint, tmp_path / "checkpoint")
    update = {"checkpoint": checkpoint}
    resumed = train(make_task(tmp_path / "resumed", spec).model_copy(update=update))
    files = whole.read_files()
    assert "sample-000002-0.png" in resumed.read_files()
    assert all(files[name] == body for name, body in resumed.read_files().items())


def test_the_same_training_twice_makes_the_same_bytes(tmp_path: Path) -> None:
    spec = make_spec(train_text_encoder=True, network_dropout=0.1)
    one, other = (train(make_task(tmp_path / name, spec)) for name in ("one", "other"))
    assert one.read_files() == other.read_files()
    assert one.losses == other.losses
