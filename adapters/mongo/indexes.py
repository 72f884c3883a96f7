"""The indexes of a record class: made when a collection is opened, and checked, for a ledger rests on them."""

from dataclasses import dataclass
from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError, OperationFailure

from adapters.mongo.database import MongoDatabase
from adapters.mongo.values import Document, list_kinds
from core.errors import RefusedError
from core.records import Record

_CONFLICTS = frozenset({67, 85, 86})


@dataclass(frozen=True)
class Index:
    """An index over these fields; a unique one leaves out records in which one of `nullable` is null."""

    fields: tuple[str, ...]
    is_unique: bool = False
    nullable: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{'__'.join(self.fields)}{'__unique' if self.is_unique else ''}"

    def make_model(self) -> IndexModel:
        keys = [(field, ASCENDING) for field in self.fields]
        options: dict[str, Any] = {"name": self.name}  # as IndexModel takes them
        if self.is_unique:
            options["unique"] = True
        if self.nullable:  # a null is left out of the document
            options["partialFilterExpression"] = {f: {"$exists": True} for f in self.nullable}
        return IndexModel(keys, **options)


def list_indexes(record_class: type[Record]) -> list[Index]:
    """List what a record class declares: its unique keys, and an index for each field that `find` may use.

    With the time and the id behind it, a page of a list is read off the index in order.
    """
    unique = [
        Index(
            key,
            True,
            tuple(field for field in key if type(None) in list_kinds(record_class, field)),
        )
        for key in record_class.unique
    ]
    found = [
        Index(tuple(dict.fromkeys((field, "created_at", "id")))) for field in record_class.indexed
    ]
    return [*unique, *found]


async def make_indexes(
    database: MongoDatabase,
    collection: AsyncIOMotorCollection[Document],
    record_class: type[Record],
) -> None:
    """Make the indexes that a collection lacks, and look whether all are there.

    Raises RefusedError when one cannot be: another of its name is there, or what is stored breaks it.
    """
    wanted = list_indexes(record_class)

    async def work(is_again: bool) -> None:
        await collection.create_indexes([index.make_model() for index in wanted])
        known = {
            (tuple(field for field, _ in found["key"]), bool(found.get("unique")))
            for found in (await collection.index_information()).values()
        }
        for index in wanted:
            if (index.fields, index.is_unique) not in known:
                raise _refuse(collection.name, f"the index {index.name} was not made")

    async def work_refusing(is_again: bool) -> None:
        try:
            await work(is_again)
        except DuplicateKeyError as error:
            raise _refuse(collection.name, "two records share a key that must be unique") from error
        except OperationFailure as error:
            if error.code not in _CONFLICTS:
                raise
            raise _refuse(collection.name, "another index has the name of one of ours") from error

    await database.write(work_refusing)


def _refuse(collection: str, what: str) -> RefusedError:
    return RefusedError(
        f"The MongoDB collection {collection} cannot be used: {what}. Put that right, then start again."
    )
