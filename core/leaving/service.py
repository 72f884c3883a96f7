"""What leaving needs, put together."""

from core.accounts.service import Accounts
from core.accounts.sessions import Sessions
from core.datasets.service import Datasets
from core.downloads import Downloads
from core.leaving.deletion import Deletion
from core.leaving.export import AccountExports
from core.leaving.farewells import Farewells
from core.leaving.stores import OwnStores
from core.models.trigger_map import TriggerMap
from core.stores import Ports, pick


class Leaving:
    """An account taken along, and one deleted."""

    def __init__(
        self,
        ports: Ports,
        accounts: Accounts,
        sessions: Sessions,
        datasets: Datasets,
        trigger_map: TriggerMap,
        downloads: Downloads,
    ) -> None:
        own, blobs = pick(OwnStores, ports.stores), ports.blobs
        self.exports = AccountExports(own, accounts, blobs, downloads)
        self.farewells = Farewells(ports.stores.farewells, ports.signer, ports.clock)
        known = accounts, sessions, datasets, trigger_map, self.farewells
        self.deletion = Deletion(own, *known, blobs, ports.clock)
