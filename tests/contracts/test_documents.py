"""The contract of Documents, over every adapter."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.mongo.database import MongoDatabase
from adapters.mongo.documents import MongoDocuments
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.documents import SqliteDocuments
from core.errors import AlreadyExistsError, NotFoundError, StaleError
from core.ports import Documents
from core.records import Above, Below, Cursor, NoneOf, OneOf, Record, UtcTime, Value, new_id
from tests.stores import name_database

T0 = datetime(2026, 1, 1, tzinfo=UTC)


class Wheel(Value):
    """A nested value."""

    turns_at: UtcTime


class Wagon(Record):
    """A record with every feature that the port promises."""

    collection = "wagons"
    unique = (("train", "place"),)
    indexed = ("colour", "load", "wheel.turns_at", "braked")

    train: str
    place: int | None = None
    colour: str = "red"
    load: int = 0
    braked: bool | None = None
    wheel: Wheel | None = None


def wagon(train: str = "a", at: datetime = T0, **fields: object) -> Wagon:
    values = {"id": new_id("wg"), "created_at": at, "updated_at": at, "train": train, **fields}
    return Wagon.model_validate(values)


Open = Callable[[], AbstractAsyncContextManager[Documents[Wagon]]]
"""Opens the same store once more, as another process does."""


@pytest.fixture
async def open_sqlite(tmp_path: Path) -> Open:
    @asynccontextmanager
    async def open_wagons() -> AsyncIterator[Documents[Wagon]]:
        async with SqliteDatabase(tmp_path / "trainyard.sqlite") as database:
            yield await SqliteDocuments.open(database, Wagon)

    return open_wagons


@pytest.fixture
async def open_mongo(mongodb_url: str) -> AsyncIterator[Open]:
    with name_database(mongodb_url) as name:

        @asynccontextmanager
        async def open_wagons() -> AsyncIterator[Documents[Wagon]]:
            async with MongoDatabase(mongodb_url, name) as database:
                yield await MongoDocuments.open(database, Wagon)

        yield open_wagons


@pytest.fixture(params=["sqlite", "mongo"])
def opening(request: pytest.FixtureRequest) -> Open:
    opened: Open = request.getfixturevalue(f"open_{request.param}")
    return opened


@pytest.fixture
async def wagons(opening: Open) -> AsyncIterator[Documents[Wagon]]:
    async with opening() as opened:
        yield opened


async def test_what_was_inserted_is_read_back_whole(wagons: Documents[Wagon]) -> None:
    stored = await wagons.insert(wagon(wheel=Wheel(turns_at=T0), braked=True))
    assert stored.version == 1
    assert await wagons.get(stored.id) == stored


async def test_a_missing_record_is_not_found(wagons: Documents[Wagon]) -> None:
    with pytest.raises(NotFoundError):
        await wagons.get("wg_none")


async def test_a_stale_version_cannot_replace(wagons: Documents[Wagon]) -> None:
    first = await wagons.insert(wagon())
    second = await wagons.replace(first.changed(T0, load=1))
    assert second.version == 2
    with pytest.raises(StaleError):
        await wagons.replace(first.changed(T0, load=2))
    assert (await wagons.get(first.id)).load == 1


async def test_a_deleted_record_cannot_be_replaced(wagons: Documents[Wagon]) -> None:
    first = await wagons.insert(wagon())
    await wagons.delete(first)
    await wagons.delete(first)
    with pytest.raises(StaleError):
        await wagons.replace(first)


async def test_a_stale_version_cannot_delete(wagons: Documents[Wagon]) -> None:
    first = await wagons.insert(wagon())
    await wagons.replace(first.changed(T0, load=1))
    with pytest.raises(StaleError):
        await wagons.delete(first)


async def test_a_taken_unique_key_is_named(wagons: Documents[Wagon]) -> None:
    first = await wagons.insert(wagon(place=1))
    with pytest.raises(AlreadyExistsError) as caught:
        await wagons.insert(wagon(place=1))
    assert caught.value.key == "train,place"
    with pytest.raises(AlreadyExistsError) as caught:
        await wagons.insert(first.model_copy(update={"place": 9}))
    assert caught.value.key == "id"
    other = await wagons.insert(wagon(place=2))
    with pytest.raises(AlreadyExistsError):
        await wagons.replace(other.changed(T0, place=1))


async def test_a_null_in_a_unique_key_is_no_collision(wagons: Documents[Wagon]) -> None:
    await wagons.insert(wagon(place=None))
    await wagons.insert(wagon(place=None))
    assert await wagons.count({"train": "a"}) == 2


async def test_every_condition_finds_its_records(wagons: Documents[Wagon]) -> None:
    for load in range(6):
        turns = Wheel(turns_at=T0 + timedelta(milliseconds=load * 500)) if load else None
        colour = "blue" if load % 2 else "red"
        await wagons.insert(wagon(load=load, colour=colour, braked=load > 3, wheel=turns))

    async def loads(**where: object) -> list[int]:
        named = {name.replace("__", "."): value for name, value in where.items()}
        found = await wagons.find(named, order="load")  # type: ignore[arg-type]  # any condition
        return [record.load for record in found]

    assert await loads(colour="blue") == [1, 3, 5]
    assert await loads(load=OneOf((1, 4, 9))) == [1, 4]
    assert await loads(load=Below(2)) == [0, 1]
    assert await loads(load=Above(3), colour="red") == [4]
    assert await loads(braked=True) == [4, 5]
    assert await loads(wheel__turns_at=Below(T0 + timedelta(seconds=1))) == [1]
    assert await loads(wheel__turns_at=None) == [0]
    assert await wagons.sum("load", {"colour": "blue"}) == 9
    assert await wagons.sum("load", {"colour": "green"}) == 0
    assert await wagons.count({}) == 6


@pytest.mark.parametrize("order", ["load", "-load", "id", "-created_at"])
async def test_pages_neither_lose_nor_repeat(wagons: Documents[Wagon], order: str) -> None:
    for index in range(25):
        await wagons.insert(wagon(load=index % 4, at=T0 + timedelta(seconds=index % 3)))
    whole = [record.id for record in await wagons.find({}, order=order)]
    seen: list[str] = []
    after: Cursor | None = None
    while page := await wagons.find({}, order=order, limit=4, after=after):
        seen += [record.id for record in page]
        last = page[-1]
        dumped = last.model_dump(mode="json")[order.removeprefix("-")]
        after = Cursor.decode(Cursor(value=dumped, id=last.id).encode())
    assert seen == whole
    assert len(set(seen)) == 25


async def test_a_field_that_is_not_declared_is_a_programming_error(
    wagons: Documents[Wagon],
) -> None:
    with pytest.raises(ValueError, match="does not index"):
        await wagons.find({"version": 1})
    with pytest.raises(ValueError, match="does not index"):
        await wagons.find({}, order="load; DROP TABLE wagons")


async def test_of_fifty_writers_of_one_version_one_wins(wagons: Documents[Wagon]) -> None:
    first = await wagons.insert(wagon())
    changes = (wagons.replace(first.changed(T0, load=n)) for n in range(50))
    results = await asyncio.gather(*changes, return_exceptions=True)
    won = [result for result in results if isinstance(result, Wagon)]
    assert len(won) == 1
    assert all(isinstance(r, StaleError) for r in results if not isinstance(r, Wagon))
    assert await wagons.get(first.id) == won[0]


async def test_of_twenty_inserts_of_one_key_one_wins(wagons: Documents[Wagon]) -> None:
    inserts = (wagons.insert(wagon(place=1, load=n)) for n in range(20))
    results = await asyncio.gather(*inserts, return_exceptions=True)
    won = [result for result in results if isinstance(result, Wagon)]
    lost = [result for result in results if isinstance(result, AlreadyExistsError)]
    assert (len(won), {error.key for error in lost}, len(lost)) == (1, {"train,place"}, 19)
    assert await wagons.find({}) == won


async def test_null_is_a_value_to_choose_and_is_never_less_or_greater(
    wagons: Documents[Wagon],
) -> None:
    for braked, place in ((None, None), (True, 1), (False, 2)):
        await wagons.insert(wagon(braked=braked, place=place))
    found = await wagons.find({"braked": OneOf((None, True))}, order="place")
    assert [record.braked for record in found] == [None, True]
    assert [record.place for record in await wagons.find({"place": Below(2)})] == [1]
    assert await wagons.count({"braked": OneOf(())}) == 0
    assert [record.place for record in await wagons.find({"place": NoneOf((1,))})] == [2]
    assert [record.place for record in await wagons.find({"braked": NoneOf((None, True))})] == [2]
    assert await wagons.count({"place": NoneOf()}) == 2
    assert await wagons.find({}, limit=0) == []


async def test_text_and_large_numbers_come_back_exactly(wagons: Documents[Wagon]) -> None:
    odd = 'ü€😀 $set {"$gt": 1} a.b \u2028 end'
    stored = await wagons.insert(wagon(train=odd, load=2**62 + 1))
    assert await wagons.get(stored.id) == stored
    assert await wagons.find({"train": odd, "load": Above(2**62)}) == [stored]
    assert await wagons.sum("load", {}) == 2**62 + 1


async def test_records_survive_reopening_and_a_second_process_sees_them(opening: Open) -> None:
    async with opening() as first, opening() as second:
        stored = await first.insert(wagon())
        changed = await second.replace(stored.changed(T0, load=7))
        with pytest.raises(StaleError):
            await first.replace(stored.changed(T0, load=8))
    async with opening() as again:
        assert await again.get(stored.id) == changed
