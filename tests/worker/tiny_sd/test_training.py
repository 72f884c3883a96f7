"""Progress that survives a stop, and a schedule that may outlast the steps."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from worker.tiny_sd.training import Plan, Run, get_learning_rate, start_run, train

PLAN = Plan(6, 6, 0.01, Path("progress.pt"), warmup_steps=2, save_every_steps=2)


def run_to_the_end(plan: Plan, stop_before: int | None = None) -> Run:
    """Train a small layer; `stop_before` raises there, as a stopped process would."""
    torch.manual_seed(0)
    layer = nn.Linear(3, 1)
    run = start_run(nn.ModuleDict({"layer": layer}), plan)

    def get_loss(generator: torch.Generator) -> Tensor:
        if run.step == stop_before:
            raise KeyboardInterrupt
        inputs = torch.randn(8, 3, generator=generator)
        loss: Tensor = (layer(inputs) - inputs.sum(dim=1, keepdim=True)).square().mean()
        return loss

    train(run, plan, get_loss)
    return run


def test_a_stopped_run_resumes_to_the_same_weights(tmp_path: Path) -> None:
    whole = run_to_the_end(replace(PLAN, progress_file=tmp_path / "whole.pt"))
    stopped = replace(PLAN, progress_file=tmp_path / "stopped.pt")

    with pytest.raises(KeyboardInterrupt):
        run_to_the_end(stopped, stop_before=5)
    resumed = run_to_the_end(stopped)

    assert resumed.step == 6
    assert resumed.losses == whole.losses
    for name, average in whole.averages.items():
        assert torch.equal(resumed.averages[name], average)


def test_a_schedule_that_outlasts_the_steps_leaves_the_rate_above_its_end() -> None:
    ended = replace(PLAN, steps=100, schedule_steps=100)
    short = replace(PLAN, steps=100, schedule_steps=200)

    assert get_learning_rate(100, ended) == pytest.approx(0.0001)
    assert get_learning_rate(100, short) > 0.004
