"""What operators need of an instance, put together: the ledger's check, its state in figures, what admins do."""

from core.accounts.service import Accounts
from core.acts import AuditLog
from core.administration import Administration
from core.gauges import Gauges
from core.points.reconcile import Reconciler
from core.points.service import Points
from core.storage.records import StorageRules
from core.storage.service import Storage
from core.stores import Ports
from core.topups.audit import PaymentAudit


class Operations:
    """Looks after the instance as a whole."""

    def __init__(
        self, ports: Ports, accounts: Accounts, points: Points, rules: StorageRules
    ) -> None:
        stores, clock = ports.stores, ports.clock
        payments = PaymentAudit(stores.payments, stores.entries)
        books = stores.entries, stores.stops, stores.jobs, stores.accruals
        self.reconciler = Reconciler(*books, payments, points, clock)
        looked_at = stores.jobs, stores.accounts, self.reconciler
        self.storage = Storage(ports, accounts, rules)
        self.gauges = Gauges(*looked_at, ports.meter, clock)
        self.audit_log = AuditLog(stores.admin_acts, clock)
        self.administration = Administration(
            stores.accounts, accounts, points, stores.jobs, self.reconciler, self.audit_log
        )
