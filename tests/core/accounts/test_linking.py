"""Two accounts become one: proved by a code, done in steps, and every point is still there."""

import asyncio
import itertools
from contextlib import suppress
from pathlib import Path

import pytest

from core.accounts.linking import MAX_TRIES
from core.accounts.records import Principal, Role
from core.errors import NotFoundError, RefusedError
from core.jobs.records import Failure, Job
from core.notifications.records import NewsKind
from core.ports import Documents
from core.records import PageRequest
from tests.clock import HandClock
from tests.core.crashing import CrashError, CrashingDocuments, Fuse, with_fuse
from tests.core.yard import PRICE, Yard, open_yard

ALL = PageRequest(limit=200)


async def link(yard: Yard, shown_to: Principal, typed_by: Principal) -> str:
    """Link two people; return the id of the account that is left."""
    code = await yard.studio.linking.offer(shown_to)
    return (await yard.studio.linking.redeem(typed_by, code)).id


async def fill(yard: Yard, name: str, points: int = 1000) -> Principal:
    """Make somebody with a dataset, a finished and a failed training, a model and news."""
    person = await yard.meet(name, points)
    dataset = await yard.fill(person)
    await yard.finish(await yard.train(person, dataset, "same key"))
    await yard.studio.leases.fail(
        await yard.train(person, dataset, "failed"), Failure(code="x", message="It broke.")
    )
    await yard.put_item(person, dataset, 50)
    return person


async def check_joined(yard: Yard, left: Principal, gone: Principal) -> None:
    """Assert that everything of both is the one's, and the ledger is sound."""
    studio = yard.studio
    verdict = await studio.reconciler.reconcile()
    assert verdict.findings == ()
    assert verdict.granted_points == 2000 and verdict.charged_points == 2 * PRICE
    assert verdict.balances_points == 2000 - 2 * PRICE
    assert await studio.points.get_balance(gone.account) == 0
    assert await studio.points.get_balance(left.account) == 2000 - 2 * PRICE
    assert len((await studio.datasets.list_own(left, ALL)).items) == 2
    assert len((await studio.jobs.list_own(left, ALL)).items) == 4
    assert len((await studio.models.list_own(left, ALL)).items) == 2
    news = (await studio.notifications.list_own(left, ALL)).items
    assert [n.kind for n in news].count(NewsKind.ACCOUNTS_LINKED) == 1
    assert len(news) == 5
    account = await studio.accounts.get(gone)
    assert account.id == left.account and account.storage_bytes == 20
    assert len(await studio.accounts.list_identities(left)) == 2


async def test_everything_of_both_is_the_older_ones(yard: Yard) -> None:
    mira = await fill(yard, "mira")
    yard.clock.pass_s(60)
    phone = await fill(yard, "phone")
    assert await link(yard, phone, mira) == mira.account
    await check_joined(yard, mira, phone)
    account, is_new = await yard.studio.accounts.first_contact("test", "phone", "phone")
    assert account.id == mira.account and not is_new
    await yard.sweep_later()
    await check_joined(yard, mira, phone)
    assert await yard.stores.merges.count({"open": True}) == 0


async def test_an_admin_stays_an_admin(yard: Yard) -> None:
    member = await yard.meet("member")
    yard.clock.pass_s(60)
    boss, _ = await yard.studio.accounts.first_contact("test", "boss", "boss", role=Role.ADMIN)
    assert await link(yard, member, yard.studio.accounts.speak_for(boss)) == boss.id


async def test_tokens_of_the_account_that_went_speak_for_the_one_that_stayed(yard: Yard) -> None:
    mira = await yard.meet()
    yard.clock.pass_s(60)
    phone = await yard.meet("phone")
    account = await yard.studio.accounts.get(phone)
    _, text = await yard.studio.tokens.create(account, "t")
    await link(yard, mira, phone)
    assert (await yard.studio.tokens.authenticate(text)).account == mira.account
    assert len(await yard.studio.tokens.list_own(mira)) == 1


async def test_a_code_works_once_for_ten_minutes_and_only_the_latest(yard: Yard) -> None:
    mira, phone, eve = [await yard.meet(name) for name in ("mira", "phone", "eve")]
    linking = yard.studio.linking
    first = await linking.offer(mira)
    second = await linking.offer(mira)
    assert await yard.stores.link_codes.count({}) == 1
    stored = (await yard.stores.link_codes.find({}))[0]
    assert second.replace("-", "") not in stored.model_dump_json()
    with pytest.raises(RefusedError, match="not valid"):
        await linking.redeem(phone, first)
    with pytest.raises(RefusedError, match="your own"):
        await linking.redeem(mira, second)
    await linking.redeem(phone, f" {second.lower().replace('-', ' ')} ")
    with pytest.raises(RefusedError, match="not valid"):
        await linking.redeem(eve, second)
    late = await linking.offer(mira)
    yard.clock.pass_s(601)
    with pytest.raises(RefusedError, match="not valid"):
        await linking.redeem(eve, late)


async def test_guessing_is_stopped_also_when_many_guess_at_once(yard: Yard) -> None:
    mira, eve = await yard.meet("mira"), await yard.meet("eve")
    code = await yard.studio.linking.offer(mira)
    guesses = (yard.studio.linking.redeem(eve, f"AAAA-AA{n:02}") for n in range(20))
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    wrong = [str(answer) for answer in answers]
    assert sum("not valid" in text for text in wrong) == MAX_TRIES
    assert sum("Too many" in text for text in wrong) == 20 - MAX_TRIES
    with pytest.raises(RefusedError, match="Too many"):
        await yard.studio.linking.redeem(eve, code)
    yard.clock.pass_s(601)
    await link(yard, mira, eve)


