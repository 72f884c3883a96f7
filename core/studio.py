"""The studio: every service, put together from ports; all that a door or a task sees of the core."""

import asyncio
from dataclasses import dataclass

from core.accounts.linking import Linking, LinkStores
from core.accounts.merging import Merging, MovingStores
from core.accounts.records import Account, ApiToken, Identity, LinkCode, LinkTries, Merge, Principal
from core.accounts.service import Accounts
from core.accounts.tokens import Tokens
from core.auto_captions.service import AutoCaptions
from core.conversations.records import Draft, Shortcut
from core.conversations.service import Conversations
from core.datasets.captions import Captions
from core.datasets.export import Exports
from core.datasets.imports import Imports
from core.datasets.intake import Intake
from core.datasets.records import Dataset, Invitation, Item, Member, Report, Snapshot
from core.datasets.report import make_report
from core.datasets.retention import Retention
from core.datasets.service import Datasets
from core.datasets.sharing import Sharing
from core.datasets.snapshots import Snapshots
from core.downloads import DownloadLink, Downloads
from core.generations.service import Generations
from core.jobs.leases import LEASE_S, Leases
from core.jobs.metrics import Losses
from core.jobs.owned import OwnJobs
from core.jobs.records import Job, Kind, LossChunk
from core.jobs.service import Jobs
from core.jobs.settlement import Settlement
from core.jobs.submission import Submission
from core.jobs.sweeper import Sweeper
from core.models.records import TrainedModel
from core.models.service import Models
from core.notifications.delivery import Deliveries
from core.notifications.records import Notification
from core.notifications.service import Notifications
from core.offerings.service import Offerings
from core.pictures import Pictures
from core.points.reconcile import Reconciler
from core.points.records import Entry, SpendingStop
from core.points.service import Points
from core.ports import Blobs, Clock, Documents, Drawings, Events, Fetcher, Images, Wakeups
from core.royalties.payouts import Payouts
from core.royalties.records import Accrual, ModelUse, RoyaltyRates
from core.royalties.service import Royalties


@dataclass(frozen=True)
class Stores:
    """One Documents for each kind of record."""

    accounts: Documents[Account]
    identities: Documents[Identity]
    tokens: Documents[ApiToken]
    datasets: Documents[Dataset]
    items: Documents[Item]
    snapshots: Documents[Snapshot]
    jobs: Documents[Job]
    losses: Documents[LossChunk]
    models: Documents[TrainedModel]
    entries: Documents[Entry]
    stops: Documents[SpendingStop]
    notifications: Documents[Notification]
    drafts: Documents[Draft]
    shortcuts: Documents[Shortcut]
    link_codes: Documents[LinkCode]
    link_tries: Documents[LinkTries]
    merges: Documents[Merge]
    members: Documents[Member]
    invitations: Documents[Invitation]
    download_links: Documents[DownloadLink]
    accruals: Documents[Accrual]
    model_uses: Documents[ModelUse]


@dataclass(frozen=True)
class Ports:
    """Everything the core needs from outside."""

    stores: Stores
    blobs: Blobs
    images: Images
    drawings: Drawings
    fetcher: Fetcher
    wakeups: Wakeups
    events: Events
    clock: Clock


