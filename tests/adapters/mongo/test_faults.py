"""Documents on MongoDB when connections are cut: nothing is lost, doubled or said that is not so."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from adapters.mongo.database import MongoDatabase
from adapters.mongo.documents import MongoDocuments
from core.errors import AlreadyExistsError, RefusedError, StaleError, UnavailableError
from core.records import LAYOUT_VERSION
from tests.adapters.mongo.cutter import Cuts, open_cutter
from tests.adapters.sqlite.crates import T0, Crate, crate
from tests.stores import MONGODB_VARIABLE, name_database


@pytest.fixture
def cuts() -> Cuts:
    return Cuts()


@pytest.fixture
async def crates(mongodb_url: str, cuts: Cuts) -> AsyncIterator[MongoDocuments[Crate]]:
    """Crates behind a proxy that cuts what a test says."""
    port = urlsplit(mongodb_url).port or 27017
    if "127.0.0.1" not in mongodb_url:
        pytest.skip(f"{MONGODB_VARIABLE} is not on this machine")
    async with open_cutter(port, cuts) as proxy:
        url = f"mongodb://127.0.0.1:{proxy}/?directConnection=true&retryWrites=false"
        with name_database(mongodb_url) as name:
            async with MongoDatabase(url, name) as database:
                yield await MongoDocuments.open(database, Crate)


@pytest.mark.parametrize("kind", ["unsent", "unanswered"])
async def test_an_insert_that_was_cut_is_made_once(
    crates: MongoDocuments[Crate], cuts: Cuts, kind: str
) -> None:
    cuts.word = b"\x02insert\x00"
    setattr(cuts, kind, 2)
    stored = await crates.insert(crate())
    assert cuts.made == 2
    assert await crates.find({}) == [stored]
    with pytest.raises(AlreadyExistsError):
        await crates.insert(stored)


@pytest.mark.parametrize("kind", ["unsent", "unanswered"])
async def test_a_change_that_was_cut_is_made_once(
    crates: MongoDocuments[Crate], cuts: Cuts, kind: str
) -> None:
    first = await crates.insert(crate())
    cuts.word = b"\x02update\x00"
    setattr(cuts, kind, 2)
    changed = await crates.replace(first.changed(T0, load="changed"))
    assert cuts.made == 2
    assert await crates.get(first.id) == changed
    with pytest.raises(StaleError):
        await crates.replace(first.changed(T0, load="late"))


@pytest.mark.parametrize("kind", ["unsent", "unanswered"])
async def test_reads_and_removals_that_were_cut_are_repeated(
    crates: MongoDocuments[Crate], cuts: Cuts, kind: str
) -> None:
    stored = await crates.insert(crate())
    for word, call in ((b"\x02find\x00", crates.find({})), (b"\x02delete\x00", None)):
        cuts.word = word
        setattr(cuts, kind, 2)
        if call is None:
            await crates.delete(stored)
        else:
            assert await call == [stored]
    assert cuts.made == 4
    assert await crates.count({}) == 0


async def test_a_cut_change_that_another_one_followed_is_not_called_lost_or_made(
    crates: MongoDocuments[Crate], cuts: Cuts
) -> None:
    first = await crates.insert(crate())
    answered = asyncio.Event()
    cuts.word, cuts.unanswered, cuts.before_cut = b"\x02update\x00", 1, [answered]
    changing = asyncio.create_task(crates.replace(first.changed(T0, load="ours")))
    await answered.wait()
    ours = await crates.get(first.id)
    theirs = await crates.replace(ours.changed(T0, load="theirs"))
    cuts.go_on.set()
    with pytest.raises(UnavailableError, match="look again"):
        await changing
    assert await crates.get(first.id) == theirs


async def test_of_two_changes_the_cut_one_that_came_late_is_stale(
    crates: MongoDocuments[Crate], cuts: Cuts
) -> None:
    first = await crates.insert(crate())
    arrived = asyncio.Event()
    cuts.word, cuts.unsent, cuts.before_cut = b"ours", 1, [arrived]
    changing = asyncio.create_task(crates.replace(first.changed(T0, load="ours")))
    await arrived.wait()
    await crates.replace(first.changed(T0, load="theirs"))
    cuts.go_on.set()
    with pytest.raises(StaleError):
        await changing


async def test_a_server_that_stays_away_is_unavailable_after_a_few_tries(
    crates: MongoDocuments[Crate], cuts: Cuts
) -> None:
    cuts.word, cuts.unsent = b"\x02insert\x00", 100
    with pytest.raises(UnavailableError, match="cannot be reached"):
        await crates.insert(crate())
    assert 5 <= cuts.made <= 10
    cuts.unsent = 0
    assert await crates.find({}) == []


async def test_a_caller_that_is_cancelled_leaves_no_write_behind_its_back(
    crates: MongoDocuments[Crate], cuts: Cuts
) -> None:
    arrived = asyncio.Event()
    cuts.word, cuts.unsent, cuts.before_cut = b"\x02insert\x00", 1, [arrived]
    inserting = asyncio.create_task(crates.insert(crate()))
    await arrived.wait()
    inserting.cancel()
    ended, _ = await asyncio.wait([inserting], timeout=0.3)
    assert ended == set()
    cuts.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await inserting
    assert len(await crates.find({})) == 1


async def test_a_database_of_a_newer_trainyard_is_refused(mongodb_url: str) -> None:
    with name_database(mongodb_url) as name:
        async with MongoDatabase(mongodb_url, name) as database:
            about = database.get_collection("trainyard")
            await about.replace_one({"_id": "layout"}, {"version": LAYOUT_VERSION + 1})
        with pytest.raises(RefusedError, match="newer Trainyard"):
            await MongoDatabase(mongodb_url, name).__aenter__()


async def test_what_is_no_address_is_said_without_the_password() -> None:
    for url in ("mongodb://me:secret@", "http://me:secret@host", "mongodb://me:se/cret@host"):
        with pytest.raises(RefusedError, match="TRAINYARD_MONGODB_URL") as caught:
            await MongoDatabase(url, "test").__aenter__()
        assert "secret" not in caught.value.message
