"""The client, connected to the real server as Ada, directly or over a line that can be cut."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.client import TrainyardClient, connect
from tests.adapters.client.line import Line, open_line
from tests.adapters.web.conftest import (  # noqa: F401  # fixtures
    Api,
    ada,
    client,
    dataset,
    eve,
    picture,
    save,
    settings,
    world,
)


def find_url(api: Api) -> str:
    """Return the server's address."""
    return str(api.client.make_url("/"))


@pytest.fixture
async def trainyard(ada: Api) -> AsyncIterator[TrainyardClient]:  # noqa: F811
    async with connect(find_url(ada), ada.token) as opened:
        yield opened


@pytest.fixture
async def line(ada: Api) -> AsyncIterator[Line]:  # noqa: F811
    """A line to the server that does as it is told."""
    port = ada.client.port
    assert port is not None
    async with open_line(port) as opened:
        yield opened


@pytest.fixture
async def distant(ada: Api, line: Line) -> AsyncIterator[TrainyardClient]:  # noqa: F811
    """A client behind that line."""
    async with connect(line.url, ada.token) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five pictures, four of them with captions, and something else."""
    made = tmp_path / "cats"
    made.mkdir()
    for seed in range(1, 6):
        (made / f"{seed}.png").write_bytes(save(picture(seed)))
        if seed < 5:
            (made / f"{seed}.txt").write_text(f"cat {seed}\n")
    (made / "notes.md").write_text("not a picture")
    return made
