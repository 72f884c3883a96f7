"""Operations on datasets; made from the OpenAPI document by `python -m adapters.client.generate`."""

from adapters.client.connection import Connection, Request
from adapters.client.models.datasets import DatasetChange, DatasetView, NewDataset, ReportView
from adapters.client.paging import Pages


class DatasetsOperations(Connection):
    """The operations on datasets."""

    async def create_dataset(self, body: NewDataset) -> DatasetView:
        """Make a dataset, empty and private."""
        return await self._ask(DatasetView, Request("POST", ("datasets",), body=body))

    def list_datasets(
        self, *, limit: int | None = None, after: str | None = None
    ) -> Pages[DatasetView]:
        """List your datasets, newest first."""
        return self._list(
            DatasetView, Request("GET", ("datasets",), query={"limit": limit, "after": after})
        )

    async def get_dataset(self, dataset_id: str) -> DatasetView:
        """Get a dataset that you may see."""
        return await self._ask(DatasetView, Request("GET", ("datasets", dataset_id)))

    async def change_dataset(
        self, dataset_id: str, body: DatasetChange, *, if_match: str | None = None
    ) -> DatasetView:
        """Change the name, the description, or which caption set is shown, edited and trained with."""
        return await self._ask(
            DatasetView, Request("PATCH", ("datasets", dataset_id), body=body, if_match=if_match)
        )

    async def delete_dataset(self, dataset_id: str) -> None:
        """Remove a dataset with its pictures; a training that needs them still gets them."""
        await self._do(Request("DELETE", ("datasets", dataset_id)))

    async def get_report(self, dataset_id: str) -> ReportView:
        """Check a dataset, free: what to mend, which offerings it fits, what they cost."""
        return await self._ask(ReportView, Request("GET", ("datasets", dataset_id, "report")))