async def test_nobody_links_while_a_training_of_theirs_runs(yard: Yard) -> None:
    mira = await yard.meet()
    yard.clock.pass_s(60)
    phone = await yard.meet("phone")
    job = await yard.train(phone, await yard.fill(phone))
    with pytest.raises(RefusedError, match="under way"):
        await link(yard, mira, phone)
    await yard.finish(job)
    await link(yard, mira, phone)


async def test_what_was_under_way_at_the_redirect_follows_later(yard: Yard) -> None:
    mira = await yard.meet()
    yard.clock.pass_s(60)
    phone = await yard.meet("phone")
    dataset = await yard.fill(phone)
    code = await yard.studio.linking.offer(mira)
    await yard.studio.linking.redeem(phone, code)
    await yard.studio.points.grant(phone.account, 100, "late", "came in late")
    late = await yard.studio.datasets.create(phone, "came in late")
    await yard.sweep_later()
    names = [d.name for d in (await yard.studio.datasets.list_own(mira, ALL)).items]
    assert set(names) == {late.name, "flags"} and dataset
    assert await yard.studio.points.get_balance(mira.account) == 2100
    assert (await yard.studio.reconciler.reconcile()).findings == ()


class LastJobs(CrashingDocuments[Job]):
    """The jobs of a process that dies when it changes one."""

    def __init__(self, documents: Documents[Job]) -> None:
        super().__init__(documents, Fuse())

    async def replace(self, record: Job) -> Job:
        raise CrashError


async def test_news_that_was_told_again_after_it_had_moved_is_there_once_and_stops_nothing(
    yard: Yard,
) -> None:
    mira = await yard.meet("mira")
    yard.clock.pass_s(60)
    phone = await yard.meet("phone")
    job = await yard.train(phone, await yard.fill(phone))
    fuse = Fuse()
    dying = yard.start_process(with_fuse(fuse))
    job = await yard.studio.leases.start_finishing(job)
    fuse.arm(1, stores_first=True)
    with pytest.raises(CrashError):
        await dying.studio.leases.complete(job, ())
    dying = yard.start_process(lambda kept: LastJobs(kept) if kept is yard.stores.jobs else kept)
    with pytest.raises(CrashError):  # the news is out, and the job's mark is there still
        await dying.studio.sweeper.finish_sagas()
    job = await yard.stores.jobs.get(job.id)
    assert await yard.stores.notifications.count({"account": phone.account}) == 1
    assert job.needs_settling
    await link(yard, mira, phone)
    await yard.sweep_later()
    await yard.sweep_later()
    kinds = [n.kind for n in (await yard.studio.notifications.list_own(mira, ALL)).items]
    assert kinds.count(NewsKind.TRAINING_COMPLETED) == 1
    assert await yard.stores.merges.count({"open": True}) == 0
    assert await yard.studio.points.get_balance(mira.account) == 2000 - PRICE
    await yard.check()


async def test_three_accounts_in_a_chain_and_at_once_become_one(yard: Yard) -> None:
    people = []
    for name in ("one", "two", "three"):
        people.append(await yard.meet(name))
        yard.clock.pass_s(60)
    one, two, three = people
    codes = [await yard.studio.linking.offer(person) for person in (one, two)]
    await asyncio.gather(
        yard.studio.linking.redeem(two, codes[0]), yard.studio.linking.redeem(three, codes[1])
    )
    await yard.sweep_later()
    await yard.sweep_later()
    assert await yard.studio.points.get_balance(one.account) == 3000
    assert (await yard.studio.accounts.get(three)).id == one.account
    verdict = await yard.studio.reconciler.reconcile()
    assert verdict.findings == () and verdict.balances_points == 3000


async def test_the_last_identity_stays_also_when_two_go_at_once(yard: Yard) -> None:
    mira = await yard.meet()
    yard.clock.pass_s(60)
    await link(yard, mira, await yard.meet("phone"))
    ids = [identity.id for identity in await yard.studio.accounts.list_identities(mira)]
    answers = await asyncio.gather(
        *(yard.studio.linking.unlink(mira, id_) for id_ in ids), return_exceptions=True
    )
    assert sorted(str(answer)[:16] for answer in answers) == ["None", "This is the only"]
    assert len(await yard.studio.accounts.list_identities(mira)) == 1
    with pytest.raises(NotFoundError):
        await yard.studio.linking.unlink(await yard.meet("eve"), ids[0])


@pytest.mark.parametrize("stores_first", [False, True], ids=["before", "after"])
async def test_a_crash_at_any_write_of_a_merge_loses_nothing(
    folder: Path, stores_first: bool
) -> None:
    for write in itertools.count(1):
        place, clock, fuse = folder / str(write), HandClock(), Fuse()
        async with open_yard(place, clock, with_fuse(fuse)) as yard:
            mira = await fill(yard, "mira")
            clock.pass_s(60)
            phone = await fill(yard, "phone")
            code = await yard.studio.linking.offer(mira)
            fuse.arm(write, stores_first=stores_first)
            with suppress(CrashError):
                await yard.studio.linking.redeem(phone, code)
            was_blown = fuse.is_blown
        async with open_yard(place, clock) as yard:
            assert (await yard.studio.reconciler.reconcile()).findings == ()
            if not await yard.stores.merges.count({}):
                await link(yard, mira, phone)
            await yard.sweep_later()
            await check_joined(yard, mira, phone)
        if not was_blown:
            break
    assert write > 15, "the saga wrote too little for this to prove anything"
