"""Indexes follow what records declare; a collection that breaks them is not opened. Errors translate totally."""

from datetime import UTC, datetime

import pytest
from bson.errors import InvalidDocument
from bson.int64 import Int64
from pymongo import errors as driver

from adapters.mongo.database import MongoDatabase
from adapters.mongo.documents import MongoDocuments
from adapters.mongo.errors import DRIVER_ERRORS, is_passing, translate
from adapters.mongo.indexes import list_indexes
from adapters.mongo.values import encode
from config.stores import list_record_classes
from core.errors import (
    InvalidError,
    RefusedError,
    StorageFullError,
    TooLargeError,
    TrainyardError,
    UnavailableError,
)
from core.records import Record
from tests.adapters.sqlite.crates import T0
from tests.contracts.test_documents import Wagon, Wheel, wagon


def test_a_key_with_a_field_that_may_be_null_leaves_out_nulls() -> None:
    indexes = {index.fields: index.make_model().document for index in list_indexes(Wagon)}
    unique = indexes["train", "place"]
    assert unique["unique"] is True
    assert unique["partialFilterExpression"] == {"place": {"$exists": True}}
    assert list(indexes["wheel.turns_at", "created_at", "id"]["key"]) == [
        "wheel.turns_at",
        "created_at",
        "id",
    ]


@pytest.mark.parametrize("kind", list_record_classes().values())
def test_every_record_says_which_indexes_it_needs(kind: type[Record]) -> None:
    indexes = list_indexes(kind)
    assert [index.fields for index in indexes if index.is_unique] == list(kind.unique)
    assert len({index.name for index in indexes}) == len(indexes)


def test_every_integer_and_time_is_written_in_64_bits_and_truth_is_not() -> None:
    record = wagon(load=3, braked=True, wheel=Wheel(turns_at=T0))
    document = encode(record.model_dump())
    numbers = [document["load"], document["version"], document["wheel"]["turns_at"]]
    assert [type(number) for number in numbers] == [Int64] * 3
    assert document["created_at"] == int(T0.timestamp() * 1000)
    assert document["braked"] is True
    with pytest.raises(ValueError, match="1970"):
        encode(datetime(1970, 1, 2, tzinfo=UTC))


async def test_a_null_in_a_key_is_left_out_of_the_document(mongodb: MongoDatabase) -> None:
    wagons = await MongoDocuments.open(mongodb, Wagon)
    stored = await wagons.insert(wagon())
    raw = await mongodb.get_collection("wagons").find_one({"_id": stored.id})
    assert raw is not None
    assert "place" not in raw
    assert raw["wheel"] is None
    assert await wagons.get(stored.id) == stored


async def test_records_that_break_a_key_keep_a_collection_shut(mongodb: MongoDatabase) -> None:
    raw = mongodb.get_collection("wagons")
    await raw.insert_many([{"_id": str(n), "train": "a", "place": Int64(1)} for n in range(2)])
    with pytest.raises(TrainyardError):
        await MongoDocuments.open(mongodb, Wagon)


async def test_another_index_on_the_fields_of_a_key_keeps_a_collection_shut(
    mongodb: MongoDatabase,
) -> None:
    raw = mongodb.get_collection("wagons")
    await raw.create_index([("train", 1), ("place", 1)], name="train__place__unique")
    with pytest.raises(RefusedError, match="wagons cannot be used"):
        await MongoDocuments.open(mongodb, Wagon)


def list_below(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(found for below in kind.__subclasses__() for found in list_below(below))]


@pytest.mark.parametrize("kind", [k for base in DRIVER_ERRORS for k in list_below(base)])
def test_every_error_of_the_driver_becomes_one_of_ours(kind: type[Exception]) -> None:
    made_of: dict[type[Exception], tuple[object, ...]] = {
        driver.BulkWriteError: ({"writeErrors": []},),
        driver.ClientBulkWriteException: ({"writeErrors": []}, False),
        driver.EncryptionError: (ValueError("planned"),),
        driver.EncryptedCollectionError: (ValueError("planned"), {}),
    }
    translated = translate(kind(*made_of.get(kind, ("planned, mongodb://me:secret@host",))))
    assert isinstance(translated, TrainyardError)
    assert "secret" not in translated.message


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (driver.OperationFailure("full", 14031), StorageFullError),
        (driver.OperationFailure("no", 18), UnavailableError),
        (driver.DocumentTooLarge("large"), TooLargeError),
        (InvalidDocument("what"), InvalidError),
        (OverflowError("large"), InvalidError),
        (driver.ConfigurationError("what"), RefusedError),
    ],
)
def test_errors_are_sorted_by_what_to_do_next(error: Exception, expected: type[Exception]) -> None:
    assert type(translate(error)) is expected


def test_a_failover_is_waited_for_and_a_server_that_was_searched_is_not() -> None:
    assert is_passing(driver.NotPrimaryError("stepped down"))
    assert is_passing(driver.NetworkTimeout("slow"))
    assert is_passing(driver.WriteConcernError("stepping down", 11602))
    assert not is_passing(driver.ServerSelectionTimeoutError("nobody"))
    assert not is_passing(driver.WTimeoutError("few", 64))
    assert not is_passing(driver.OperationFailure("no", 13))
