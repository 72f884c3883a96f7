"""Servers that are tested on: Redis, MongoDB's protocol and S3's, each a real process of this machine."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from pydantic import SecretStr
from pymongo import MongoClient

from adapters.mongo.database import MongoDatabase
from adapters.redis_server import wait_until_ready
from adapters.s3.connection import S3Options, make_client
from config.processes import end_with_parent, find_free_port
from config.settings import Settings

MONGODB_VARIABLE = "TRAINYARD_TEST_MONGODB_URL"
_START_S = 30.0


def name_mongodb() -> str:
    """Say which server the tests of MongoDB run against."""
    if os.environ.get(MONGODB_VARIABLE):
        return f"the server of {MONGODB_VARIABLE}"
    return f"NX-27017, which speaks its protocol over SQLite; {MONGODB_VARIABLE} names a real one"


@contextmanager
def run_redis() -> Iterator[str]:
    """Start a redis-server on a unix socket in a short folder; give its URL."""
    with tempfile.TemporaryDirectory(prefix="ty-", ignore_cleanup_errors=True) as folder:
        url = f"unix://{folder}/redis.sock"
        with _run("adapters.redis_server", folder, f"{folder}/redis.sock"):
            asyncio.run(wait_until_ready(url))
            yield url


@contextmanager
def run_mongodb() -> Iterator[str]:
    """Give the URL of the MongoDB server that is set, or start one that speaks its protocol."""
    if given := os.environ.get(MONGODB_VARIABLE):
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="ty-") as folder:
        port = find_free_port()
        names = {"--data-dir": folder, "--port": port, "--pid-file": f"{folder}/pid"}
        options = [str(part) for pair in names.items() for part in pair]
        with _run("nx_27017.nx_27017", *options, "--log-file", f"{folder}/log"):
            url = f"mongodb://127.0.0.1:{port}/"
            with _connect(url) as client:
                client.admin.command("ping")
            yield url


@asynccontextmanager
async def open_mongodb(url: str) -> AsyncIterator[MongoDatabase]:
    """Open a database of a test's own, and drop it in the end."""
    with name_database(url) as name:
        async with MongoDatabase(url, name) as database:
            yield database


@contextmanager
def name_database(url: str) -> Iterator[str]:
    """Name a database that is not there, and drop it in the end."""
    name = f"test_{uuid.uuid4().hex}"
    try:
        yield name
    finally:
        with _connect(url) as client:
            client.drop_database(name)


def _connect(url: str) -> MongoClient[dict[str, object]]:
    return MongoClient(url, serverSelectionTimeoutMS=_START_S * 1000)


@contextmanager
def run_s3() -> Iterator[str]:
    """Start a server that speaks S3 and keeps everything in memory; give its URL."""
    port = find_free_port()
    with _run("moto.server", "--host", "127.0.0.1", "--port", str(port)):
        deadline_s = time.monotonic() + _START_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            if time.monotonic() > deadline_s:
                raise TimeoutError("the S3 server did not start")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"


async def make_bucket(url: str, access_key: str = "test", secret_key: str = "test") -> S3Options:
    """Make a bucket of a test's own."""
    options = S3Options(
        bucket=f"test-{uuid.uuid4().hex}",
        endpoint_url=url,
        region="us-east-1",
        access_key=access_key,
        secret_key=secret_key,
        path_style=True,
    )
    async with make_client(options) as client:
        await client.create_bucket(Bucket=options.bucket)
    return options


@asynccontextmanager
async def set_stores(settings: Settings, mongodb_url: str, s3_url: str) -> AsyncIterator[Settings]:
    """Give these settings with a MongoDB database and a bucket of a test's own."""
    bucket = await make_bucket(s3_url)
    with name_database(mongodb_url) as name:
        yield settings.model_copy(
            update={
                "mongodb_url": SecretStr(mongodb_url),
                "mongodb_database": name,
                "s3_bucket": bucket.bucket,
                "s3_endpoint_url": bucket.endpoint_url,
                "s3_region": bucket.region,
                "s3_access_key": SecretStr(bucket.access_key),
                "s3_secret_key": SecretStr(bucket.secret_key),
                "s3_path_style": True,
            }
        )


@contextmanager
def _run(module: str, *options: str) -> Iterator[None]:
    """Run a Python module as a process that ends with this one."""
    command = [sys.executable, "-m", module, *options]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=end_with_parent,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)
