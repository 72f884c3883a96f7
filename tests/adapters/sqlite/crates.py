"""A record of any size, for what is about bytes and not about meaning."""

from datetime import UTC, datetime

from adapters.sqlite.database import SqliteDatabase
from core.records import Record, new_id

T0 = datetime(2026, 1, 1, tzinfo=UTC)


class Crate(Record):
    """A record of any size."""

    collection = "crates"
    indexed = ("weight",)

    weight: int = 0
    load: str = ""


def crate(load: str = "", weight: int = 0) -> Crate:
    return Crate(id=new_id("cr"), created_at=T0, updated_at=T0, load=load, weight=weight)


async def run(database: SqliteDatabase, statement: str) -> list[tuple[int | str]]:
    return await database.write(lambda connection: connection.execute(statement).fetchall())
