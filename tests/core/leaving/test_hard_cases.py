"""Leaving where it is hard: linked accounts, names that others keep, jobs and people that come in late."""

import asyncio
import io
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from bots.first_contact import meet
from core.accounts.records import Principal, Role, Scope
from core.conversations.service import Spot
from core.errors import NotFoundError, RefusedError, UnauthenticatedError
from core.leaving.scrubbing import GONE_NAME
from core.records import Condition, new_id
from tests.core.yard import STEPS, Yard, once

WELCOME = 50


class CountedTogether:
    """Documents before which the first two who count admins wait for one another."""

    def __init__(self, documents: Any, door: asyncio.Barrier) -> None:  # of any records
        self._documents = documents
        self._door = door
        self._waiting = 2

    def __getattr__(self, name: str) -> Any:  # whatever Documents do
        return getattr(self._documents, name)

    async def count(self, where: Mapping[str, Condition]) -> int:
        found: int = await self._documents.count(where)
        if "role" in where and self._waiting:
            self._waiting -= 1
            await self._door.wait()
        return found


async def test_what_came_in_by_a_linked_account_goes_too(yard: Yard) -> None:
    ben = await yard.meet("ben")
    dataset = await yard.studio.datasets.create(ben, "flags")
    goes = await yard.meet("mira elsewhere")
    yard.clock.pass_s(1)
    item = await yard.put_item(goes, dataset.id, 1)
    await yard.studio.transfers.give(goes, ben.account, 7, "gift")
    stays = await yard.meet("mira")
    account = await yard.stores.accounts.get(stays.account)
    early = account.created_at - timedelta(days=1)  # the older account stays
    await yard.stores.accounts.replace(account.changed(yard.clock.now(), created_at=early))
    await yard.studio.linking.redeem(goes, await yard.studio.linking.offer(stays))
    yard.clock.pass_s(3600)
    await yard.studio.sweeper.sweep()
    assert (await yard.studio.accounts.get(goes)).id == stays.account
    body = [chunk async for chunk in yard.studio.leaving.exports.stream(stays)]
    archive = zipfile.ZipFile(io.BytesIO(b"".join(body)))
    assert goes.account.encode() in archive.read("records/points.jsonl")
    assert b"gift" in archive.read("records/transfers.jsonl")
    await yard.studio.leaving.deletion.delete(stays, "mira")
    assert (await yard.stores.accounts.get(goes.account)).display_name == GONE_NAME
    await yard.sweep_later()
    assert [key async for key in yard.blobs.list(f"datasets/{item.dataset}")] == []
    assert (await yard.studio.reconciler.reconcile()).findings == ()


async def test_no_statement_and_no_news_of_others_keeps_the_name(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    await yard.submit(mira, await yard.fill(mira))
    job = await yard.step(await yard.start(), STEPS)
    await yard.finish(job)
    await yard.studio.transfers.give(mira, ben.account, 7, "to ben")
    await yard.studio.transfers.give(ben, mira.account, 3, "to mira")
    await yard.studio.leaving.deletion.delete(mira, "mira")
    kept = [
        *[one.model_dump_json() for one in await yard.stores.entries.find({})],
        *[one.model_dump_json() for one in await yard.stores.notifications.find({})],
        *[one.model_dump_json() for one in await yard.stores.transfers.find({})],
    ]
    named = [line for line in kept if '"mira"' in line or "flags" in line]
    assert named == []
    assert (await yard.studio.reconciler.reconcile()).findings == ()


async def test_a_deletion_waits_for_a_job_that_came_in_behind_its_check(yard: Yard) -> None:
    mira = await yard.meet("mira")
    job = await yard.step(await yard.train(mira, await yard.fill(mira)), STEPS)
    key = f"jobs/{job.id}/a1/part"
    await yard.blobs.put(key, once(b"x"), content_type="text/plain")
    account = await yard.stores.accounts.get(mira.account)
    marked = account.changed(yard.clock.now(), deleting=True, display_name=GONE_NAME)
    await yard.stores.accounts.replace(marked)
    await yard.studio.sweeper.sweep()
    assert (await yard.stores.accounts.get(mira.account)).deleting is True
    assert [found async for found in yard.blobs.list("jobs/")] == [key]
    await yard.finish(await yard.stores.jobs.get(job.id))
    await yard.studio.sweeper.sweep()
    assert (await yard.stores.accounts.get(mira.account)).deleting is False
    assert await yard.stores.models.count({"owner": mira.account}) == 0
    assert [found async for found in yard.blobs.list("jobs/")] == []


async def test_whoever_is_being_deleted_comes_in_by_nothing_any_more(yard: Yard) -> None:
    mira = await yard.meet("mira")
    account = await yard.stores.accounts.get(mira.account)
    _, text = await yard.studio.tokens.create(account, "a script", (Scope.READ,))
    _, cookie = await yard.studio.sessions.open(account, "test", "a browser")
    await yard.stores.accounts.replace(account.changed(yard.clock.now(), deleting=True))
    with pytest.raises(UnauthenticatedError):
        await yard.studio.tokens.authenticate(text)
    with pytest.raises(UnauthenticatedError):
        await yard.studio.sessions.authenticate(cookie)


async def test_a_deletion_is_no_way_to_be_welcomed_again(yard: Yard) -> None:
    spot = Spot(platform="test", external_id=new_id("x"), place="x")

    async def come() -> Principal:
        account, is_new = await meet(yard.studio, spot, "mira", "en", WELCOME)
        assert is_new
        return yard.studio.accounts.speak_for(account)

    mira = await come()
    assert await yard.studio.points.get_balance(mira.account) == WELCOME
    await yard.studio.leaving.deletion.delete(mira, "mira")
    again = await come()
    assert again.account != mira.account
    assert await yard.studio.points.get_balance(again.account) == 0
    await yard.studio.leaving.deletion.delete(again, "mira")
    assert await yard.studio.points.get_balance((await come()).account) == 0


async def test_of_two_admins_who_leave_at_once_one_stays(yard: Yard) -> None:
    people = [
        (await yard.studio.accounts.first_contact("test", name, name, role=Role.ADMIN))[0]
        for name in ("one", "two")
    ]
    door = asyncio.Barrier(2)
    process = yard.start_process(lambda documents: CountedTogether(documents, door))
    speak, delete = process.studio.accounts.speak_for, process.studio.leaving.deletion.delete
    found = await asyncio.gather(
        *(delete(speak(one), one.display_name) for one in people), return_exceptions=True
    )
    assert any(isinstance(one, RefusedError) for one in found)
    assert await yard.stores.accounts.count({"role": Role.ADMIN}) >= 1


async def test_nobody_gives_points_to_somebody_who_is_gone(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    await yard.studio.leaving.deletion.delete(mira, "mira")
    with pytest.raises(NotFoundError, match="nobody of that name"):
        await yard.studio.transfers.give(ben, mira.account, 7, "too late")
    assert await yard.studio.points.get_balance(ben.account) == 1000
