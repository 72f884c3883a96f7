"""Conditions, cursors and values as MongoDB takes them; apart because a document and a question write them alike."""

import types
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin

from bson import Int64
from pydantic import BaseModel

from core.errors import InvalidError
from core.records import Above, Below, Condition, Cursor, NoneOf, OneOf, Scalar, to_utc

Document = dict[str, Any]  # BSON

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SMALLEST_MS = 20_000_000_001
"""Pydantic reads smaller numbers as seconds. Source: pydantic, conversion of numbers to datetime."""


def encode(value: Any) -> Any:  # what a record holds in, BSON out
    """Write a value with every integer in 64 bits, and times as milliseconds since 1970.

    MongoDB keeps integers of two sizes as two types; servers that only speak its protocol compare
    dates, and text that looks like one, by the second.
    """
    if isinstance(value, Enum):
        return encode(value.value)
    if isinstance(value, dict):
        return {str(encode(name)): encode(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [encode(part) for part in value]
    if isinstance(value, frozenset):
        return sorted(encode(part) for part in value)
    if isinstance(value, datetime):
        return _encode_time(value)
    return Int64(value) if type(value) is int else value


def _encode_time(value: datetime) -> Int64:
    milliseconds = (to_utc(value) - _EPOCH) // _MILLISECOND
    if milliseconds < _SMALLEST_MS:
        raise ValueError(f"times before August 1970 cannot be kept: {value}")
    return Int64(milliseconds)


def match(condition: Condition) -> Any:  # BSON
    if isinstance(condition, OneOf):
        return {"$in": [encode(value) for value in condition.values]}
    if isinstance(condition, NoneOf):
        return {"$nin": [None, *(encode(value) for value in condition.values)]}
    if isinstance(condition, Below | Above):
        return {"$lt" if isinstance(condition, Below) else "$gt": encode(condition.value)}
    return {"$eq": encode(condition)}


def match_behind(field: str, after: Cursor, value: Scalar, is_down: bool) -> Document:
    """Match what comes after a cursor whose value was read; null comes before all values."""
    beyond = "$lt" if is_down else "$gt"
    if field == "_id":
        return {"_id": {beyond: after.id}}
    last = encode(value)
    parts: list[Document] = [{field: {"$eq": last}, "id": {beyond: after.id}}]
    if last is None:
        parts += [] if is_down else [{field: {"$ne": None}}]
    else:
        parts += [{field: {beyond: last}}, *([{field: {"$eq": None}}] if is_down else [])]
    return {"$or": parts}


def read_cursor(after: Cursor, kinds: frozenset[object]) -> Scalar:
    """Give a cursor's value the kind of its field: JSON writes times as text, and a cursor truth as 1.

    Raises InvalidError."""
    if isinstance(after.value, str) and datetime in kinds:
        try:
            return to_utc(datetime.fromisoformat(after.value))
        except ValueError as error:
            raise InvalidError(
                "The page cursor is not valid; start again from the first page."
            ) from error
    return bool(after.value) if bool in kinds and after.value is not None else after.value


def list_kinds(model: type[BaseModel], path: str) -> frozenset[object]:
    """List the types that a field may have, with that of None when it or what it lies in may be null."""
    name, _, rest = path.partition(".")
    kinds = frozenset(_split(model.model_fields[name].annotation))
    if not rest:
        return kinds
    inner = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    found = frozenset[object]().union(*(list_kinds(kind, rest) for kind in inner))
    return found | (kinds & {type(None)})


def _split(annotation: Any) -> Iterator[object]:  # annotations have no common type
    if get_origin(annotation) is Annotated:
        yield from _split(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _split(part)
    else:
        yield annotation


def find_holder(document: Document, field: str) -> tuple[Document, str]:
    """Find what a field lies in; a holder that is null counts as empty, and its changes are lost."""
    *parents, name = field.split(".")
    for parent in parents:
        document = document.get(parent) or {}
    return document, name


def look_up(document: Document, field: str) -> Any:  # BSON
    holder, name = find_holder(document, field)
    return holder.get(name)
