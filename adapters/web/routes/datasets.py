"""Datasets: made, listed, described, removed, and checked before anything is paid."""

from adapters.web.routing import Call, Routes
from adapters.web.views.common import Listing, PageQuery
from adapters.web.views.datasets import DatasetChange, DatasetView, NewDataset, ReportView
from core.accounts.records import Scope

routes = Routes("datasets")


@routes.post("/datasets", scope=Scope.WRITE, status=201)
async def create_dataset(call: Call, body: NewDataset) -> DatasetView:
    """Make a dataset, empty and private."""
    dataset = await call.studio.datasets.create(call.principal, body.name, body.description)
    return DatasetView.of(dataset)


@routes.get("/datasets")
async def list_datasets(call: Call, query: PageQuery) -> Listing[DatasetView]:
    """List your datasets, newest first."""
    page = await call.studio.datasets.list_own(call.principal, query.page())
    return Listing[DatasetView].of(page)


@routes.get("/datasets/{dataset_id}")
async def get_dataset(call: Call, dataset_id: str) -> DatasetView:
    """Get a dataset that you may see."""
    return DatasetView.of(await call.studio.datasets.get(call.principal, dataset_id))


@routes.patch("/datasets/{dataset_id}", scope=Scope.WRITE)
async def change_dataset(
    call: Call, dataset_id: str, body: DatasetChange, version: int | None
) -> DatasetView:
    """Change the name, the description, or which caption set is shown, edited and trained with."""
    if body.default_caption_set is not None:
        await call.studio.datasets.choose_captions(
            call.principal, dataset_id, body.default_caption_set, version
        )
        version = None
    dataset = await call.studio.datasets.describe(
        call.principal, dataset_id, body.name, body.description, version
    )
    return DatasetView.of(dataset)


@routes.delete("/datasets/{dataset_id}", scope=Scope.WRITE)
async def delete_dataset(call: Call, dataset_id: str) -> None:
    """Remove a dataset with its pictures; a training that needs them still gets them."""
    await call.studio.datasets.delete(call.principal, dataset_id)


@routes.get("/datasets/{dataset_id}/report")
async def get_report(call: Call, dataset_id: str) -> ReportView:
    """Check a dataset, free: what to mend, which offerings it fits, what they cost."""
    return ReportView.of(await call.studio.report(call.principal, dataset_id))
