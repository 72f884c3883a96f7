"""Uploads in parts as the API shows and takes them."""

from pydantic import ConfigDict, Field

from adapters.web.views.common import Form, Time, View
from adapters.web.views.datasets import UploadedFile
from core.datasets.resumable import NewUpload


class NewUploadForm(Form):
    """The file that is to come."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"filename": "cats.zip", "size_bytes": 1000000, "sha256": "0" * 64}]
        }
    )

    filename: str = Field(max_length=1000)
    size_bytes: int = Field(ge=0, le=2**53 - 1)
    sha256: str = Field(max_length=64, description="Of the whole file, in lower-case hexadecimal.")
    caption: str = Field(default="", description="Of a picture; a zip brings its own.")

    def to_new(self) -> NewUpload:
        return NewUpload(**self.model_dump())


class OffsetQuery(Form):
    """Where the bytes belong."""

    offset: int = Field(default=0, ge=0, le=2**53 - 1, description="How many have come before.")


class UploadView(View):
    """A file that comes in parts; go on at `received_bytes`."""

    model_config = ConfigDict(extra="ignore")

    id: str
    dataset: str
    filename: str
    size_bytes: int
    sha256: str
    received_bytes: int
    is_done: bool = Field(description="It was taken in or refused; nothing more is to be sent.")
    expires_at: Time


class UploadStep(View):
    """How far an upload is; with its last byte also what became of the file, or of each in a zip."""

    upload: UploadView
    files: tuple[UploadedFile, ...] | None = None
