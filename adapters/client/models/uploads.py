"""Models of uploads; made from the OpenAPI document by `python -m adapters.client.generate`."""

from datetime import datetime

from adapters.client.messages import Answer, Body
from adapters.client.models.items import UploadedFile


class NewUploadForm(Body):
    """The file that is to come."""

    filename: str
    size_bytes: int
    sha256: str
    """Of the whole file, in lower-case hexadecimal."""
    caption: str = ""
    """Of a picture; a zip brings its own."""


class UploadView(Answer):
    """A file that comes in parts; go on at `received_bytes`."""

    id: str
    dataset: str
    filename: str
    size_bytes: int
    sha256: str
    received_bytes: int
    is_done: bool
    """It was taken in or refused; nothing more is to be sent."""
    expires_at: datetime


class UploadStep(Answer):
    """How far an upload is; with its last byte also what became of the file, or of each in a zip."""

    upload: UploadView
    files: tuple[UploadedFile, ...] | None = None
