"""The studio: every service, put together from ports in the order in which they need one another."""

import asyncio

from core.accounts.linking import Linking, LinkStores
from core.accounts.merging import Merging, MovingStores
from core.accounts.records import Principal
from core.accounts.service import Accounts
from core.accounts.sessions import Sessions
from core.accounts.sign_ins import SignIns
from core.accounts.tokens import Tokens
from core.auto_captions.service import AutoCaptions
from core.conversations.receipts import Receipts
from core.conversations.service import Conversations
from core.datasets.arrangement import Arrangement
from core.datasets.captions import Captions
from core.datasets.export import Exports
from core.datasets.imports import Imports
from core.datasets.intake import Intake
from core.datasets.overview import Overviews
from core.datasets.records import Report
from core.datasets.report import make_report
from core.datasets.resumable import Uploads
from core.datasets.retention import Retention
from core.datasets.service import Datasets
from core.datasets.sharing import Sharing
from core.datasets.snapshots import Snapshots
from core.downloads import Downloads
from core.fleet.service import Fleet
from core.fleet.stranded import StrandedJobs
from core.generations.service import Generations
from core.jobs.leases import LEASE_S, Leases
from core.jobs.metrics import Losses
from core.jobs.owned import OwnJobs
from core.jobs.records import Kind
from core.jobs.service import Jobs
from core.jobs.settlement import Settlement
from core.jobs.submission import Submission
from core.jobs.sweeper import Sweeper
from core.leaving.service import Leaving
from core.models.contributions import Contributions
from core.models.opening import ModelStores, open_models
from core.notifications.delivery import Deliveries
from core.notifications.service import Notifications
from core.offerings.service import Offerings
from core.operations import Operations
from core.pictures import Pictures
from core.points.service import Points
from core.points.spending import Spending
from core.points.transfers import Transfers
from core.royalties.payouts import Payouts
from core.royalties.records import RoyaltyRates
from core.royalties.service import Royalties
from core.royalties.usage import Usage
from core.royalties.uses import Uses
from core.storage.capacity import Capacity
from core.storage.records import StorageRules
from core.stores import Ports, pick
from core.topups.records import Package
from core.topups.refunds import Refunds
from core.topups.service import TopUps, TopUpStores


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
        packages: tuple[Package, ...] = (),
        transfers_per_day: int = 20,
        storage: StorageRules | None = None,
    ) -> None:
        self.blobs, self.events, self.wakeups = ports.blobs, ports.events, ports.wakeups
        self.signer, self.meter = ports.signer, ports.meter
        self.public_url = public_url
        self.offerings = offerings
        self.rates, self._rules = rates or RoyaltyRates(), storage or StorageRules()
        self._open_people(ports, packages)
        told = self.points, self.accounts, self.notifications, ports.clock
        self.transfers = Transfers(ports.stores.transfers, *told, transfers_per_day)
        self._open_datasets(ports)
        self._open_models(ports)
        self._open_royalties(ports)
        self._open_jobs(ports, lease_s)
        self._open_linking(ports)
        self._open_duties(ports)

    def _open_people(self, ports: Ports, packages: tuple[Package, ...]) -> None:
        stores, clock = ports.stores, ports.clock
        limits = self._rules.quota_bytes, self._rules.keep_free_bytes, ports.find_free_bytes
        capacity = Capacity(stores.accounts, clock, *limits)
        self.accounts = Accounts(stores.accounts, stores.identities, clock, capacity)
        self.tokens = Tokens(stores.tokens, self.accounts, clock)
        self.spending = Spending(stores.entries, stores.stops, stores.accounts, clock)
        self.points = Points(stores.entries, self.spending, clock)
        self.notifications = Notifications(stores.notifications, ports.events, clock)
        self.deliveries = Deliveries(stores.notifications, self.accounts, clock)
        bought = pick(TopUpStores, stores)
        self.top_ups = TopUps(bought, self.points, self.accounts, clock, packages)
        told = self.points, self.accounts, self.notifications, clock
        self.refunds = Refunds(stores.payments, *told)
        known = stores.login_links, stores.sessions, self.accounts, self.notifications
        self.sessions = Sessions(*known, clock)
        self.conversations = Conversations(stores.drafts, stores.shortcuts, clock)
        self.receipts = Receipts(stores.receipts, clock)

    def _open_datasets(self, ports: Ports) -> None:
        stores, clock = ports.stores, ports.clock
        self.datasets = Datasets(stores.datasets, stores.items, stores.members, clock)
        self.intake = Intake(
            self.datasets, stores.items, ports.blobs, ports.images, self.accounts, clock, self.meter
        )
        self.imports = Imports(self.intake, self.datasets, ports.fetcher)
        working = self.datasets, self.imports, self.accounts, ports.blobs
        self.uploads = Uploads(stores.uploads, *working, clock)
        self.captions, self.overviews = Captions(self.datasets), Overviews(stores.items)
        self.arrangement = Arrangement(self.datasets, stores.items, clock)
        self.snapshots = Snapshots(
            stores.snapshots, stores.items, self.datasets, ports.blobs, clock
        )
        self.downloads = Downloads(stores.download_links, ports.blobs, clock, self.public_url)
        self.exports = Exports(self.datasets, ports.blobs, self.downloads)
        members = stores.members, stores.invitations
        self.sharing = Sharing(self.datasets, *members, self.accounts, self.notifications, clock)

    def _open_models(self, ports: Ports) -> None:
        stores = ports.stores
        given = ports.blobs, ports.clock, self.accounts, self.offerings
        opened = open_models(pick(ModelStores, stores), *given)
        self.models, self.favourites = opened.models, opened.favourites
        self.trigger_map, self.browsing = opened.trigger_map, opened.browsing
        self.publishing, self.popularity = opened.publishing, opened.popularity
        self.resolver = opened.resolver
        self.contributions = Contributions(
            self.datasets, stores.models, stores.jobs, stores.snapshots, self.notifications
        )

    def _open_royalties(self, ports: Ports) -> None:
        stores, clock = ports.stores, ports.clock
        self.royalties = Royalties(stores.accruals, stores.model_uses, clock)
        ledger = stores.accruals, stores.entries, self.royalties, self.points
        least = self.rates.payout_minimum_points
        self.payouts = Payouts(*ledger, self.accounts, self.notifications, clock, least)
        self._uses = Uses(stores.models, self.royalties, self.accounts)
        paid = self.points, self.accounts, clock, self.rates.use_points
        self.usage = Usage(stores.usage_reports, self.resolver, self._uses, *paid)

    def _open_jobs(self, ports: Ports, lease_s: float) -> None:
        stores, events, clock = ports.stores, ports.events, ports.clock
        self.losses = Losses(stores.losses, clock)
        ended = self.models, self.points, self._uses, self.notifications, clock, ports.meter
        settlement = self._settlement = Settlement(stores.jobs, *ended)
        submission = self._submission = Submission(
            stores.jobs, self.points, ports.wakeups, events, clock
        )
        self.leases = Leases(stores.jobs, self.accounts, settlement, events, clock, lease_s)
        self.fleet = Fleet(stores.workers, stores.jobs, clock, lease_s)
        trained = self.offerings, self.snapshots, self.datasets, self.models
        ways = submission, settlement, events, clock
        self.jobs = Jobs(stores.jobs, stores.losses, *trained, *ways)
        self.pictures = Pictures(self.jobs, ports.blobs, ports.drawings)
        self._open_other_jobs(ports)

    def _open_other_jobs(self, ports: Ports) -> None:
        stores, clock = ports.stores, ports.clock

        def own(kind: Kind) -> OwnJobs:
            return OwnJobs(kind, stores.jobs, self._settlement, ports.events, clock)

        self.generations = Generations(
            own(Kind.GENERATE),
            self.accounts,
            self.offerings,
            self.models,
            self.resolver,
            self._uses,
            self.rates.royalty_bps,
            self._submission,
            clock,
        )
        self.auto_captions = AutoCaptions(
            own(Kind.CAPTION),
            self.offerings,
            self.datasets,
            stores.items,
            self.snapshots,
            self._submission,
            self.leases,
            clock,
        )

    def _open_duties(self, ports: Ports) -> None:
        stores, clock = ports.stores, ports.clock
        kept = stores.datasets, self.datasets, stores.snapshots, stores.items, stores.jobs
        waited_for = stores.jobs, self.fleet, self.notifications, ports.events, clock
        stranded = StrandedJobs(*waited_for)
        retention = Retention(*kept, self.accounts, ports.blobs, clock)
        served = self.accounts, self.sessions, self.datasets, self.trigger_map, self.downloads
        self.leaving = Leaving(ports, *served)
        people = self.merging, self.linking, self.sessions, self.sharing, self.leaving.deletion
        things = self.downloads, self.uploads, self.trigger_map, self.popularity, self.receipts
        books = self.conversations, self.usage, self.transfers, self.top_ups
        fleet = stranded, self.fleet, self.sign_ins
        sweeps = tuple(one.sweep for one in (*people, *things, *books, *fleet))
        working = self._submission, self.leases, retention
        self.sweeper = Sweeper(stores.jobs, *working, clock, sweeps)
        self.operations = Operations(ports, self.accounts, self.points, self._rules)
        self.reconciler = self.operations.reconciler
        self.administration = self.operations.administration

    def _open_linking(self, ports: Ports) -> None:
        stores = ports.stores
        people = self.accounts, self.sessions, self.points, self.notifications
        moved = self.favourites, self.trigger_map, ports.clock
        self.merging = Merging(pick(MovingStores, stores), *people, *moved)
        codes = stores.link_codes, stores.link_tries, stores.identities, stores.accounts
        self.linking = Linking(LinkStores(*codes), self.accounts, self.merging, ports.clock)
        self.sign_ins = SignIns(stores.sign_in_attempts, self.accounts, self.linking, ports.clock)

    async def report(self, principal: Principal, dataset_id: str) -> Report:
        """Make the free health report of a dataset."""
        dataset = await self.datasets.get(principal, dataset_id)
        items = await self.datasets.list_active(dataset.id)
        return await asyncio.to_thread(make_report, dataset, items, self.offerings.list_all())
