"""Accounts: first contact once, tokens that end, quota that is exact."""

import asyncio
from datetime import timedelta

import pytest

from core.accounts.records import Account, Role, Scope
from core.accounts.tokens import MAX_TOKENS
from core.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RefusedError,
    TooLargeError,
    UnauthenticatedError,
)
from tests.core.yard import Yard


async def account_of(yard: Yard, name: str = "mira") -> Account:
    return await yard.stores.accounts.get((await yard.meet(name)).account)


@pytest.mark.every_store
async def test_first_contact_many_times_at_once_makes_one_account(yard: Yard) -> None:
    contacts = (yard.studio.accounts.first_contact("discord", "77", "Mira") for _ in range(20))
    results = await asyncio.gather(*contacts)
    assert len({account.id for account, _ in results}) == 1
    assert sum(is_new for _, is_new in results) == 1
    assert await yard.stores.accounts.count({}) == 1


async def test_a_name_may_hold_anything_and_shows_no_controls(yard: Yard) -> None:
    account, _ = await yard.studio.accounts.first_contact("telegram", "1", " M\x00i\ud800ra\n ")
    assert (await yard.stores.accounts.get(account.id)).display_name == "M i?ra"
    nameless, _ = await yard.studio.accounts.first_contact("telegram", "2", " \n")
    assert nameless.display_name == "2"


async def test_a_token_speaks_for_its_account_until_it_is_revoked(yard: Yard) -> None:
    mira = await yard.meet()
    tokens = yard.studio.tokens
    token, text = await tokens.create(await account_of(yard), "laptop", [Scope.READ])
    principal = await tokens.authenticate(text)
    assert (principal.account, principal.scopes) == (mira.account, frozenset({Scope.READ}))
    await tokens.revoke(mira, token.id)
    await tokens.revoke(mira, token.id)
    with pytest.raises(UnauthenticatedError, match="not valid"):
        await tokens.authenticate(text)


async def test_a_token_ends_when_its_time_is_over(yard: Yard) -> None:
    _, text = await yard.studio.tokens.create(
        await account_of(yard), "laptop", lifetime=timedelta(seconds=60)
    )
    yard.clock.pass_s(59)
    await yard.studio.tokens.authenticate(text)
    yard.clock.pass_s(1)
    with pytest.raises(UnauthenticatedError):
        await yard.studio.tokens.authenticate(text)


async def test_what_is_no_token_is_answered_alike(yard: Yard) -> None:
    token, text = await yard.studio.tokens.create(await account_of(yard), "laptop")
    odd = ["", "ty", "ty__", "ty_none_x", text[:-1], text + "x", "ty_\ud800_x", f"xx{text[2:]}"]
    odd.append(f"ty_{token.id.removeprefix('tk_')}_ü")
    words = set()
    for given in odd:
        with pytest.raises(UnauthenticatedError) as caught:
            await yard.studio.tokens.authenticate(given)
        words.add(caught.value.message)
    assert len(words) == 1


async def test_the_last_use_is_kept_to_the_hour(yard: Yard) -> None:
    token, text = await yard.studio.tokens.create(await account_of(yard), "laptop")
    await asyncio.gather(*(yard.studio.tokens.authenticate(text) for _ in range(5)))
    first = (await yard.stores.tokens.get(token.id)).last_used_at
    assert first == yard.clock.now()
    yard.clock.pass_s(1800)
    await yard.studio.tokens.authenticate(text)
    assert (await yard.stores.tokens.get(token.id)).last_used_at == first
    yard.clock.pass_s(1800)
    await yard.studio.tokens.authenticate(text)
    assert (await yard.stores.tokens.get(token.id)).last_used_at == yard.clock.now()


async def test_a_revocation_wins_over_a_use_at_the_same_time(yard: Yard) -> None:
    mira = await yard.meet()
    for n in range(10):
        token, text = await yard.studio.tokens.create(await account_of(yard), f"t{n}")
        await asyncio.gather(
            yard.studio.tokens.authenticate(text),
            yard.studio.tokens.revoke(mira, token.id),
            return_exceptions=True,
        )
        assert (await yard.stores.tokens.get(token.id)).revoked_at is not None


async def test_another_accounts_token_is_not_found(yard: Yard) -> None:
    ben = await yard.meet("ben")
    token, _ = await yard.studio.tokens.create(await account_of(yard), "laptop")
    words = set()
    for token_id in (token.id, "tk_none"):
        with pytest.raises(NotFoundError) as caught:
            await yard.studio.tokens.revoke(ben, token_id)
        words.add(caught.value.message)
    assert words == {"There is no such token."}


async def test_a_token_gives_no_more_than_its_maker_has(yard: Yard) -> None:
    mira = await yard.meet()
    token, _ = await yard.studio.tokens.create(await account_of(yard), "all")
    assert Scope.ADMIN not in token.scopes
    reader = mira.model_copy(update={"scopes": frozenset({Scope.READ})})
    with pytest.raises(ForbiddenError):
        await yard.studio.tokens.create_own(reader, "more", [Scope.SPEND])
    with pytest.raises(ForbiddenError):
        await yard.studio.tokens.revoke(reader, token.id)
    assert not mira.model_copy(update={"role": Role.ADMIN, "scopes": reader.scopes}).is_admin


async def test_tokens_are_bounded_and_every_live_one_is_listed(yard: Yard) -> None:
    mira, account = await yard.meet(), await account_of(yard)
    tokens = yard.studio.tokens
    first, _ = await tokens.create(account, "first")
    for n in range(MAX_TOKENS + 20):
        yard.clock.pass_s(1)
        token, _ = await tokens.create(account, f"t{n}")
        await tokens.revoke(mira, token.id)
    listed = await tokens.list_own(mira)
    assert len(listed) == MAX_TOKENS + 1
    assert listed[-1].id == first.id
    for n in range(MAX_TOKENS - 1):
        await tokens.create(account, f"live{n}")
    with pytest.raises(RefusedError, match="revoke one"):
        await tokens.create(account, "one more")
    with pytest.raises(InvalidError, match="1 to 80"):
        await tokens.create(account, " \n")


@pytest.mark.every_store
async def test_fifty_reservations_at_once_take_exactly_what_is_free(yard: Yard) -> None:
    mira, account = await yard.meet(), await account_of(yard)
    quotas = account.quotas.model_copy(update={"max_storage_bytes": 100})
    await yard.stores.accounts.replace(account.changed(yard.clock.now(), quotas=quotas))
    reserve = yard.studio.accounts.reserve_storage
    results = await asyncio.gather(
        *(reserve(mira.account, 7) for _ in range(50)), return_exceptions=True
    )
    assert sum(result is None for result in results) == 14
    assert sum(isinstance(result, TooLargeError) for result in results) == 36
    await asyncio.gather(*(reserve(mira.account, -7) for _ in range(14)))
    assert (await yard.studio.accounts.get(mira)).storage_bytes == 0
