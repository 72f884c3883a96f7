"""Real workers, with torch, that are killed: once early, once late, and once when all but the settlement is done.

Each named write has its turn in `make faults`.
"""

import pytest

from tests.faults.captions import kill_captioning
from tests.faults.ground import Ground
from tests.faults.killed import kill_drawing, kill_training
from tests.faults.rows import Row

pytestmark = pytest.mark.timeout(1200)  # the scenarios have limits of their own


async def test_a_training_outlives_its_workers(ground: Ground) -> None:
    row = Row("training")
    await kill_training(ground, ("checkpoint named", "weights stored", "completed"), row)
    assert row.is_clean, row.found


async def test_a_generation_outlives_its_workers(ground: Ground) -> None:
    row = Row("generation")
    await kill_drawing(ground, ("picture drawn", "completed"), row)
    assert row.is_clean, row.found


async def test_captions_outlive_their_workers(ground: Ground) -> None:
    row = Row("captions")
    await kill_captioning(ground, ("caption written", "completed"), row)
    assert row.is_clean, row.found
