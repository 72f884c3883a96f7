"""Shares of a model add up, however many people's pictures it was trained on."""

from hypothesis import given
from hypothesis import strategies as st

from core.models.shares import TRAINER_BPS, compute_shares
from core.royalties.shares import WHOLE_BPS


@given(st.lists(st.sampled_from(["ac_t", "ac_b", "ac_c", "ac_d"]), max_size=200))
def test_shares_of_a_model_sum_to_all_of_it_and_the_trainer_never_gets_less_than_half(
    contributors: list[str],
) -> None:
    shares = compute_shares("ac_t", contributors)
    assert sum(share.bps for share in shares) == WHOLE_BPS
    assert shares[0].account == "ac_t" and shares[0].bps >= TRAINER_BPS
    assert all(share.bps > 0 for share in shares)
    assert sum(share.pictures for share in shares) == len(contributors)


def test_a_trainer_alone_gets_everything() -> None:
    assert [share.bps for share in compute_shares("ac_t", ["ac_t"] * 3)] == [WHOLE_BPS]
    assert [share.bps for share in compute_shares("ac_t", [])] == [WHOLE_BPS]
