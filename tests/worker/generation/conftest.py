"""One thread for what is drawn in this process, and LoRAs that several tests need."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.worker.generation.tasks import make_lora
from worker.messages import LoraFile


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="package")
def lora(tmp_path_factory: pytest.TempPathFactory) -> LoraFile:
    """A LoRA on the UNet alone."""
    return make_lora(tmp_path_factory.mktemp("lora"))


@pytest.fixture(scope="package")
def other(tmp_path_factory: pytest.TempPathFactory) -> LoraFile:
    """A LoRA on more layers, and on the text encoder too."""
    return make_lora(
        tmp_path_factory.mktemp("other"), seed=9, target_modules="all", train_text_encoder=True
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
