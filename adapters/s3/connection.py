"""How an S3 store is reached: where it is, as whom, and how long is waited for it."""

from dataclasses import dataclass, field
from typing import Any, Literal

import aioboto3
from aiobotocore.config import AioConfig

_TRIES = 8
"""A request, with the first: at 30 % errors one in 15,000 fails."""
_CONNECT_S = 5
_SILENCE_S = 30


@dataclass(frozen=True)
class S3Options:
    """A bucket and how to use it; what is empty is what the SDK finds by itself."""

    bucket: str
    endpoint_url: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    path_style: bool = False
    """Names the bucket in the path and not in the host, as MinIO wants it."""
    encryption: Literal["", "AES256", "aws:kms"] = ""
    """Of what is stored, by the server; empty: as the bucket says."""
    kms_key: str = ""
    download_url: str = ""
    """Where people reach the store; empty: they do not."""

    @property
    def encryption_headers(self) -> dict[str, str]:
        if not self.encryption:
            return {}
        key = {"SSEKMSKeyId": self.kms_key} if self.kms_key else {}
        return {"ServerSideEncryption": self.encryption, **key}


def make_client(
    options: S3Options, endpoint_url: str = ""
) -> Any:  # an async context manager; aioboto3 has no types
    """Make a client for one event loop, of another address of the store where one is given.

    The library repeats what failed, at growing intervals."""
    config = AioConfig(
        connect_timeout=_CONNECT_S,
        read_timeout=_SILENCE_S,
        max_pool_connections=50,
        retries={"mode": "standard", "total_max_attempts": _TRIES},
        signature_version="s3v4",
        s3={"addressing_style": "path" if options.path_style else "auto"},
        # other stores do not know the newer checksums; bodies carry an MD5, which all know
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    session = aioboto3.Session(
        aws_access_key_id=options.access_key or None,
        aws_secret_access_key=options.secret_key or None,
        region_name=options.region or None,
    )
    return session.client(
        "s3", endpoint_url=endpoint_url or options.endpoint_url or None, config=config
    )
