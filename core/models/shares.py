"""Who is paid for a model, in basis points that add up exactly; pure, and fixed when it is published."""

from collections import Counter
from collections.abc import Iterable

from core.records import Value
from core.royalties.shares import WHOLE_BPS, apportion

TRAINER_BPS = 5_000
"""What goes to whoever trained the model; the rest goes to those whose pictures it was trained on."""


class Share(Value):
    """One payee's part of what a model earns; an account that was merged since is followed at payout."""

    account: str
    bps: int
    pictures: int
    """How many of the pictures that the model was trained on are this account's."""


def compute_shares(trainer: str, contributors: Iterable[str]) -> tuple[Share, ...]:
    """Share a model between its trainer and the contributor of each of its pictures; sums to WHOLE_BPS.

    The trainer comes first, the others by their number of pictures, then by id.
    """
    pictures = Counter(contributors)
    if not pictures:
        return (Share(account=trainer, bps=WHOLE_BPS, pictures=0),)
    people = sorted(pictures, key=lambda account: (-pictures[account], account))
    parts = apportion(WHOLE_BPS - TRAINER_BPS, [pictures[account] for account in people])
    bps = dict(zip(people, parts, strict=True))
    bps[trainer] = bps.get(trainer, 0) + TRAINER_BPS
    order = [trainer, *(account for account in people if account != trainer)]
    return tuple(
        Share(account=account, bps=bps[account], pictures=pictures[account])
        for account in order
        if bps[account]
    )
