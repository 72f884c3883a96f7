"""Storage as operators see it: a report, a repair, and what a server does about it by itself."""

from core.accounts.service import Accounts
from core.storage.accounting import AccountedStores, Accounting
from core.storage.aging import Aging, AgingStores
from core.storage.collection import MAX_NAMED, Collection
from core.storage.pins import Pins, PinStores
from core.storage.records import StorageReport, StorageRules
from core.stores import Ports, pick


class Storage:
    """Keeps what is stored and what is counted the same."""

    def __init__(self, ports: Ports, accounts: Accounts, rules: StorageRules) -> None:
        stores, blobs, clock = ports.stores, ports.blobs, ports.clock
        pins = Pins(pick(PinStores, stores))
        self.collection = Collection(stores.strays, pins, blobs, clock, rules)
        self.accounting = Accounting(pick(AccountedStores, stores), blobs, clock)
        self.aging = Aging(pick(AgingStores, stores), accounts, blobs, clock, rules)

    async def sweep(self) -> StorageReport:
        """Delete what is too old and what nothing names, and repair what is reserved for nothing."""
        await self.aging.sweep()
        return await self.report(repair=True, look_for_missing=False)

    async def report(self, *, repair: bool = False, look_for_missing: bool = True) -> StorageReport:
        """Compare blobs, rows and quotas. With `repair` drifts are mended; strays go after their grace anyway."""
        found = await self.collection.collect()
        drifts = await self.accounting.find_drifts()
        repaired = 0
        for account, drift in drifts if repair else []:
            repaired += await self.accounting.repair(account, drift)
        missing = await self.accounting.find_missing() if look_for_missing else []
        update = {
            "drifts": tuple(drift for _, drift in drifts[:MAX_NAMED]),
            "repaired": repaired,
            "missing": tuple(missing),
        }
        return found.model_copy(update=update)
