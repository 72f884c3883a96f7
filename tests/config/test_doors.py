"""Doors side by side: one that fails is opened again, one that is refused stays closed, the others go on."""

import asyncio
from dataclasses import dataclass, field

import pytest

from adapters.web.app import Hook
from config import doors
from config.doors import run_doors
from core.errors import RefusedError


@dataclass
class Door:
    """A door that raises these, and then stays open."""

    name: str
    failures: list[Exception] = field(default_factory=list)
    opened: int = 0
    is_open: asyncio.Event = field(default_factory=asyncio.Event)
    was_closed: bool = False

    @property
    def hooks(self) -> dict[str, Hook]:
        return {}

    async def run(self) -> None:
        self.opened += 1
        if self.failures:
            raise self.failures.pop(0)
        self.is_open.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.was_closed = True

    async def inspect(self) -> list[str]:
        return []


async def test_a_door_that_fails_opens_again_and_disturbs_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(doors, "_FIRST_PAUSE_S", 0.01)
    steady = Door("steady")
    shaky = Door("shaky", [RuntimeError("no network"), ConnectionError("reset")])
    refused = Door("refused", [RefusedError("The token is wrong; make a new one.")])
    running = asyncio.create_task(run_doors([refused, shaky, steady]))
    async with asyncio.timeout(30):
        await asyncio.gather(steady.is_open.wait(), shaky.is_open.wait())
    assert (steady.opened, shaky.opened, refused.opened) == (1, 3, 1)
    assert "refused stays closed: The token is wrong" in caplog.text
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert steady.was_closed and shaky.was_closed
