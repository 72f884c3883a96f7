"""What a run of the demo is asked for, and where it keeps its data."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from config.demo.chapters import DREAMBOOTH_PARAMS, HYPER_PARAMS
from config.environment import OwnSettings
from config.processes import find_free_port
from config.settings import Settings
from core.offerings.records import ParamValue

PARAMS: dict[str, ParamValue] = {
    "steps": 800,
    "flip": False,
    "sample_every_steps": 400,
}
"""Tuned by eye; captions say left and right, so nothing is mirrored."""


@dataclass(frozen=True)
class Plan:
    """What a run of the demo is asked for."""

    out: Path
    images: Path | None = None
    data_folder: Path | None = None
    """Kept afterwards when given; else a temporary one that goes with the demo."""
    settings: Settings | None = None
    """Of the studio that it plays in; else one in the data folder, which meets nobody's data and no bot."""
    params: dict[str, ParamValue] = field(default_factory=lambda: dict(PARAMS))
    dreambooth_params: dict[str, ParamValue] = field(
        default_factory=lambda: dict(DREAMBOOTH_PARAMS)
    )
    hyper_params: dict[str, ParamValue] = field(default_factory=lambda: dict(HYPER_PARAMS))


ROYALTY_BPS = 5000
"""Half of what a generation costs, as where nobody has set it; the demo's figures are made of it."""


def make_settings(plan: Plan, data_folder: Path) -> Settings:
    """Make the settings of the studio that the demo plays in."""
    settings = plan.settings or OwnSettings()
    return settings.model_copy(
        update={
            "data_folder": data_folder,
            "http_host": "127.0.0.1",
            "http_port": find_free_port(),
            "drain_s": 10.0,
            "royalty_bps": ROYALTY_BPS,
            "payout_minimum_points": 1,
            "payout_every_s": 1.0,
        }
    )


@contextmanager
def choose_data_folder(plan: Plan) -> Iterator[Path]:
    """Take the given data folder, or a temporary one."""
    if plan.data_folder is not None:
        plan.data_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield plan.data_folder.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="trainyard-demo-") as folder:
        yield Path(folder)
