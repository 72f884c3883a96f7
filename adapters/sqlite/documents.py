"""Documents of one record class in one table; unique and indexed fields are generated columns."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Generic, Self, TypeVar

from pydantic import ValidationError

from adapters.sqlite.database import SqliteDatabase
from core.errors import AlreadyExistsError, DamagedError, NotFoundError, StaleError
from core.records import Above, Below, Condition, Cursor, NoneOf, OneOf, Record, Scalar, format_time

R = TypeVar("R", bound=Record)
Bound = str | int | None


class SqliteDocuments(Generic[R]):
    """One kind of record on SQLite."""

    def __init__(self, database: SqliteDatabase, record_class: type[R]) -> None:
        self._database = database
        self._class = record_class
        self._table = record_class.collection
        fields = {"created_at", *record_class.indexed, *record_class.filtered}
        fields.update(field for key in record_class.unique for field in key)
        self._columns = {field: field.replace(".", "__") for field in sorted(fields)}

    @classmethod
    async def open(cls, database: SqliteDatabase, record_class: type[R]) -> Self:
        """Make the table, and the columns and indexes that it lacks."""
        documents = cls(database, record_class)
        await database.write(documents._make_table)
        return documents

    async def insert(self, record: R) -> R:
        stored = record.model_copy(update={"version": 1})

        def work(connection: sqlite3.Connection) -> None:
            statement = f"INSERT INTO {self._table} (id, version, body) VALUES (?, 1, ?)"
            self._guard(connection, statement, (stored.id, stored.model_dump_json()))

        await self._database.write(work)
        return stored

    async def get(self, id: str) -> R:
        def work(connection: sqlite3.Connection) -> str:
            statement = f"SELECT body FROM {self._table} WHERE id = ?"
            row = connection.execute(statement, (id,)).fetchone() if id.isascii() else None
            if row is None:
                raise NotFoundError(f"There is no {self._class.__name__.lower()} {id[:60]}.")
            return str(row[0])

        return self._parse(await self._database.read(work))

    async def replace(self, record: R) -> R:
        stored = record.model_copy(update={"version": record.version + 1})

        def work(connection: sqlite3.Connection) -> None:
            statement = (
                f"UPDATE {self._table} SET version = ?, body = ? WHERE id = ? AND version = ?"
            )
            values = (stored.version, stored.model_dump_json(), record.id, record.version)
            if self._guard(connection, statement, values) == 0:
                raise StaleError(f"{record.id} was changed meanwhile; look again.")

        await self._database.write(work)
        return stored

    async def delete(self, record: R) -> None:
        def work(connection: sqlite3.Connection) -> None:
            statement = f"DELETE FROM {self._table} WHERE id = ? AND version = ?"
            if connection.execute(statement, (record.id, record.version)).rowcount:
                return
            statement = f"SELECT 1 FROM {self._table} WHERE id = ?"
            if connection.execute(statement, (record.id,)).fetchone():
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
        clause, values = self._where(where)
        field, way, sign = (
            order.removeprefix("-"),
            *(("DESC", "<") if order[0] == "-" else ("ASC", ">")),
        )
        column = self._column(field)
        if after is not None:
            clause += f" AND ({column}, id) {sign} (?, ?)"
            values += [after.value, after.id]
        statement = (
            f"SELECT body FROM {self._table} WHERE {clause} "
            f"ORDER BY {column} {way}, id {way} LIMIT ?"
        )

        def work(connection: sqlite3.Connection) -> list[str]:
            return [row[0] for row in connection.execute(statement, (*values, limit))]

        return [self._parse(body) for body in await self._database.read(work)]

    async def count(self, where: Mapping[str, Condition]) -> int:
        return await self._aggregate("COUNT(*)", where)

    async def sum(self, field: str, where: Mapping[str, Condition]) -> int:
        return await self._aggregate(f"COALESCE(SUM({self._column(field)}), 0)", where)

    async def _aggregate(self, expression: str, where: Mapping[str, Condition]) -> int:
        clause, values = self._where(where)
        statement = f"SELECT {expression} FROM {self._table} WHERE {clause}"

        def work(connection: sqlite3.Connection) -> int:
            return int(connection.execute(statement, values).fetchone()[0])

        return await self._database.read(work)

    def _parse(self, body: str) -> R:
        try:
            return self._class.model_validate_json(body)
        except ValidationError as error:
            where = error.errors()[0]["loc"]
            raise DamagedError(
                f"A record in {self._table} cannot be read (at {where}); nothing was changed."
            ) from error

    def _guard(
        self, connection: sqlite3.Connection, statement: str, values: tuple[Bound, ...]
    ) -> int:
        """Run a write; a broken unique key becomes AlreadyExistsError with the key's fields."""
        try:
            return connection.execute(statement, values).rowcount
        except sqlite3.IntegrityError as error:
            if "UNIQUE constraint failed" not in str(error):
                raise
            columns = str(error).rpartition("failed: ")[2].split(", ")
            names = [column.rpartition(".")[2].replace("__", ".") for column in columns]
            key = ",".join(names)
            raise AlreadyExistsError(f"This {key} is taken.", key=key) from error

    def _column(self, field: str) -> str:
        if field == "id":
            return "id"
        if field not in self._columns:
            raise ValueError(f"{self._class.__name__} does not index {field!r}")
        return f'"{self._columns[field]}"'

    def _where(self, where: Mapping[str, Condition]) -> tuple[str, list[Bound]]:
        parts, values = ["1"], list[Bound]()
        for field, condition in where.items():
            column = self._column(field)
            if isinstance(condition, OneOf):
                chosen = [_bind(value) for value in condition.values if value is not None]
                marks = ", ".join("?" * len(chosen))
                null = f" OR {column} IS NULL" if None in condition.values else ""
                parts.append(f"({column} IN ({marks}){null})")
                values += chosen
            elif isinstance(condition, NoneOf):
                others = [_bind(value) for value in condition.values if value is not None]
                marks = ", ".join("?" * len(others))
                parts.append(f"{column} IS NOT NULL AND {column} NOT IN ({marks})")
                values += others
            elif isinstance(condition, Below | Above):
                parts.append(f"{column} {'<' if isinstance(condition, Below) else '>'} ?")
                values.append(_bind(condition.value))
            else:
                parts.append(f"{column} IS ?")
                values.append(_bind(condition))
        return " AND ".join(parts), values

    def _make_table(self, connection: sqlite3.Connection) -> None:
        table = self._table
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {table} "
            "(id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT"
        )
        known = {row[1] for row in connection.execute(f"PRAGMA table_xinfo({table})")}
        for field, column in self._columns.items():
            if column not in known:
                connection.execute(
                    f'ALTER TABLE {table} ADD COLUMN "{column}" ANY '
                    f"GENERATED ALWAYS AS (json_extract(body, '$.{field}')) VIRTUAL"
                )
        for key in self._class.unique:
            self._make_index(connection, key, "UNIQUE ")
        for field in self._class.indexed:
            # with the time and the id behind it, a page of a list is read off the index in order
            self._make_index(connection, (field, "created_at", "id"), "")

    def _make_index(
        self, connection: sqlite3.Connection, key: tuple[str, ...], unique: str
    ) -> None:
        columns = [self._columns.get(field, field) for field in key]
        name = f"{self._table}__{'__'.join(columns)}{'__unique' if unique else ''}"
        names = ", ".join(f'"{column}"' for column in columns)
        connection.execute(f"CREATE {unique}INDEX IF NOT EXISTS {name} ON {self._table} ({names})")


def _bind(value: Scalar) -> Bound:
    if isinstance(value, datetime):
        return format_time(value)
    return int(value) if isinstance(value, bool) else value