class Studio:
    """What Trainyard does, whoever asks."""

    def __init__(
        self,
        ports: Ports,
        offerings: Offerings,
        *,
        lease_s: float = LEASE_S,
        public_url: str = "http://127.0.0.1:8080",
        rates: RoyaltyRates | None = None,
    ) -> None:
        stores, clock = ports.stores, ports.clock
        self.blobs = ports.blobs
        self.events = ports.events
        self.wakeups = ports.wakeups
        self.offerings = offerings
        self.accounts = Accounts(stores.accounts, stores.identities, clock)
        self.tokens = Tokens(stores.tokens, self.accounts, clock)
        self.points = Points(stores.entries, stores.stops, clock)
        self.datasets = Datasets(stores.datasets, stores.items, stores.members, clock)
        self.intake = Intake(
            self.datasets, stores.items, ports.blobs, ports.images, self.accounts, clock
        )
        retention = _make_retention(ports, self.datasets, self.accounts)
        self.imports = Imports(self.intake, self.datasets, ports.fetcher)
        self.captions = Captions(self.datasets)
        self.conversations = Conversations(stores.drafts, stores.shortcuts, clock)
        self.snapshots = Snapshots(
            stores.snapshots, stores.items, self.datasets, ports.blobs, clock
        )
        self.models = Models(stores.models, stores.snapshots, ports.blobs, clock)
        self.notifications = Notifications(stores.notifications, ports.events, clock)
        self.downloads = Downloads(stores.download_links, ports.blobs, clock, public_url)
        self.exports = Exports(self.datasets, ports.blobs, self.downloads)
        self.sharing = Sharing(
            self.datasets,
            stores.members,
            stores.invitations,
            self.accounts,
            self.notifications,
            clock,
        )
        self.deliveries = Deliveries(stores.notifications, self.accounts, clock)
        self.rates = rates or RoyaltyRates()
        self.royalties = Royalties(stores.accruals, stores.model_uses, clock)
        self.payouts = Payouts(
            stores.accruals,
            stores.entries,
            self.royalties,
            self.points,
            self.accounts,
            self.notifications,
            clock,
            self.rates.payout_minimum_points,
        )
        self.losses = Losses(stores.losses, clock)
        settlement = Settlement(stores.jobs, self.models, self.points, self.notifications, clock)
        submission = Submission(stores.jobs, self.points, ports.wakeups, ports.events, clock)
        self.jobs = Jobs(
            stores.jobs,
            stores.losses,
            offerings,
            self.snapshots,
            self.datasets,
            submission,
            settlement,
            ports.events,
            clock,
        )
        self.generations = Generations(
            OwnJobs(Kind.GENERATE, stores.jobs, settlement, ports.events, clock),
            offerings,
            self.models,
            submission,
            clock,
        )
        self.pictures = Pictures(self.jobs, ports.blobs, ports.drawings)
        self.leases = Leases(stores.jobs, self.accounts, settlement, ports.events, clock, lease_s)
        self.auto_captions = AutoCaptions(
            OwnJobs(Kind.CAPTION, stores.jobs, settlement, ports.events, clock),
            offerings,
            self.datasets,
            stores.items,
            self.snapshots,
            submission,
            self.leases,
            clock,
        )
        self.merging = _make_merging(ports, self.accounts, self.points, self.notifications)
        self.linking = _make_linking(ports, self.accounts, self.merging)
        self.sweeper = Sweeper(
            stores.jobs,
            submission,
            self.leases,
            settlement,
            retention,
            clock,
            (
                self.conversations.sweep,
                self.merging.sweep,
                self.linking.sweep,
                self.sharing.sweep,
                self.downloads.sweep,
            ),
        )
        self.reconciler = Reconciler(
            stores.entries, stores.stops, stores.jobs, stores.accruals, clock
        )

    async def report(self, principal: Principal, dataset_id: str) -> Report:
        """Make the free health report of a dataset."""
        dataset = await self.datasets.get(principal, dataset_id)
        items = await self.datasets.list_active(dataset.id)
        return await asyncio.to_thread(make_report, dataset, items, self.offerings.list_all())


def _make_retention(ports: Ports, datasets: Datasets, accounts: Accounts) -> Retention:
    stores = ports.stores
    return Retention(
        stores.datasets,
        datasets,
        stores.snapshots,
        stores.items,
        stores.jobs,
        accounts,
        ports.blobs,
        ports.clock,
    )


def _make_linking(ports: Ports, accounts: Accounts, merging: Merging) -> Linking:
    stores = ports.stores
    linking = LinkStores(stores.link_codes, stores.link_tries, stores.identities, stores.accounts)
    return Linking(linking, accounts, merging, ports.clock)


def _make_merging(
    ports: Ports, accounts: Accounts, points: Points, notifications: Notifications
) -> Merging:
    stores = ports.stores
    moving = MovingStores(
        accounts=stores.accounts,
        identities=stores.identities,
        tokens=stores.tokens,
        merges=stores.merges,
        datasets=stores.datasets,
        jobs=stores.jobs,
        models=stores.models,
        notifications=stores.notifications,
        members=stores.members,
        shortcuts=stores.shortcuts,
    )
    return Merging(moving, accounts, points, notifications, ports.clock)
