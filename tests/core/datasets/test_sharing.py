"""Datasets of several people: who may do what, codes that end, and zips that hold it all."""

import asyncio
import io
import json
import zipfile

import pytest

from core.accounts.records import Principal
from core.datasets.intake import NewImage
from core.datasets.sharing import MAX_MEMBERS
from core.downloads import MAX_EXPORTS
from core.errors import NotFoundError, RefusedError
from core.notifications.records import NewsKind
from core.records import PageRequest
from tests.core.yard import Yard, once
from tests.worker.people import draw_flag


async def join(yard: Yard, owner: Principal, dataset: str, *people: Principal) -> None:
    code = await yard.studio.sharing.invite(owner, dataset)
    for person in people:
        await yard.studio.sharing.join(person, code)


async def test_a_member_sees_adds_and_captions_and_the_owner_hears_of_them(yard: Yard) -> None:
    mira, ben, eve = await yard.meet("mira"), await yard.meet("ben"), await yard.meet("eve")
    dataset, sharing = await yard.fill(mira), yard.studio.sharing
    await asyncio.gather(*(join(yard, mira, dataset, ben) for _ in range(1)))
    item, is_new = await yard.studio.intake.add_image(
        ben, dataset, once(draw_flag(1)), NewImage(filename="mine.png")
    )
    assert is_new and item.contributor == ben.account
    first = (await yard.studio.datasets.list_items(ben, dataset, PageRequest())).items[0]
    await yard.studio.datasets.caption(ben, dataset, first.id, "a flag")
    with pytest.raises(RefusedError, match="Only the owner"):
        await yard.studio.datasets.remove_item(ben, dataset, first.id)
    await yard.studio.datasets.remove_item(ben, dataset, item.id)
    for attempt in (
        yard.studio.datasets.delete(ben, dataset),
        yard.studio.datasets.describe(ben, dataset, "mine"),
        sharing.invite(ben, dataset),
        sharing.list_members(eve, dataset),
        yard.studio.datasets.get(eve, dataset),
    ):
        with pytest.raises(NotFoundError, match="no such dataset"):
            await attempt
    assert [d.id for d in (await sharing.list_joined(ben, PageRequest())).items] == [dataset]
    news = (await yard.studio.notifications.list_own(mira, PageRequest())).items
    assert [n.kind for n in news] == [NewsKind.DATASET_JOINED] and news[0].data["member"] == "ben"


