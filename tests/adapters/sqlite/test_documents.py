"""What SQLite makes of odd ids and damaged rows; the contract itself is tested in tests/contracts/."""

import asyncio

import pytest

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.documents import SqliteDocuments
from core.errors import DamagedError, NotFoundError
from tests.adapters.sqlite.crates import Crate, crate, run


async def test_a_row_that_cannot_be_read_is_damage_not_a_crash(
    database: SqliteDatabase, crates: SqliteDocuments[Crate]
) -> None:
    stored = await crates.insert(crate())
    await run(database, "UPDATE crates SET body = json_set(body, '$.weight', 'heavy')")
    with pytest.raises(DamagedError, match="crates cannot be read"):
        await crates.get(stored.id)
    with pytest.raises(DamagedError):
        await crates.find({})


async def test_an_id_that_is_no_text_of_ours_is_not_found(crates: SqliteDocuments[Crate]) -> None:
    for odd in ("", "\ud800", "cr_\x00", "'; DROP TABLE crates", "ü" * 500):
        with pytest.raises(NotFoundError):
            await crates.get(odd)


async def test_a_limit_is_kept(crates: SqliteDocuments[Crate]) -> None:
    await asyncio.gather(*(crates.insert(crate(weight=n)) for n in range(30)))
    assert [c.weight for c in await crates.find({}, order="-weight", limit=3)] == [29, 28, 27]
