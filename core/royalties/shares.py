"""Who gets how much of a pool, pure: integers alone, and every point of it goes to somebody."""

from collections.abc import Mapping, Sequence

from core.royalties.records import Claim, Part

WHOLE_BPS = 10_000


def compute_pool(charge_points: int, royalty_bps: int) -> int:
    """Return how much of a charge is for the makers of the models, rounded down."""
    return charge_points * royalty_bps // WHOLE_BPS


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Split a whole number by weights so that the parts sum to it.

    Each part is its exact share rounded down; what is left goes by one to the largest remainders,
    the earlier first among equals. Source: the method of Hamilton (largest remainder).
    """
    whole = sum(weights)
    if whole <= 0 or total < 0 or min(weights) < 0:
        raise ValueError("weights must not be negative, and one must be positive")
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts


def make_claim(
    model: str, training: str, weight: float, shares: Mapping[str, int], payer: str
) -> Claim | None:
    """Make the claim of a model that somebody else owns; None when only the payer would be paid.

    A payer who is one of the makers gets nothing of it: their share goes to the other makers.
    """
    others = tuple((payee, bps) for payee, bps in shares.items() if payee != payer and bps > 0)
    weight_milli = round(abs(weight) * 1000)
    if not others or weight_milli == 0:
        return None
    return Claim(model=model, training=training, weight_milli=weight_milli, shares=others)


def split(pool_points: int, claims: Sequence[Claim]) -> tuple[Part, ...]:
    """Split a pool over models by their weights, and each model's part over its makers.

    The parts sum to the pool; without claims there are none. Payees who get nothing are left out.
    """
    if not claims or pool_points <= 0:
        return ()
    found = []
    pools = apportion(pool_points, [claim.weight_milli for claim in claims])
    for claim, points in zip(claims, pools, strict=True):
        parts = apportion(points, [bps for _, bps in claim.shares])
        for (payee, _), part in zip(claim.shares, parts, strict=True):
            if part:
                found.append(
                    Part(model=claim.model, training=claim.training, payee=payee, points=part)
                )
    return tuple(found)


def sum_by_payee(parts: Sequence[Part]) -> dict[str, int]:
    """Return what each payee gets of all the models together."""
    sums: dict[str, int] = {}
    for part in parts:
        sums[part.payee] = sums.get(part.payee, 0) + part.points
    return sums
