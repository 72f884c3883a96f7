"""The ground on which scenarios happen in a test."""

from pathlib import Path

import pytest

from tests.faults.ground import Ground


@pytest.fixture
def ground(tmp_path: Path, redis_url: str, mongodb_server: str, s3_url: str) -> Ground:
    return Ground(tmp_path, redis_url, mongodb_server, s3_url)
