"""Where a scenario happens: servers that are there, folders and queues of its own, and people with points."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from config.environment import OwnSettings
from config.settings import Settings
from config.wiring import open_studio
from core.generations.wishes import GenerationWishes
from core.jobs.records import TERMINAL, Job
from core.studio import Studio
from tests.faults.processes import LEASE_S
from tests.worker.people import Person, meet

PLENTY_POINTS = 1_000_000


@dataclass(frozen=True)
class Ground:
    """The servers of a run, and a folder below which each scenario has its own."""

    folder: Path
    redis_url: str
    mongodb_url: str = ""
    s3_url: str = ""

    def make_settings(self, redis_url: str = "") -> Settings:
        """Make settings with short leases, and a folder and a queue that nobody else has."""
        name = uuid.uuid4().hex
        return OwnSettings(
            data_folder=self.folder / name,
            redis_url=SecretStr(redis_url or self.redis_url),
            queue_name=f"faults:{name}",
            lease_s=LEASE_S,
        )


@dataclass
class Yard:
    """A studio on a ground, somebody who has points, and what they asked for."""

    settings: Settings
    studio: Studio
    person: Person
    ids: list[str]

    async def draw(self, jobs: int, pictures: int = 1) -> Sequence[Job]:
        """Submit generations."""
        new = []
        for _ in range(jobs):
            wishes = GenerationWishes(
                prompt="a striped flag",
                seed=len(self.ids),
                params={"steps": 1, "count": pictures, "width_px": 32, "height_px": 32},
            )
            key = f"draw {len(self.ids)}"
            job = await self.studio.generations.submit(self.person.principal, wishes, key)
            self.ids.append(job.id)
            new.append(job)
        return new

    async def count_ended(self) -> int:
        """Count jobs that have ended and are settled."""
        jobs = self.studio.leases._jobs
        ended = [await jobs.count({"status": status}) for status in TERMINAL]
        return sum(ended) - await jobs.count({"needs_settling": True})

    async def wait_more(self, count: int = 1) -> float:
        """Wait until so many more jobs have ended; return how long it took, in seconds."""
        began_s = time.monotonic()
        wanted = min(len(self.ids), await self.count_ended() + count)
        async with asyncio.timeout(120):
            while True:
                if await self.count_ended() >= wanted:
                    return time.monotonic() - began_s
                await asyncio.sleep(0.02)


@asynccontextmanager
async def open_yard(settings: Settings, *, images: int = 0) -> AsyncIterator[Yard]:
    """Open a studio in which somebody may have as many jobs done at once as there are workers."""
    async with open_studio(settings) as studio:
        person = await meet(studio, "mira", PLENTY_POINTS, images)
        account = await studio.accounts.follow(person.principal.account)
        quotas = account.quotas.model_copy(update={"max_running_jobs": 8})
        await studio.accounts._accounts.replace(account.changed(account.updated_at, quotas=quotas))
        yield Yard(settings, studio, person, [])
