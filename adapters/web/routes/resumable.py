"""Uploads that go on after a lost connection: announced, sent in parts, and taken in with the last byte."""

from contextlib import aclosing

from adapters.web.bodies import stream_body
from adapters.web.limiting import Action
from adapters.web.routing import Call, Routes
from adapters.web.uploads import describe, refuse
from adapters.web.views.resumable import NewUploadForm, OffsetQuery, UploadStep, UploadView
from core.accounts.records import Scope
from core.errors import ConflictError, RefusedError

routes = Routes("uploads")
_PATH = "/datasets/{dataset_id}/uploads/{upload_id}"


@routes.post(
    "/datasets/{dataset_id}/uploads",
    scope=Scope.WRITE,
    status=201,
    action=Action.UPLOAD,
    errors=(RefusedError,),
)
async def begin_upload(call: Call, dataset_id: str, body: NewUploadForm) -> UploadView:
    """Announce a picture or a zip that is to be sent in parts; its size is taken from your storage.

    A file that was announced before is the same upload, and says at which byte to go on."""
    upload = await call.studio.uploads.begin(call.principal, dataset_id, body.to_new())
    return UploadView.of(upload)


@routes.get(_PATH)
async def get_upload(call: Call, dataset_id: str, upload_id: str) -> UploadView:
    """Ask at which byte to go on; who has stopped for a day begins again."""
    return UploadView.of(await call.studio.uploads.get(call.principal, dataset_id, upload_id))


@routes.put(
    _PATH,
    scope=Scope.WRITE,
    takes="application/octet-stream",
    action=Action.UPLOAD,
    errors=(ConflictError, RefusedError),
)
async def send_bytes(call: Call, dataset_id: str, upload_id: str, query: OffsetQuery) -> UploadStep:
    """Send the next bytes, from 256 KiB to 8 MiB or all that is left; they are kept whole or not at all.

    With the last byte the file is taken in, and `files` says what became of it. When that answer is
    lost, send nothing at the last offset. Bytes that are not the next ones are answered 409."""
    uploads = call.studio.uploads
    async with aclosing(stream_body(call.request)) as body:
        upload = await uploads.add(call.principal, dataset_id, upload_id, query.offset, body)
    if upload.received_bytes < upload.size_bytes:
        return UploadStep(upload=UploadView.of(upload))
    files = []
    try:
        async for taken in uploads.finish(call.principal, upload):
            files.append(describe(call, taken))
    except RefusedError as error:
        files.append(refuse(call, upload.filename, error))
    upload = await uploads.get(call.principal, dataset_id, upload_id)
    return UploadStep(upload=UploadView.of(upload), files=tuple(files))


@routes.delete(_PATH, scope=Scope.WRITE)
async def drop_upload(call: Call, dataset_id: str, upload_id: str) -> None:
    """Drop an upload and what has come of it."""
    await call.studio.uploads.drop(call.principal, dataset_id, upload_id)
