"""Whatever members do in whatever order, and wherever processes die, every point is accounted for."""

import logging
from collections.abc import Iterator

import pytest

from tests.core.points.life import Life, live


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """Sweepers tell of each crash that they mend."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_every_point_is_accounted_for_after_every_step() -> None:
    live(700)


def test_and_so_it_is_on_mongodb(mongodb_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Life, "mongodb_url", mongodb_url)
    live(60, examples=2, steps=30)
