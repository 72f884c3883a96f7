"""Documents of one record class in one collection; a document is the record whole, times as milliseconds."""

import secrets
from collections.abc import Mapping
from typing import Generic, Self, TypeVar

from bson import Int64
from pydantic import ValidationError
from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError

from adapters.mongo.database import MongoDatabase
from adapters.mongo.indexes import list_indexes, make_indexes
from adapters.mongo.layouts import LAYOUT
from adapters.mongo.values import (
    Document,
    encode,
    find_holder,
    list_kinds,
    look_up,
    match,
    match_behind,
    read_cursor,
)
from core.errors import (
    AlreadyExistsError,
    DamagedError,
    NotFoundError,
    StaleError,
    UnavailableError,
)
from core.records import LAYOUT_VERSION, Condition, Cursor, Record

R = TypeVar("R", bound=Record)

_MARK = "_mark"
"""Random, new with each write: tells a write whose answer was lost from somebody else's."""
_OURS = ("_id", _MARK, LAYOUT)
_MARK_BYTES = 9
_UNKNOWN = "The connection was lost in the middle of a change; look again before you repeat it."


class MongoDocuments(Generic[R]):
    """One kind of record on MongoDB."""

    def __init__(self, database: MongoDatabase, record_class: type[R]) -> None:
        self._database = database
        self._class = record_class
        self._collection = database.get_collection(record_class.collection)
        self._nullable = {f for index in list_indexes(record_class) for f in index.nullable}
        self._fields = {"created_at", *record_class.indexed, *record_class.filtered}
        self._fields.update(field for key in record_class.unique for field in key)

    @classmethod
    async def open(cls, database: MongoDatabase, record_class: type[R]) -> Self:
        """Make the indexes that the collection lacks. Raises RefusedError when one cannot be made."""
        documents = cls(database, record_class)
        await make_indexes(database, documents._collection, record_class)
        return documents

    async def insert(self, record: R) -> R:
        stored = record.model_copy(update={"version": 1})
        await self._insert(self._write(stored))
        return stored

    async def restore(self, record: R) -> None:
        """Store a record of another store with its version, unless it is there already.

        Raises StaleError when another version is, and AlreadyExistsError."""
        try:
            await self._insert(self._write(record))
        except AlreadyExistsError as error:
            if error.key != "id":
                raise
            if await self.get(record.id) != record:
                raise StaleError(f"{record.id} is there already, and differs.") from error

    async def get(self, id: str) -> R:
        async def work(is_again: bool) -> Document | None:
            return await self._collection.find_one({"_id": id}) if id.isascii() else None

        found = await self._database.read(work)
        if found is None:
            raise NotFoundError(f"There is no {self._class.__name__.lower()} {id[:60]}.")
        return self._read(found)

    async def replace(self, record: R) -> R:
        stored = record.model_copy(update={"version": record.version + 1})
        document = self._write(stored)
        expected = {"_id": record.id, "version": Int64(record.version)}

        async def work(is_again: bool) -> None:
            try:
                result = await self._collection.replace_one(expected, document)
            except DuplicateKeyError as error:
                raise await self._name_key(document, error) from error
            if result.matched_count or (is_again and await self._is_ours(document)):
                return
            raise StaleError(f"{record.id} was changed meanwhile; look again.")

        await self._database.write(work)
        return stored

    async def delete(self, record: R) -> None:
        async def work(is_again: bool) -> None:
            expected = {"_id": record.id, "version": Int64(record.version)}
            if (await self._collection.delete_one(expected)).deleted_count:
                return
            if await self._collection.find_one({"_id": record.id}, {"_id": 1}):
                raise StaleError(f"{record.id} was changed meanwhile; look again.")

        await self._database.write(work)

    async def find(
        self,
        where: Mapping[str, Condition],
        *,
        order: str = "id",
        limit: int = 1000,
        after: Cursor | None = None,
    ) -> list[R]:
        field = self._field(order.removeprefix("-"))
        is_down = order.startswith("-")
        wanted = self._where(where)
        if after is not None:
            value = None if field == "_id" else read_cursor(after, list_kinds(self._class, field))
            wanted = {"$and": [wanted, match_behind(field, after, value, is_down)]}
        way = DESCENDING if is_down else ASCENDING
        sort = [("_id", way)] if field == "_id" else [(field, way), ("id", way)]
        if limit < 1:  # for MongoDB 0 means all
            return []

        async def work(is_again: bool) -> list[Document]:
            return await self._collection.find(wanted).sort(sort).limit(limit).to_list(None)

        return [self._read(found) for found in await self._database.read(work)]

    async def count(self, where: Mapping[str, Condition]) -> int:
        wanted = self._where(where)

        async def work(is_again: bool) -> int:
            return await self._collection.count_documents(wanted)

        return await self._database.read(work)

    async def sum(self, field: str, where: Mapping[str, Condition]) -> int:
        total = {"_id": None, "total": {"$sum": f"${self._field(field)}"}}
        steps = [{"$match": self._where(where)}, {"$group": total}]

        async def work(is_again: bool) -> list[Document]:
            return await self._collection.aggregate(steps).to_list(None)

        found = await self._database.read(work)
        return int(found[0]["total"]) if found else 0

    async def _insert(self, document: Document) -> None:
        async def work(is_again: bool) -> None:
            try:
                await self._collection.insert_one(document)
            except DuplicateKeyError as error:
                if is_again and await self._is_ours(document):
                    return
                raise await self._name_key(document, error) from error

        await self._database.write(work)

    async def _is_ours(self, document: Document) -> bool:
        """Tell whether an earlier try stored this, though its answer was lost.

        Raises UnavailableError when it cannot be told: the record has been changed since.
        """
        seen = {"version": 1, _MARK: 1}
        found = await self._collection.find_one({"_id": document["_id"]}, seen)
        if found is not None and found["version"] > document["version"]:
            raise UnavailableError(_UNKNOWN)
        return found is not None and found.get(_MARK) == document[_MARK]

    async def _name_key(self, document: Document, error: DuplicateKeyError) -> AlreadyExistsError:
        """Say which unique key is taken; a server that does not tell is asked."""
        pattern = (error.details or {}).get("keyPattern")
        key = ",".join(pattern) if pattern else await self._find_taken(document)
        key = "id" if key == "_id" else key
        return AlreadyExistsError(f"This {key} is taken.", key=key)

    async def _find_taken(self, document: Document) -> str:
        for key in self._class.unique:
            values = {field: look_up(document, field) for field in key}
            if None in values.values():
                continue
            others = {**values, "_id": {"$ne": document["_id"]}}
            if await self._collection.find_one(others, {"_id": 1}):
                return ",".join(key)
        return "id"

    def _write(self, record: R) -> Document:
        document: Document = encode(record.model_dump())
        for field in self._nullable:  # what is left out of the partial index
            holder, name = find_holder(document, field)
            if holder.get(name, "") is None:
                del holder[name]
        mark = secrets.token_urlsafe(_MARK_BYTES)
        return {"_id": record.id, _MARK: mark, LAYOUT: Int64(LAYOUT_VERSION), **document}

    def _read(self, document: Document) -> R:
        for name in _OURS:
            document.pop(name, None)
        for field in self._nullable:
            holder, name = find_holder(document, field)
            holder.setdefault(name, None)
        try:
            return self._class.model_validate(document)
        except ValidationError as error:
            where = error.errors()[0]["loc"]
            raise DamagedError(
                f"A record in {self._class.collection} cannot be read (at {where}); "
                "nothing was changed."
            ) from error

    def _field(self, field: str) -> str:
        if field == "id":
            return "_id"
        if field not in self._fields:
            raise ValueError(f"{self._class.__name__} does not index {field!r}")
        return field

    def _where(self, where: Mapping[str, Condition]) -> Document:
        return {self._field(field): match(condition) for field, condition in where.items()}
