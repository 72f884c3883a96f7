"""Learning rates warm up, follow their scheduler, and end where it says."""

import pytest

from tests.worker.training.tasks import make_spec
from worker.training.schedule import get_rate_factor
from worker.training.settings import read_settings


@pytest.mark.parametrize(
    ("scheduler", "at_half", "at_end"),
    [
        ("constant", 1.0, 1.0),
        ("linear", 0.5, 0.0),
        ("polynomial", 0.25, 0.0),
        ("cosine", 0.5, 0.0),
        ("cosine-restarts", 1.0, 0.0),
    ],
)
def test_a_scheduler_is_at_its_known_values(scheduler: str, at_half: float, at_end: float) -> None:
    spec = make_spec(lr_scheduler=scheduler, lr_cycles=2, steps=1010, lr_warmup_steps=10)
    settings = read_settings(spec)
    assert [get_rate_factor(step, settings) for step in (0, 4, 9)] == [0.1, 0.5, 1.0]
    assert get_rate_factor(10, settings) == 1.0
    assert get_rate_factor(510, settings) == pytest.approx(at_half)
    assert get_rate_factor(1009, settings) == pytest.approx(at_end, abs=2e-3)
