"""Datasets: made, listed, described, removed, and checked before anything is paid."""

from adapters.web.routing import Call, Routes
from adapters.web.views.common import Listing, PageQuery
from adapters.web.views.datasets import DatasetChange, DatasetView, NewDataset, ReportView
from core.accounts.records import Scope
from core.datasets.records import Dataset
from core.records import Page

routes = Routes("datasets")


async def show(call: Call, dataset: Dataset) -> DatasetView:
    """Show a dataset with what is counted of it."""
    return DatasetView.of(await call.studio.overviews.describe(call.principal, dataset))


async def show_page(call: Call, page: Page[Dataset]) -> Listing[DatasetView]:
    """Show a page of datasets with what is counted of each."""
    found = await call.studio.overviews.describe_page(call.principal, page)
    return Listing[DatasetView].of(found)


@routes.post("/datasets", scope=Scope.WRITE, status=201)
async def create_dataset(call: Call, body: NewDataset) -> DatasetView:
    """Make a dataset, empty and private."""
    dataset = await call.studio.datasets.create(call.principal, body.name, body.description)
    return await show(call, dataset)


@routes.get("/datasets")
async def list_datasets(call: Call, query: PageQuery) -> Listing[DatasetView]:
    """List your datasets, newest first."""
    page = await call.studio.datasets.list_own(call.principal, query.page())
    return await show_page(call, page)


@routes.get("/datasets/{dataset_id}")
async def get_dataset(call: Call, dataset_id: str) -> DatasetView:
    """Get a dataset that you may see."""
    return await show(call, await call.studio.datasets.get(call.principal, dataset_id))


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
    return await show(call, dataset)


@routes.delete("/datasets/{dataset_id}", scope=Scope.WRITE)
async def delete_dataset(call: Call, dataset_id: str) -> None:
    """Remove a dataset with its pictures; a training that needs them still gets them."""
    await call.studio.datasets.delete(call.principal, dataset_id)


@routes.get("/datasets/{dataset_id}/report")
async def get_report(call: Call, dataset_id: str) -> ReportView:
    """Check a dataset, free: what to mend, which offerings it fits, what they cost."""
    report = await call.studio.report(call.principal, dataset_id)
    words = call.words
    offerings = tuple(
        fit.model_copy(update={"reason": words.known(fit.reason)}) for fit in report.offerings
    )
    return ReportView.of(report.model_copy(update={"offerings": offerings}))
