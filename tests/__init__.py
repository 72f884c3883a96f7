"""Tests, bench and faults. No `.env` file of a developer, who may run Trainyard here, reaches what they start."""

import os

os.environ["TRAINYARD_ENV_FILE"] = os.devnull
