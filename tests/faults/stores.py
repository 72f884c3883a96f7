"""Stores that fail in the middle: connections to MongoDB that are cut, and S3 with errors, cuts and slow bodies."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from pydantic import SecretStr

from config.settings import Settings
from tests.adapters.mongo.cutter import Cuts, open_cutter
from tests.faults.ground import Ground, Yard, open_yard
from tests.faults.painting import painting
from tests.faults.rows import Row, audit, wait_ended
from tests.s3_proxy import Faults, open_proxy
from tests.stores import make_bucket, name_database

_AWAY_S = 3.0
_EVERY = 40
"""Of so many requests to MongoDB one is cut."""


async def cut_mongodb(ground: Ground, jobs: int) -> Row:
    """Cut connections to MongoDB, before the server has the request and before its answer is heard."""
    row = Row(f"MongoDB: each {_EVERY}th request cut, before or behind the server")
    cuts = Cuts()
    async with _with_mongodb(ground, cuts) as settings, open_yard(settings) as yard:
        cuts.every = _EVERY
        await _draw_in_turn(yard, jobs, row)
        cuts.every = 0
        row.times = cuts.made
        await audit(yard.studio, yard.ids, row)
    return row


async def trouble_s3(ground: Ground, jobs: int) -> Row:
    """Let three of ten requests to S3 fail, and cut and slow what is read."""
    row = Row("S3: 20 % errors, 10 % lost answers, 30 % of downloads cut, slow bodies")
    faults = Faults()
    async with _with_s3(ground, faults) as settings, open_yard(settings) as yard:
        faults.error_rate, faults.lost_rate, faults.cut_rate = 0.2, 0.1, 0.3
        faults.pause_s = 0.05
        await _draw_in_turn(yard, jobs, row)
        await audit(yard.studio, yard.ids, row)  # what it reads meets with cut and slow bodies
        row.times = sum(faults.seen[name] for name in ("errors", "lost", "cut"))
    return row


async def lose_s3(ground: Ground, times: int) -> Row:
    """Let S3 refuse everything for a while, with jobs under way."""
    row = Row(f"S3: refuses all for {_AWAY_S:.0f} s")
    faults = Faults()
    async with _with_s3(ground, faults) as settings, open_yard(settings) as yard:
        async with painting(yard.studio, settings):
            for _ in range(times):
                faults.refuse = "jobs/"
                await yard.draw(5)
                await asyncio.sleep(_AWAY_S)
                faults.refuse = ""
                began_s = time.monotonic()
                await wait_ended(yard.studio, yard.ids)
                row.recovered_s.append(time.monotonic() - began_s)
                row.times += 1
        await audit(yard.studio, yard.ids, row)
    return row


async def _draw_in_turn(yard: Yard, jobs: int, row: Row) -> None:
    """Have jobs done one after another; how long each took is what the faults cost."""
    async with painting(yard.studio, yard.settings):
        for _ in range(jobs):
            began_s = time.monotonic()
            await yard.draw(1)
            await wait_ended(yard.studio, yard.ids[-1:])
            row.recovered_s.append(time.monotonic() - began_s)


@asynccontextmanager
async def _with_mongodb(ground: Ground, cuts: Cuts) -> AsyncIterator[Settings]:
    port = urlsplit(ground.mongodb_url).port or 27017
    async with open_cutter(port, cuts) as proxy:
        url = f"mongodb://127.0.0.1:{proxy}/?directConnection=true&retryWrites=false"
        with name_database(ground.mongodb_url) as name:
            update = {"mongodb_url": SecretStr(url), "mongodb_database": name}
            yield ground.make_settings().model_copy(update=update)


@asynccontextmanager
async def _with_s3(ground: Ground, faults: Faults) -> AsyncIterator[Settings]:
    bucket = await make_bucket(ground.s3_url)
    async with open_proxy(ground.s3_url, faults) as url:
        yield ground.make_settings().model_copy(
            update={
                "s3_bucket": bucket.bucket,
                "s3_endpoint_url": url,
                "s3_region": bucket.region,
                "s3_access_key": SecretStr(bucket.access_key),
                "s3_secret_key": SecretStr(bucket.secret_key),
                "s3_path_style": True,
            }
        )
