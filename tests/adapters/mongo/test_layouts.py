"""Older data on MongoDB are brought to our layout when they are opened, each document once, whatever interrupts it."""

import asyncio

import pytest

from adapters.mongo.database import MongoDatabase
from adapters.mongo.documents import MongoDocuments
from adapters.mongo.layouts import claim_layout
from core.layouts import Changes, Document
from core.records import LAYOUT_VERSION
from tests.adapters.sqlite.crates import Crate, crate

NEXT = LAYOUT_VERSION + 1
LAST = LAYOUT_VERSION + 2
CRATES = 1200


def rename(document: Document) -> Document:
    return {**document, "load": document["load"] + "!"}


CHANGES: Changes = {NEXT: {"crates": rename}, LAST: {"crates": rename, "nowhere": rename}}


@pytest.fixture
async def crates(mongodb: MongoDatabase) -> MongoDocuments[Crate]:
    crates = await MongoDocuments.open(mongodb, Crate)
    made = [crate(load=f"{index}") for index in range(CRATES)]
    for start in range(0, CRATES, 100):
        await asyncio.gather(*map(crates.insert, made[start : start + 100]))
    return crates


async def list_loads(crates: MongoDocuments[Crate]) -> set[str]:
    return {found.load for found in await crates.find({}, limit=2 * CRATES)}


async def test_every_record_is_changed_once_over_all_layouts_between(
    mongodb: MongoDatabase, crates: MongoDocuments[Crate]
) -> None:
    for _ in range(2):
        await claim_layout(mongodb, CHANGES, LAST)
        assert await list_loads(crates) == {f"{index}!!" for index in range(CRATES)}


async def test_a_change_that_was_interrupted_goes_on_where_it_was(
    mongodb: MongoDatabase, crates: MongoDocuments[Crate]
) -> None:
    left = 700

    def tear(document: Document) -> Document:
        nonlocal left
        left -= 1
        if not left:
            raise ValueError("torn")
        return rename(document)

    with pytest.raises(ValueError, match="torn"):
        await claim_layout(mongodb, {NEXT: {"crates": tear}}, NEXT)
    changed = [load for load in await list_loads(crates) if load.endswith("!")]
    assert len(changed) == 699
    await claim_layout(mongodb, CHANGES, LAST)
    assert await list_loads(crates) == {f"{index}!!" for index in range(CRATES)}


async def test_two_servers_that_start_together_change_each_record_once(
    mongodb: MongoDatabase, crates: MongoDocuments[Crate]
) -> None:
    await asyncio.gather(*(claim_layout(mongodb, CHANGES, LAST) for _ in range(2)))
    assert await list_loads(crates) == {f"{index}!!" for index in range(CRATES)}
