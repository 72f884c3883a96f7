"""What must be true of the ledger, pure: of one entry, of a member's chain, and of a job and its entries."""

from core.jobs.records import TERMINAL, Job
from core.points.legs import ACCRUED, REVENUE, WORLD, accrued_account, hash_request, hold_account
from core.points.moves import clearing_account
from core.points.records import Entry, EntryKind
from core.points.spending import SPENDING

PAIRS = {
    EntryKind.MOVE_IN: EntryKind.MOVE_OUT,
    EntryKind.TRANSFER_IN: EntryKind.TRANSFER_OUT,
}
"""What comes in from another member, and what must have gone out there before."""


class ChainAudit:
    """Walks one member's chain in order, remembering no more than its open holds."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.entries = 0
        self.granted_points = 0
        """Issued to the member: given or bought, less what was paid back."""
        self.charged_points = 0
        self.moved_points = 0
        """Received from other members, less what was given to them."""
        self.swept_points = 0
        """Paid out of what the member's models earned."""
        self.open_holds: dict[str, int] = {}
        self._last: Entry | None = None

    @property
    def balance_points(self) -> int:
        return self._last.balance_after_points if self._last else 0

    def add(self, entry: Entry) -> list[str]:
        """Take the next entry and list what is wrong with it."""
        found = [*check_entry(entry, self._last), *check_shape(entry), *self._follow_hold(entry)]
        if entry.kind in (EntryKind.GRANT, EntryKind.TOP_UP, EntryKind.REFUND):
            self.granted_points += entry.amount_points
        if entry.kind in PAIRS or entry.kind in PAIRS.values():
            self.moved_points += entry.amount_points
        if entry.kind is EntryKind.SWEEP:
            self.swept_points += entry.amount_points
        self.charged_points += charged_by(entry)
        self.entries += 1
        self._last = entry
        return found

    def _follow_hold(self, entry: Entry) -> list[str]:
        if entry.kind is EntryKind.HOLD:
            self.open_holds[entry.ref] = -entry.amount_points
        if entry.kind is not EntryKind.SETTLE:
            return []
        held = self.open_holds.pop(entry.ref, None)
        if held is None:
            return [f"{_name(entry)}: settles {entry.ref}, for which nothing is held"]
        if held != -_sum(entry, hold_account(entry.ref)):
            return [f"{_name(entry)}: settles another sum than the {held} points held"]
        return []


def check_entry(entry: Entry, before: Entry | None) -> list[str]:
    """List what is wrong with an entry's numbers, given the one before it in its chain."""
    name = _name(entry)
    found = []
    if sum(leg.amount_points for leg in entry.legs) != 0:
        found.append(f"{name}: legs do not sum to zero")
    own = _sum(entry, entry.account)
    if own != entry.amount_points:
        found.append(f"{name}: amount differs from its leg")
    if entry.seq != (before.seq + 1 if before else 1):
        found.append(f"{name}: the chain has a gap")
    if entry.balance_after_points != (before.balance_after_points if before else 0) + own:
        found.append(f"{name}: the balance does not follow from the one before")
    if entry.balance_after_points < 0:
        found.append(f"{name}: the balance is negative")
    if entry.request_sha256 != hash_request(EntryKind(entry.kind), entry.ref, entry.legs):
        found.append(f"{name}: the content differs from its hash")
    return found


def check_shape(entry: Entry) -> list[str]:
    """List what an entry of its kind may not say: another key, or legs between other accounts."""
    held, clearing = hold_account(entry.ref), clearing_account(entry.ref)
    key, sources, targets = {
        EntryKind.GRANT: (f"grant:{entry.ref}", {WORLD}, {entry.account}),
        EntryKind.HOLD: (held, {entry.account}, {held}),
        EntryKind.REFUSAL: (_name_refused(entry), set[str](), set[str]()),
        EntryKind.SETTLE: (f"settle:{entry.ref}", {held}, {REVENUE, entry.account}),
        EntryKind.USE: (f"use:{entry.ref}", {entry.account}, {REVENUE}),
        EntryKind.SWEEP: (
            f"sweep:{entry.ref}",
            {accrued_account(entry.account)},
            {entry.account},
        ),
        EntryKind.TOP_UP: (f"top_up:{entry.ref}", {WORLD}, {entry.account}),
        EntryKind.REFUND: (f"refund:{entry.ref}", {entry.account}, {WORLD}),
        EntryKind.MOVE_OUT: (f"move_out:{entry.ref}", {entry.account}, {clearing}),
        EntryKind.MOVE_IN: (f"move_in:{entry.ref}", {clearing}, {entry.account}),
        EntryKind.TRANSFER_OUT: (f"transfer_out:{entry.ref}", {entry.account}, {clearing}),
        EntryKind.TRANSFER_IN: (f"transfer_in:{entry.ref}", {clearing}, {entry.account}),
    }[entry.kind]
    found = []
    if entry.key != key:
        found.append(f"{_name(entry)}: its key is {entry.key} instead of {key}")
    given = {leg.account for leg in entry.legs if leg.amount_points < 0}
    taken = {leg.account for leg in entry.legs if leg.amount_points > 0}
    if entry.kind in (EntryKind.SETTLE, EntryKind.USE):
        taken -= set(royalties_in(entry))
    if not given <= sources or not taken <= targets:
        found.append(f"{_name(entry)}: moves points between accounts that its kind does not")
    return found


def check_job(job: Job, hold: Entry | None, settlement: Entry | None) -> list[str]:
    """List how a job and its entries disagree; a pending one may hold already or not yet."""
    name = f"{job.id} is {job.status.value}"
    held = -hold.amount_points if hold else 0
    if hold is None or held != job.quote.points:
        return [f"{name} and held {held} points instead of {job.quote.points}"]
    if job.status not in TERMINAL:
        return [f"{name} but settled already"] if settlement else []
    if job.needs_settling:
        return []
    if settlement is None:
        return [f"{name} and holds {held} points still"]
    if charged_by(settlement) != job.charged_points:
        return [f"{name} and says another charge than its settlement"]
    return []


def charged_by(entry: Entry) -> int:
    """Return what an entry earned, for the house and for makers of models."""
    if entry.kind is EntryKind.SWEEP:
        return 0
    return _sum(entry, REVENUE) + sum(royalties_in(entry).values())


def royalties_in(entry: Entry) -> dict[str, int]:
    """Return what an entry gave to makers, by their ledger accounts."""
    return {
        leg.account: leg.amount_points
        for leg in entry.legs
        if leg.account.startswith(ACCRUED) and leg.amount_points > 0
    }


def _name_refused(entry: Entry) -> str:
    """Return the key that a refusal may stand under: of whatever it keeps from being posted."""
    keys = (f"{kind}:{entry.ref}" for kind in SPENDING)
    return next((key for key in keys if key == entry.key), hold_account(entry.ref))


def _sum(entry: Entry, account: str) -> int:
    return sum(leg.amount_points for leg in entry.legs if leg.account == account)


def _name(entry: Entry) -> str:
    return f"{entry.account} entry {entry.seq}"
