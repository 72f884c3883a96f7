"""Leaving: all that is one's own is taken along, and of a deleted account only numbers without a name stay."""

import io
import json
import zipfile

import pytest

from core.accounts.records import Principal, Role
from core.errors import ForbiddenError, InvalidError, RefusedError
from core.jobs.records import Job
from core.leaving.scrubbing import GONE_NAME
from core.records import PageRequest
from tests.core.yard import STEPS, Yard


async def export(yard: Yard, who: Principal) -> zipfile.ZipFile:
    body = [chunk async for chunk in yard.studio.leaving.exports.stream(who)]
    return zipfile.ZipFile(io.BytesIO(b"".join(body)))


async def work(yard: Yard, who: Principal, name: str) -> Job:
    """Gather three pictures with captions, and train on them to the good end."""
    dataset = await yard.studio.datasets.create(who, f"flags of {name}")
    for index in range(3):
        await yard.put_item(who, dataset.id, index)
    job = await yard.step(await yard.train(who, dataset.id, f"first of {name}"), STEPS)
    return await yard.finish(job)


async def test_an_export_has_every_record_and_picture_and_nobody_elses(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    job = await work(yard, mira, "mira")
    await work(yard, ben, "ben")
    await yard.studio.tokens.create(await yard.studio.accounts.get(mira), "for a script")
    archive = await export(yard, mira)
    assert archive.testzip() is None
    names = archive.namelist()
    assert sum(name.startswith(f"datasets/{job.dataset}/it_") for name in names) == 3
    assert json.loads(archive.read("account.json"))["display_name"] == "mira"
    (line,) = archive.read("records/jobs.jsonl").splitlines()
    assert json.loads(line)["id"] == job.id
    points = [json.loads(one) for one in archive.read("records/points.jsonl").splitlines()]
    assert [one["account"] for one in points] == [mira.account] * len(points) and len(points) > 1
    captions = archive.read(f"datasets/{job.dataset}/items.jsonl").decode()
    assert "flag 1" in captions
    everything = b"".join(archive.read(name) for name in names).decode(errors="replace")
    assert ben.account not in everything and "secret_sha256" not in everything


async def test_a_deleted_account_leaves_numbers_and_no_name_word_or_picture(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    job = await work(yard, mira, "mira")
    other = await work(yard, ben, "ben")
    balance = await yard.studio.points.get_balance(mira.account)
    await yard.studio.leaving.deletion.delete(mira, "mira")
    await yard.sweep_later()
    await yard.sweep_later()
    account = await yard.stores.accounts.get(mira.account)
    assert (account.display_name, account.deleting) == (GONE_NAME, False)
    assert account.storage_bytes == 0
    for documents in (yard.stores.identities, yard.stores.tokens, yard.stores.sessions):
        assert await documents.count({"account": mira.account}) == 0
    assert await yard.stores.models.count({"owner": mira.account}) == 0
    scrubbed = await yard.stores.jobs.get(job.id)
    assert scrubbed.training.trigger_words == () and scrubbed.dataset_name == ""
    assert [key async for key in yard.blobs.list(f"datasets/{job.dataset}")] == []
    assert len([key async for key in yard.blobs.list(f"datasets/{other.dataset}")]) == 6
    assert await yard.studio.points.get_balance(mira.account) == balance
    assert (await yard.studio.reconciler.reconcile()).findings == ()


async def test_captions_that_anothers_training_uses_go_when_it_has_ended(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    dataset = (await yard.studio.datasets.create(mira, "flags")).id
    await yard.studio.sharing.join(ben, await yard.studio.sharing.invite(mira, dataset))
    for index, who in enumerate((mira, ben, ben)):
        await yard.put_item(who, dataset, index)
    job = await yard.train(mira, dataset)
    await yard.studio.leaving.deletion.delete(ben, "ben")
    assert (await yard.stores.accounts.get(ben.account)).deleting is False
    assert await yard.stores.items.count({"contributor": ben.account, "state": "active"}) == 0
    assert await read_captions(yard, job) == ["flag 0", "flag 1", "flag 2"]
    await yard.studio.sweeper.sweep()
    assert await read_captions(yard, job) == ["flag 0", "flag 1", "flag 2"]
    await yard.finish(await yard.step(job, STEPS))
    await yard.studio.sweeper.sweep()
    assert await read_captions(yard, job) == ["flag 0", "", ""]


async def read_captions(yard: Yard, job: Job) -> list[str]:
    """Read what a job's snapshot says of its pictures."""
    snapshot = await yard.stores.snapshots.get(job.snapshot)
    return [item.caption for item in snapshot.items]


async def test_whoever_comes_back_is_somebody_new(yard: Yard) -> None:
    mira = await yard.meet("mira")
    await yard.studio.leaving.deletion.delete(mira, "mira")
    account, is_new = await yard.studio.accounts.first_contact("test", "mira", "mira")
    assert is_new and account.id != mira.account


async def test_another_name_deletes_nothing(yard: Yard) -> None:
    mira = await yard.meet("mira")
    with pytest.raises(InvalidError, match="not your name"):
        await yard.studio.leaving.deletion.delete(mira, "Mira")
    assert (await yard.studio.accounts.get(mira)).deleting is None


async def test_nobody_goes_while_something_is_under_way(yard: Yard) -> None:
    mira = await yard.meet("mira")
    await yard.submit(mira, await yard.fill(mira))
    with pytest.raises(RefusedError, match="under way"):
        await yard.studio.leaving.deletion.delete(mira, "mira")


async def test_the_only_admin_cannot_leave(yard: Yard) -> None:
    account, _ = await yard.studio.accounts.first_contact("test", "boss", "boss", role=Role.ADMIN)
    with pytest.raises(RefusedError, match="only admin"):
        await yard.studio.leaving.deletion.delete(yard.studio.accounts.speak_for(account), "boss")


async def test_a_deletion_that_was_cut_off_goes_on(yard: Yard) -> None:
    mira = await yard.meet("mira")
    job = await work(yard, mira, "mira")
    account = await yard.stores.accounts.get(mira.account)
    await yard.stores.accounts.replace(
        account.changed(yard.clock.now(), deleting=True, display_name=GONE_NAME)
    )
    await yard.studio.sweeper.sweep()
    assert (await yard.stores.accounts.get(mira.account)).deleting is False
    assert (await yard.stores.jobs.get(job.id)).dataset_name == ""


async def test_what_admins_do_is_logged_and_only_admins_read_it(yard: Yard) -> None:
    account, _ = await yard.studio.accounts.first_contact("test", "boss", "boss", role=Role.ADMIN)
    boss, mira = yard.studio.accounts.speak_for(account), await yard.meet("mira")
    await yard.studio.administration.grant(boss, mira.account, 7, "a prize", "key-1")
    await yard.studio.administration.lift_stop(boss)
    page = await yard.studio.operations.audit_log.list_all(boss, PageRequest())
    acts = {(one.admin, one.act, one.target, one.detail) for one in page.items}
    assert acts == {
        (boss.account, "grant", mira.account, "7 points: a prize"),
        (boss.account, "lift spending stop", "ledger", ""),
    }
    with pytest.raises(ForbiddenError):
        await yard.studio.operations.audit_log.list_all(mira, PageRequest())
