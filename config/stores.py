"""Where records and blobs are kept; apart so that moving them can open two places at once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import fields
from typing import Any, get_args, get_type_hints

from adapters.files import FileBlobs
from adapters.mongo.blobs import GridFsBlobs
from adapters.mongo.database import MongoDatabase
from adapters.mongo.documents import MongoDocuments
from adapters.s3.blobs import S3Blobs
from adapters.s3.connection import S3Options
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.documents import SqliteDocuments
from config.settings import Settings
from core.errors import InvalidError, TrainyardError
from core.ports import Blobs
from core.records import Record
from core.stores import Stores


@asynccontextmanager
async def open_stores(settings: Settings) -> AsyncIterator[Stores]:
    """Open every collection: on MongoDB when it is set, else in the data folder."""
    if settings.mongodb_url.get_secret_value():
        async with open_mongodb(settings) as mongodb:
            yield await _open_each(lambda kind: MongoDocuments.open(mongodb, kind))
    else:
        async with SqliteDatabase(settings.database_file) as sqlite:
            yield await _open_each(lambda kind: SqliteDocuments.open(sqlite, kind))


@asynccontextmanager
async def open_blobs(settings: Settings) -> AsyncIterator[Blobs]:
    """Open the blobs: in a bucket or MongoDB when that is set, else in the data folder.

    Raises InvalidError for settings that name two places."""
    if settings.gridfs and (settings.s3_bucket or not settings.mongodb_url.get_secret_value()):
        raise InvalidError(
            "TRAINYARD_GRIDFS keeps files in MongoDB: set TRAINYARD_MONGODB_URL and no TRAINYARD_S3_BUCKET."
        )
    if settings.s3_bucket:
        async with open_bucket(settings) as bucket:
            yield bucket
    elif settings.gridfs:
        async with open_mongodb(settings) as mongodb:
            yield await GridFsBlobs.open(mongodb)
    else:
        folder = FileBlobs(settings.data_folder)
        await folder.open()
        yield folder


def open_mongodb(settings: Settings) -> MongoDatabase:
    """Make the MongoDB database of these settings, to be entered."""
    return MongoDatabase(settings.mongodb_url.get_secret_value(), settings.mongodb_database)


def open_bucket(settings: Settings) -> S3Blobs:
    """Make the bucket of these settings, to be entered."""
    return S3Blobs(
        S3Options(
            bucket=settings.s3_bucket,
            endpoint_url=settings.s3_endpoint_url,
            region=settings.s3_region,
            access_key=settings.s3_access_key.get_secret_value(),
            secret_key=settings.s3_secret_key.get_secret_value(),
            path_style=settings.s3_path_style,
            encryption=settings.s3_encryption,
            kms_key=settings.s3_kms_key,
            download_url=settings.s3_download_url,
        )
    )


def list_record_classes() -> dict[str, type[Record]]:
    """List the record class of each field of Stores, which stands in its annotation."""
    hints = get_type_hints(Stores)
    return {field.name: get_args(hints[field.name])[0] for field in fields(Stores)}


async def describe_stores(settings: Settings) -> dict[str, str]:
    """Say where records and blobs are kept, without any secret, and what is wrong with the place."""
    records = f"SQLite, {settings.database_file.resolve()}"
    if settings.mongodb_url.get_secret_value():
        place = f"MongoDB, database {settings.mongodb_database}"
        records = f"{place}: {await _look(open_mongodb(settings))}"
    blobs = "MongoDB, as the records" if settings.gridfs else ""
    blobs = blobs or f"folder {(settings.data_folder / 'blobs').resolve()}"
    if settings.s3_bucket:
        place = f"S3, bucket {settings.s3_bucket} at {settings.s3_endpoint_url or 'Amazon'}"
        blobs = f"{place}: {await _look(open_bucket(settings))}"
    return {"records": records, "blobs": blobs}


async def _look(place: AbstractAsyncContextManager[object]) -> str:
    try:
        async with place:
            return "reached"
    except TrainyardError as error:
        return error.message


async def _open_each(open_one: Callable[[type[Record]], Awaitable[Any]]) -> Stores:  # of each kind
    return Stores(**{name: await open_one(kind) for name, kind in list_record_classes().items()})