async def test_a_code_ends_with_its_week_its_successor_and_its_dataset(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    dataset, sharing = await yard.fill(mira), yard.studio.sharing
    first = await sharing.invite(mira, dataset)
    second = await sharing.invite(mira, dataset)
    yard.clock.pass_s(7 * 86400)
    third = await sharing.invite(mira, dataset)
    await sharing.sweep()
    for code in (first, second, "", "ABCD-EFGH", third + "A"):
        with pytest.raises(RefusedError, match="wrong or too old"):
            await sharing.join(ben, code)
    assert (await sharing.join(ben, third.lower().replace("-", " "))).id == dataset
    await sharing.join(ben, third)
    assert len(await sharing.list_members(mira, dataset)) == 1
    assert (await sharing.join(mira, third)).owner == mira.account
    await yard.studio.datasets.delete(mira, dataset)
    with pytest.raises(RefusedError, match="wrong or too old"):
        await sharing.join(await yard.meet("eve"), third)
    assert (await sharing.list_joined(ben, PageRequest())).items == ()
    assert await yard.stores.members.count({}) == 0


async def test_who_leaves_or_is_taken_off_sees_nothing_any_more(yard: Yard) -> None:
    mira, ben, eve = await yard.meet("mira"), await yard.meet("ben"), await yard.meet("eve")
    dataset, sharing = await yard.fill(mira), yard.studio.sharing
    await join(yard, mira, dataset, ben, eve)
    members = await sharing.list_members(ben, dataset)
    hers = next(member for member in members if member.account == eve.account)
    with pytest.raises(NotFoundError, match="no such member"):
        await sharing.remove_member(ben, dataset, hers.id)
    await sharing.remove_member(mira, dataset, hers.id)
    await sharing.leave(ben, dataset)
    for person in (ben, eve):
        with pytest.raises(NotFoundError):
            await yard.studio.datasets.get(person, dataset)
    with pytest.raises(NotFoundError):
        await sharing.leave(mira, dataset)


async def test_a_dataset_has_a_bounded_number_of_members(yard: Yard) -> None:
    mira = await yard.meet("mira")
    dataset = await yard.fill(mira)
    people = [await yard.meet(f"p{n}", points=0) for n in range(MAX_MEMBERS + 1)]
    await join(yard, mira, dataset, *people[:-1])
    with pytest.raises(RefusedError, match="at most"):
        await join(yard, mira, dataset, people[-1])


async def test_two_members_that_become_one_person_are_one_member(yard: Yard) -> None:
    mira, ben, eve = await yard.meet("mira"), await yard.meet("ben"), await yard.meet("eve")
    dataset, sharing = await yard.fill(mira), yard.studio.sharing
    await join(yard, mira, dataset, ben, eve)
    accounts = yard.studio.accounts
    one, two = await accounts.get(ben), await accounts.get(eve)
    merged = await yard.studio.merging.merge(one, two)
    assert [m.account for m in await sharing.list_members(mira, dataset)] == [merged.id]


async def test_a_zip_holds_every_picture_with_its_captions(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    dataset = await yard.studio.datasets.create(mira, "Flags & more: ünï")
    bodies = []
    for index in range(3):
        image = NewImage(filename=f"flag {index}.png", caption=f"flag {index}, größer")
        item, _ = await yard.studio.intake.add_image(
            mira, dataset.id, once(draw_flag(index)), image
        )
        yard.clock.pass_s(1)
        bodies.append(b"".join([chunk async for chunk in yard.blobs.read(item.blob_key)]))
    chunks = [chunk async for chunk in yard.studio.exports.stream(mira, dataset.id)]
    again = [chunk async for chunk in yard.studio.exports.stream(mira, dataset.id)]
    assert b"".join(chunks) == b"".join(again)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(chunks)))
    assert archive.testzip() is None
    assert archive.read("0002.png") == bodies[1]
    assert archive.read("0003.txt").decode() == "flag 2, größer"
    lines = [json.loads(line) for line in archive.read("captions.jsonl").splitlines()]
    assert lines[0]["filename"] == "flag 0.png" and len(lines) == 3
    with pytest.raises(NotFoundError):
        await anext(yard.studio.exports.stream(ben, dataset.id))


async def test_an_address_leads_to_its_file_for_a_day_and_exports_go_with_it(yard: Yard) -> None:
    mira = await yard.meet("mira")
    dataset = await yard.studio.datasets.create(mira, "flags")
    await yard.studio.intake.add_image(mira, dataset.id, once(draw_flag(0)), NewImage())
    made = []
    for _ in range(MAX_EXPORTS + 1):
        made.append(await yard.studio.exports.make_file(mira, dataset.id))
        yard.clock.pass_s(1)
    tokens = [link.rsplit("/", 1)[-1] for _, link in made]
    assert made[0][1].startswith("http://127.0.0.1:8080/api/v1/downloads/")
    with pytest.raises(NotFoundError, match="no longer known"):
        await yard.studio.downloads.find(tokens[0])
    for token, (file, _) in zip(tokens[1:], made[1:], strict=True):
        assert await yard.studio.downloads.find(token) == file
    assert len([key async for key in yard.blobs.list("exports/")]) == MAX_EXPORTS
    yard.clock.pass_s(86401)
    for token in (*tokens, "", "x" * 500, "\ud800"):
        with pytest.raises(NotFoundError):
            await yard.studio.downloads.find(token)
    await yard.studio.downloads.sweep()
    assert [key async for key in yard.blobs.list("exports/")] == []
    assert await yard.stores.download_links.count({}) == 0
