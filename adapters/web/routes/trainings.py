"""Trainings: submitted, followed, cancelled, tried again."""

from aiohttp import web

from adapters.web.downloads import send_stored, send_zip
from adapters.web.events import listen, tell, until_end
from adapters.web.routing import Call, Routes
from adapters.web.views.common import Listing
from adapters.web.views.notifications import TrainingEvent
from adapters.web.views.trainings import (
    LossPoint,
    MetricsQuery,
    MetricsView,
    NewTraining,
    TrainingQuery,
    TrainingView,
    ValidationPoint,
)
from core.accounts.records import Scope
from core.errors import (
    ConflictError,
    InsufficientPointsError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from core.offerings.service import TrainingWishes
from core.zipping import CONTENT_TYPE, name_zip, stream_files

routes = Routes("trainings")
_SPENDING = (RefusedError, InsufficientPointsError, ConflictError, UnavailableError)


@routes.post("/trainings", scope=Scope.SPEND, status=201, errors=(*_SPENDING, NotFoundError))
async def submit_training(call: Call, idempotency_key: str, body: NewTraining) -> TrainingView:
    """Buy a training of a dataset as it is now; its points are held until it ends.

    The same Idempotency-Key with the same content is the same training, with other content 409."""
    wishes = TrainingWishes(**body.model_dump(exclude={"dataset"}))
    job = await call.studio.jobs.submit(call.principal, body.dataset, wishes, idempotency_key)
    return TrainingView.show(job, call.words)


@routes.get("/trainings")
async def list_trainings(call: Call, query: TrainingQuery) -> Listing[TrainingView]:
    """List your trainings, newest first."""
    page = await call.studio.jobs.list_own(call.principal, query.page(), query.statuses())
    return Listing[TrainingView].show(page, lambda job: TrainingView.show(job, call.words))


@routes.get("/trainings/{training_id}")
async def get_training(call: Call, training_id: str) -> TrainingView:
    """Get a training as it is now."""
    return TrainingView.show(await call.studio.jobs.get(call.principal, training_id), call.words)


@routes.post("/trainings/{training_id}/cancel", scope=Scope.WRITE, errors=(ConflictError,))
async def cancel_training(call: Call, training_id: str) -> TrainingView:
    """Ask a training to stop; steps that it has done are charged, the rest comes back."""
    job = await call.studio.jobs.cancel(call.principal, training_id)
    return TrainingView.show(job, call.words)


@routes.post("/trainings/{training_id}/retry", scope=Scope.SPEND, status=201, errors=_SPENDING)
async def retry_training(call: Call, training_id: str, idempotency_key: str) -> TrainingView:
    """Buy a failed or cancelled training again, on the same pictures and at the same price."""
    job = await call.studio.jobs.retry(call.principal, training_id, idempotency_key)
    return TrainingView.show(job, call.words)


@routes.get("/trainings/{training_id}/metrics")
async def get_metrics(call: Call, training_id: str, query: MetricsQuery) -> MetricsView:
    """Get the loss history, or what has come to it behind a step.

    A training that goes on from a checkpoint writes the steps behind it anew."""
    jobs, after = call.studio.jobs, query.after
    losses = await jobs.list_losses(call.principal, training_id, after)
    points = tuple(LossPoint(step=s, loss=loss, learning_rate=rate) for s, loss, rate in losses)
    measured = await jobs.list_validation_losses(call.principal, training_id, after)
    validation = tuple(ValidationPoint(step=step, loss=loss) for step, loss in measured)
    return MetricsView(training=training_id, points=points, validation=validation)


@routes.get("/trainings/{training_id}/samples", media=CONTENT_TYPE)
async def download_samples(call: Call, training_id: str) -> web.StreamResponse:
    """Download every picture that the training made on its way, as a zip."""
    job = await call.studio.jobs.get(call.principal, training_id)
    stream = stream_files(call.studio.blobs, [sample.file for sample in job.samples])
    return await send_zip(call.request, name_zip(job.dataset_name, job.id), stream)


@routes.get("/trainings/{training_id}/samples/{name}", media="image/*")
async def get_sample(call: Call, training_id: str, name: str) -> web.StreamResponse:
    """Get a picture that the training made on its way."""
    job = await call.studio.jobs.get(call.principal, training_id)
    for sample in job.samples:
        if sample.file.name == name:
            return await send_stored(call.request, call.studio.blobs, sample.file)
    raise NotFoundError("This training has no such sample.")


@routes.get(
    "/trainings/{training_id}/events",
    media="text/event-stream",
    events={"snapshot": TrainingView, "training": TrainingEvent},
)
async def follow_training(call: Call, training_id: str) -> web.StreamResponse:
    """Follow one training: a `snapshot` of it, then each `training` event until it has ended."""
    async with listen(call) as events:
        # Read after listening has begun, so that no event falls between the two.
        job = await call.studio.jobs.get(call.principal, training_id)
        shown = TrainingView.show(job, call.words)
        return await tell(call, shown, until_end(events, "training", job))
