"""Every service that works on models, put together; apart because they need one another in order."""

from dataclasses import dataclass

from core.accounts.service import Accounts
from core.datasets.records import Snapshot
from core.jobs.records import Job
from core.models.browsing import Browsing
from core.models.favourites import Favourites
from core.models.names import Names
from core.models.popularity import Popularity
from core.models.publishing import Publishing
from core.models.records import Favourite, MapState, NameClaim, TrainedModel
from core.models.resolver import Resolver
from core.models.service import Models
from core.models.trigger_map import TriggerMap
from core.offerings.service import Offerings
from core.ports import Blobs, Clock, Documents
from core.royalties.records import ModelUse


@dataclass(frozen=True)
class ModelStores:
    """What models are kept in, and what they were made from."""

    models: Documents[TrainedModel]
    model_names: Documents[NameClaim]
    trigger_maps: Documents[MapState]
    favourites: Documents[Favourite]
    jobs: Documents[Job]
    snapshots: Documents[Snapshot]
    model_uses: Documents[ModelUse]


@dataclass(frozen=True)
class ModelServices:
    """What the studio does with models."""

    trigger_map: TriggerMap
    models: Models
    favourites: Favourites
    browsing: Browsing
    publishing: Publishing
    resolver: Resolver
    popularity: Popularity


def open_models(
    stores: ModelStores, blobs: Blobs, clock: Clock, accounts: Accounts, offerings: Offerings
) -> ModelServices:
    """Put the services together."""
    names = Names(stores.model_names, stores.models, clock)
    trigger_map = TriggerMap(stores.trigger_maps, stores.models, stores.favourites, clock)
    models = Models(stores.models, stores.snapshots, names, trigger_map, blobs, clock)
    favourites = Favourites(stores.favourites, stores.models, models, trigger_map, clock)
    publishing = Publishing(
        models, stores.models, stores.jobs, stores.snapshots, accounts, names, trigger_map, clock
    )
    return ModelServices(
        trigger_map=trigger_map,
        models=models,
        favourites=favourites,
        browsing=Browsing(stores.models, favourites, trigger_map),
        publishing=publishing,
        popularity=Popularity(stores.model_uses, stores.models, clock),
        resolver=Resolver(trigger_map, models, {o.family for o in offerings.list_all()}),
    )
