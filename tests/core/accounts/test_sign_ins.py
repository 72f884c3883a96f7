"""Attempts to sign in by a platform's proof: one browser's, used once, in time; and what linking by one does."""

import asyncio

import pytest

from core.accounts.records import Account, Ask, Principal, Proof, Role, Scope
from core.errors import ForbiddenError, NotFoundError, RefusedError
from tests.core.yard import Yard

SEEN = Proof(external_id="4711", display_name="Mira")


async def begin(yard: Yard, person: Principal | None = None, browser: str = "") -> tuple[Ask, str]:
    return await yard.studio.sign_ins.begin("discord", "/models", browser, person)


async def ask_to_link(yard: Yard, person: Principal, proof: Proof = SEEN) -> tuple[str, str]:
    """Come as far as the question whether to link."""
    ask, browser = await begin(yard, person)
    attempt, _ = await yard.studio.sign_ins.take("discord", ask.state, browser)
    assert await yard.studio.sign_ins.ask_to_link(attempt, proof)
    return ask.state, browser


async def know(yard: Yard, proof: Proof = SEEN) -> Account:
    """Let somebody have talked to the bot before."""
    name = proof.display_name
    return (await yard.studio.accounts.first_contact("discord", proof.external_id, name))[0]


async def test_an_attempt_is_its_browsers_and_works_once(yard: Yard) -> None:
    ask, browser = await begin(yard)
    take = yard.studio.sign_ins.take
    stored = (await yard.stores.sign_in_attempts.find({}))[0].model_dump_json()
    for secret in (ask.state, ask.verifier, ask.nonce, browser):
        assert len(secret) == 43 and secret not in stored
    for platform, state, other in (
        ("discord", ask.state, ""),
        ("discord", ask.state, "of another"),
        ("discord", "x", browser),
        ("telegram", ask.state, browser),
    ):
        with pytest.raises(NotFoundError, match="Begin again"):
            await take(platform, state, other)
    attempt, again = await take("discord", ask.state, browser)
    assert again == ask and attempt.place == "/models" and attempt.account is None
    with pytest.raises(NotFoundError, match="Begin again"):
        await take("discord", ask.state, browser)


async def test_of_many_who_come_back_at_once_one_gets_in(yard: Yard) -> None:
    ask, browser = await begin(yard)
    comes = (yard.studio.sign_ins.take("discord", ask.state, browser) for _ in range(5))
    answers = await asyncio.gather(*comes, return_exceptions=True)
    assert sum(isinstance(answer, NotFoundError) for answer in answers) == 4


async def test_two_attempts_of_a_browser_have_secrets_of_their_own(yard: Yard) -> None:
    first, browser = await begin(yard)
    second, same = await begin(yard, browser=browser)
    assert same == browser
    assert not {first.state, first.verifier, first.nonce} & {*second.model_dump().values()}
    for ask in (second, first):
        await yard.studio.sign_ins.take("discord", ask.state, browser)


async def test_an_attempt_ends_in_ten_minutes_and_is_forgotten(yard: Yard) -> None:
    ask, browser = await begin(yard)
    yard.clock.pass_s(601)
    with pytest.raises(NotFoundError):
        await yard.studio.sign_ins.take("discord", ask.state, browser)
    fresh, _ = await begin(yard, browser=browser)
    await yard.studio.sign_ins.sweep()
    assert await yard.stores.sign_in_attempts.count({}) == 1
    await yard.studio.sign_ins.take("discord", fresh.state, browser)


async def test_a_new_identity_is_linked_once_it_is_confirmed(yard: Yard) -> None:
    mira = await yard.meet()
    yard.clock.pass_s(60)
    state, browser = await ask_to_link(yard, mira)
    sign_ins = yard.studio.sign_ins
    for _ in range(3):  # looking links nothing
        _, proof, other = await sign_ins.look_at_link(mira, state, browser)
        assert proof == SEEN and other is None
    assert await yard.studio.accounts.find_by_identity("discord", "4711") is None
    account, attempt = await sign_ins.link(mira, state, browser)
    assert account.id == mira.account and attempt.place == "/models"
    assert (await know(yard)).id == mira.account
    with pytest.raises(NotFoundError):
        await sign_ins.link(mira, state, browser)
    assert await yard.studio.points.get_balance(mira.account) == 1000


async def test_an_account_that_the_identity_has_is_merged(yard: Yard) -> None:
    older = await know(yard)
    await yard.studio.points.grant(older.id, 50, "start", "to start with")
    yard.clock.pass_s(60)
    mira = await yard.meet()
    state, browser = await ask_to_link(yard, mira)
    _, _, other = await yard.studio.sign_ins.look_at_link(mira, state, browser)
    assert other is not None and other.id == older.id
    account, _ = await yard.studio.sign_ins.link(mira, state, browser)
    assert account.id == older.id  # the older one stays, as with a code
    assert await yard.studio.points.get_balance(older.id) == 1050


async def test_what_is_linked_already_is_not_asked_about(yard: Yard) -> None:
    account = await know(yard)
    person = Principal(account=account.id, role=Role.MEMBER)
    ask, browser = await begin(yard, person)
    attempt, _ = await yard.studio.sign_ins.take("discord", ask.state, browser)
    assert not await yard.studio.sign_ins.ask_to_link(attempt, SEEN)
    with pytest.raises(NotFoundError):
        await yard.studio.sign_ins.link(person, ask.state, browser)


async def test_nobody_else_confirms_a_link(yard: Yard) -> None:
    mira, eve = await yard.meet(), await yard.meet("eve")
    yard.clock.pass_s(60)
    state, browser = await ask_to_link(yard, mira)
    for person, secret in ((eve, browser), (mira, "of another")):
        with pytest.raises(NotFoundError):
            await yard.studio.sign_ins.look_at_link(person, state, secret)
        with pytest.raises(NotFoundError):
            await yard.studio.sign_ins.link(person, state, secret)
    assert await yard.studio.accounts.find_by_identity("discord", "4711") is None
    yard.clock.pass_s(601)
    with pytest.raises(NotFoundError):
        await yard.studio.sign_ins.link(mira, state, browser)


async def test_a_signing_in_cannot_be_confirmed_as_a_link(yard: Yard) -> None:
    mira = await yard.meet()
    ask, browser = await begin(yard)
    await yard.studio.sign_ins.take("discord", ask.state, browser)
    with pytest.raises(NotFoundError):
        await yard.studio.sign_ins.link(mira, ask.state, browser)


async def test_a_token_that_may_only_read_cannot_begin_a_link(yard: Yard) -> None:
    mira = await yard.meet()
    reader = mira.model_copy(update={"scopes": frozenset({Scope.READ})})
    with pytest.raises(ForbiddenError):
        await begin(yard, reader)


async def test_nothing_is_merged_while_a_training_runs(yard: Yard) -> None:
    mira = await yard.meet()
    yard.clock.pass_s(60)
    phone = yard.studio.accounts.speak_for(await know(yard))
    await yard.studio.points.grant(phone.account, 100, "start", "to start with")
    await yard.train(phone, await yard.fill(phone))
    state, browser = await ask_to_link(yard, mira)
    with pytest.raises(RefusedError, match="under way"):
        await yard.studio.sign_ins.link(mira, state, browser)
    assert (await know(yard)).id == phone.account
