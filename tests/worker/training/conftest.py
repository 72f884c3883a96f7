"""One thread and few sampling steps for trainings in this process: they are tiny, and others want the cores too."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from worker.base_models import FAMILIES


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True, scope="package")
def few_sampling_steps() -> Iterator[None]:
    known = dict(FAMILIES)
    FAMILIES.update({name: replace(family, sample_steps=2) for name, family in known.items()})
    yield
    FAMILIES.update(known)
