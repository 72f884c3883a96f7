"""Conditions, cursors and values as MongoDB takes them; apart because a document and a question write them alike."""

from datetime import datetime
from typing import Any

from bson import Int64

from adapters.mongo.database import Document
from core.records import Above, Below, Condition, Cursor, OneOf, Scalar, format_time


def match(condition: Condition) -> Any:  # BSON
    if isinstance(condition, OneOf):
        return {"$in": [bind(value) for value in condition.values]}
    if isinstance(condition, Below | Above):
        return {"$lt" if isinstance(condition, Below) else "$gt": bind(condition.value)}
    return {"$eq": bind(condition)}


def match_behind(field: str, after: Cursor, is_down: bool) -> Document:
    """Match what comes after a cursor; null comes before all values."""
    beyond = "$lt" if is_down else "$gt"
    if field == "_id":
        return {"_id": {beyond: after.id}}
    value = bind(after.value)
    parts: list[Document] = [{field: {"$eq": value}, "id": {beyond: after.id}}]
    if value is None:
        parts += [] if is_down else [{field: {"$ne": None}}]
    else:
        parts += [{field: {beyond: value}}, *([{field: {"$eq": None}}] if is_down else [])]
    return {"$or": parts}


def bind(value: Scalar) -> Any:  # BSON
    if isinstance(value, datetime):
        return format_time(value)
    return encode(value)


def encode(value: Any) -> Any:  # JSON in, BSON out
    """Make every integer one of 64 bits: MongoDB keeps and compares the two sizes as different types."""
    if isinstance(value, dict):
        return {name: encode(part) for name, part in value.items()}
    if isinstance(value, list):
        return [encode(part) for part in value]
    return Int64(value) if type(value) is int else value


def find_holder(document: Document, field: str) -> tuple[Document, str]:
    """Find what a field lies in; a holder that is null counts as empty, and its changes are lost."""
    *parents, name = field.split(".")
    for parent in parents:
        document = document.get(parent) or {}
    return document, name


def look_up(document: Document, field: str) -> Any:  # BSON
    holder, name = find_holder(document, field)
    return holder.get(name)
