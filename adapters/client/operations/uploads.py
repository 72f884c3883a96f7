"""Operations on uploads; made from the OpenAPI document by `python -m adapters.client.generate`."""

from adapters.client.connection import Connection, Request
from adapters.client.models.uploads import NewUploadForm, UploadStep, UploadView


class UploadsOperations(Connection):
    """The operations on uploads."""

    async def begin_upload(self, dataset_id: str, body: NewUploadForm) -> UploadView:
        """Announce a picture or a zip that is to be sent in parts; its size is taken from your storage.

        A file that was announced before is the same upload, and says at which byte to go on.
        """
        return await self._ask(
            UploadView, Request("POST", ("datasets", dataset_id, "uploads"), body=body)
        )

    async def get_upload(self, dataset_id: str, upload_id: str) -> UploadView:
        """Ask at which byte to go on; who has stopped for a day begins again."""
        return await self._ask(
            UploadView, Request("GET", ("datasets", dataset_id, "uploads", upload_id))
        )

    async def send_bytes(
        self, dataset_id: str, upload_id: str, body: bytes, *, offset: int | None = None
    ) -> UploadStep:
        """Send the next bytes, from 256 KiB to 8 MiB or all that is left; they are kept whole or not at all.

        With the last byte the file is taken in, and `files` says what became of it. When that answer is lost,
        send nothing at the last offset. Bytes that are not the next ones are answered 409.
        """
        return await self._ask(
            UploadStep,
            Request(
                "PUT",
                ("datasets", dataset_id, "uploads", upload_id),
                query={"offset": offset},
                body=body,
            ),
        )

    async def drop_upload(self, dataset_id: str, upload_id: str) -> None:
        """Drop an upload and what has come of it."""
        await self._do(Request("DELETE", ("datasets", dataset_id, "uploads", upload_id)))
