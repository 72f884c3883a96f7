"""A fleet of real processes, three workers and two servers, any of which is killed by chance and started again."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from pydantic import JsonValue

from config.processes import find_free_port
from config.settings import Settings
from tests.faults import processes

WORKERS = 3
SERVERS = 2
_ANSWER = aiohttp.ClientTimeout(total=20)
_AGAIN_S = 0.2


@dataclass
class Member:
    """One process of the fleet, as it is started again after each kill."""

    command: str
    settings: Settings
    process: processes.Process | None = None
    kills: int = 0

    async def start(self) -> None:
        self.process = await processes.start(self.settings, self.command)

    async def kill(self) -> None:
        """Kill it where it stands, and start another one in its place."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()
        self.kills += 1
        await self.start()

    async def end(self) -> None:
        if self.process is not None:
            await processes.end(self.process)


@dataclass
class RunningFleet:
    """The processes, and how people reach the servers: one that does not answer is asked again, or the other is."""

    members: list[Member]
    session: aiohttp.ClientSession
    chance: random.Random
    _turn: int = field(default=0)

    @property
    def kills(self) -> int:
        return sum(member.kills for member in self.members)

    async def kill_somebody(self) -> None:
        await self.chance.choice(self.members).kill()

    async def submit(self, token: str, key: str, order: JsonValue) -> str:
        """Submit a generation until a server has taken it; return the job's id."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        ports = [m.settings.http_port for m in self.members if m.command == "serve"]
        while True:
            self._turn += 1
            url = f"http://127.0.0.1:{ports[self._turn % len(ports)]}/api/v1/generations"
            try:
                async with self.session.post(url, json=order, headers=headers) as answer:
                    if answer.status < 500:
                        answer.raise_for_status()
                        return str((await answer.json())["id"])
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError):
                pass
            await asyncio.sleep(_AGAIN_S)


@asynccontextmanager
async def run_fleet(settings: Settings, seed: int) -> AsyncIterator[RunningFleet]:
    """Run the fleet over the stores of these settings; in the end every process is told to end."""
    servers = [settings.model_copy(update={"http_port": find_free_port()}) for _ in range(SERVERS)]
    members = [
        *(Member("worker", settings) for _ in range(WORKERS)),
        *(Member("serve", each) for each in servers),
    ]
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=_ANSWER))
        stack.push_async_callback(_end_all, members)
        for member in members:
            await member.start()
        yield RunningFleet(members, session, random.Random(seed))


async def _end_all(members: list[Member]) -> None:
    await asyncio.gather(*(member.end() for member in members))
