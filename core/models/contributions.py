"""Pictures taken back by whoever contributed them: what was trained stays, and its owner hears of it."""

from core.accounts.records import Principal
from core.datasets.records import Item, Snapshot
from core.datasets.service import Datasets
from core.jobs.records import Job
from core.models.records import TrainedModel
from core.notifications.records import NewsKind
from core.notifications.service import Notifications
from core.paging import iterate
from core.ports import Documents


class Contributions:
    """What becomes of models when a picture that they were trained on is withdrawn."""

    def __init__(
        self,
        datasets: Datasets,
        models: Documents[TrainedModel],
        jobs: Documents[Job],
        snapshots: Documents[Snapshot],
        notifications: Notifications,
    ) -> None:
        self._datasets = datasets
        self._models = models
        self._jobs = jobs
        self._snapshots = snapshots
        self._notifications = notifications

    async def remove_item(self, principal: Principal, dataset_id: str, item_id: str) -> None:
        """Take an item out of a dataset; tell others whose models were trained on one's own picture.

        They are told first, once each: were the process to die between the two, the contributor
        would take the picture back again, and not the news be lost.
        """
        item = await self._datasets.check_removal(principal, dataset_id, item_id)
        if item.contributor == principal.account:
            async for model in iterate(self._models, {"provenance.dataset": item.dataset}):
                if model.owner != principal.account and await self._has(model, item):
                    await self._tell(model, item)
        await self._datasets.remove_item(principal, dataset_id, item_id)

    async def _has(self, model: TrainedModel, item: Item) -> bool:
        """Tell whether a model was trained on this item."""
        job = await self._jobs.get(model.provenance.job)
        snapshot = await self._snapshots.get(job.snapshot)
        return any(frozen.item == item.id for frozen in snapshot.items)

    async def _tell(self, model: TrainedModel, item: Item) -> None:
        await self._notifications.tell(
            model.owner,
            f"withdrawn:{model.id}:{item.id}",
            NewsKind.PICTURE_WITHDRAWN,
            {
                "model": model.id,
                "model_name": model.name,
                "dataset": item.dataset,
                "offering": model.provenance.offering,
                "trigger": model.taught_words[0],
            },
        )
