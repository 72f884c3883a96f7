"""Splits: whole points, all of the pool, and nobody is paid by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.royalties.records import Claim
from core.royalties.shares import apportion, compute_pool, make_claim, split, sum_by_payee

WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any)
PEOPLE = st.sampled_from(["ada", "ben", "cleo", "dora", "eve"])
SHARES = st.dictionaries(PEOPLE, st.integers(1, 10_000), min_size=1, max_size=5)


@given(st.integers(0, 10**12), WEIGHTS)
def test_the_parts_sum_to_the_whole_and_none_is_a_point_away_from_its_share(
    total: int, weights: list[int]
) -> None:
    parts = apportion(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)


def test_what_is_left_goes_to_the_largest_remainders_and_the_earlier_among_equals() -> None:
    assert apportion(10, [1, 1, 1]) == [4, 3, 3]
    assert apportion(1, [1, 2]) == [0, 1]
    assert apportion(0, [5]) == [0]
    for weights in ([], [0, 0], [-1, 2]):
        with pytest.raises(ValueError):
            apportion(5, weights)


@given(st.integers(0, 10**9), st.lists(st.tuples(st.floats(-2, 2), SHARES), max_size=4), PEOPLE)
def test_the_pool_is_split_to_the_point_and_never_to_the_payer(
    pool: int, uses: list[tuple[float, dict[str, int]]], payer: str
) -> None:
    made = (
        make_claim(f"md_{n}", f"jb_{n}", weight, shares, payer)
        for n, (weight, shares) in enumerate(uses)
    )
    claims = [claim for claim in made if claim is not None]
    parts = split(pool, claims)
    assert sum(part.points for part in parts) == (pool if claims else 0)
    assert payer not in sum_by_payee(parts)
    assert all(part.points > 0 for part in parts)
    assert sum(sum_by_payee(parts).values()) == sum(part.points for part in parts)


def test_two_models_share_by_weight_and_their_makers_by_their_shares() -> None:
    first = make_claim("one", "t1", 1.0, {"ada": 7000, "ben": 3000}, "cleo")
    second = make_claim("two", "t2", -0.5, {"dora": 10_000}, "cleo")
    assert first and second
    parts = split(compute_pool(100, 3000), [first, second])
    assert [(p.model, p.payee, p.points) for p in parts] == [
        ("one", "ada", 14),
        ("one", "ben", 6),
        ("two", "dora", 10),
    ]


def test_own_models_and_models_at_weight_zero_claim_nothing() -> None:
    assert make_claim("one", "t", 1.0, {"ada": 10_000}, "ada") is None
    assert make_claim("one", "t", 0.0, {"ben": 10_000}, "ada") is None
    claim = make_claim("one", "t", 1.0, {"ada": 9_999, "ben": 1}, "ada")
    assert claim == Claim(model="one", training="t", weight_milli=1000, shares=(("ben", 1),))
    assert split(7, [claim])[0].points == 7
