"""Where the counts of rate limits are kept when several servers share them: Redis, by the limits library."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from limits.aio.storage import RedisStorage
from redis.asyncio import ConnectionPool

_WAIT_S = 1.0
_PREFIX = "trainyard:limits"


@asynccontextmanager
async def open_counts(url: str) -> AsyncIterator[RedisStorage]:
    """Open the counts; no connection is made before the first one. A Redis that is down raises StorageError."""
    pool = ConnectionPool.from_url(url, socket_connect_timeout=_WAIT_S, socket_timeout=_WAIT_S)
    scheme = "async+redis+unix" if url.startswith("unix://") else "async+redis"
    try:
        yield RedisStorage(
            f"{scheme}://{url.partition('://')[2]}",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix=_PREFIX,
            connection_pool=pool,  # type: ignore[arg-type]  # documented, and missing in its types
        )
    finally:
        await pool.aclose()
