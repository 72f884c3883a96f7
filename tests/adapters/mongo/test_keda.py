"""The query by which docs/fleet.md counts waiting jobs, against jobs as MongoDB has them."""

import json
import re
from pathlib import Path

from adapters.mongo.database import MongoDatabase
from tests.clock import HandClock
from tests.core.yard import open_yard

PAGE = Path(__file__).resolve().parents[3] / "docs/fleet.md"


async def test_the_scalers_query_counts_jobs_that_wait(
    mongodb: MongoDatabase, tmp_path: Path
) -> None:
    found = re.search(r"query: '(.*)'", PAGE.read_text())
    assert found is not None
    query = json.loads(found[1])
    assert query["spec.base_model.family"] == "sdxl"
    async with open_yard(tmp_path, HandClock(), mongodb=mongodb) as yard:
        person = await yard.meet()
        await yard.submit(person, await yard.fill(person))
        jobs = mongodb.get_collection("jobs")
        assert await jobs.count_documents(query) == 0
        tiny = {**query, "spec.base_model.family": "tiny"}
        assert await jobs.count_documents(tiny) == 1
        assert await yard.studio.leases.claim("worker", frozenset({"tiny"})) is not None
        assert await jobs.count_documents(tiny) == 0
