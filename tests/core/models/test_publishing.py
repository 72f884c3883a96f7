"""Publishing: who may use a model under which words, at any moment, from any process, after any crash."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.accounts.records import Principal, Role
from core.errors import ForbiddenError, NotFoundError, RefusedError
from core.models import trigger_map
from core.models.names import list_names
from core.models.publishing import MAX_OLD_SLUGS, Card
from core.models.records import ModelAccess, ModelState, TrainedModel
from core.models.renaming import MAX_OLD_WORDS
from core.offerings.records import Output
from tests.core.models.people import publish, resolve, slugs, train_model
from tests.core.yard import Yard, open_yard


@pytest.fixture
async def elsewhere(folder: Path, yard: Yard) -> AsyncIterator[Yard]:
    """The same data as another process has them."""
    async with open_yard(folder, yard.clock) as opened:
        yield opened


async def test_a_public_model_is_everybodys_and_a_private_one_does_not_exist(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    model = await train_model(yard, mira, "flagon")
    for attempt in (
        yard.studio.models.get(ben, model.id),
        yard.studio.models.get_by_slug(ben, model.slug),
        yard.studio.publishing.publish(ben, model.id),
        yard.studio.favourites.add(ben, model.id),
    ):
        with pytest.raises(NotFoundError, match=r"^There is no such model\.$"):
            await attempt
    assert slugs(await resolve(yard, mira, "a flagon")) == [model.slug]
    found = await resolve(yard, ben, f"a flagon <lora:{model.slug}:1>")
    assert found.models == () and "There is no model" in found.warnings[0]
    public = await yard.studio.publishing.publish(mira, model.id)
    assert public.published_at is not None and public.needs_noting is None
    assert slugs(await resolve(yard, ben, "a flagon")) == [model.slug]
    with pytest.raises(ForbiddenError):
        await yard.studio.publishing.withdraw(ben, model.id)


async def test_only_checked_weights_are_published(yard: Yard) -> None:
    mira = await yard.meet("mira")
    model = await train_model(yard, mira, "flagon", weights="")
    with pytest.raises(RefusedError, match="passed their check"):
        await yard.studio.publishing.publish(mira, model.id)


async def test_of_two_that_publish_one_word_at_once_exactly_one_wins(
    yard: Yard, elsewhere: Yard
) -> None:
    people = [await yard.meet(f"person {n}") for n in range(6)]
    models = [await train_model(yard, person, "flagon") for person in people]
    places = [yard, elsewhere] * 3
    answers = await asyncio.gather(
        *(
            place.studio.publishing.publish(person, model.id)
            for place, person, model in zip(places, people, models, strict=True)
        ),
        return_exceptions=True,
    )
    won = [answer for answer in answers if isinstance(answer, TrainedModel)]
    assert len(won) == 1
    assert all(isinstance(answer, RefusedError) for answer in answers if answer not in won)
    stranger = await yard.meet("stranger")
    for place in places[:2]:
        assert slugs(await resolve(place, stranger, "flagon")) == [won[0].slug]
    where = {"space": "words:tiny"}
    assert [c.model for c in await yard.stores.model_names.find(where)] == [won[0].id]


async def test_every_process_sees_a_change_at_its_next_resolution(
    yard: Yard, elsewhere: Yard
) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    assert (await resolve(elsewhere, ben, "flagon tankard")).models == ()
    model = await publish(yard, mira, "flagon")
    assert slugs(await resolve(elsewhere, ben, "flagon")) == [model.slug]
    await yard.studio.publishing.change_triggers(mira, model.id, ["tankard"])
    found = await resolve(elsewhere, ben, "a Tankard and a Flagon")
    assert slugs(found) == [model.slug] and found.prompt == "a flagon and a Flagon"
    assert [(notice.old, notice.now) for notice in found.renamed] == [("flagon", "tankard")]
    await yard.studio.publishing.withdraw(mira, model.id)
    assert (await resolve(elsewhere, ben, "flagon tankard")).models == ()
    assert slugs(await resolve(elsewhere, mira, "tankard")) == [model.slug]


async def test_a_process_that_missed_many_changes_reads_everything_again(
    yard: Yard, elsewhere: Yard
) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    model = await publish(yard, mira, "flagon")
    other = await publish(yard, mira, "beaker")
    assert slugs(await resolve(elsewhere, ben, "flagon beaker")) == [model.slug, other.slug]
    await yard.studio.publishing.withdraw(mira, other.id)
    for number in range(70):
        words = [f"tankard {number}x"]
        await yard.studio.publishing.change_triggers(mira, model.id, words)
    assert (await resolve(elsewhere, ben, "flagon beaker")).models == ()
    assert slugs(await resolve(elsewhere, ben, "tankard 69x")) == [model.slug]
    stored = await yard.studio.models.get(mira, model.id)
    assert len(stored.old_words) == MAX_OLD_WORDS and stored.taught_words == ("flagon",)
    held = await yard.stores.model_names.find({"model": model.id})
    assert {(claim.space, claim.key) for claim in held} == set(list_names(stored))


async def test_the_map_keeps_few_people_in_memory_and_forgets_none_of_their_models(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trigger_map, "_PEOPLE", 2)
    people = [await yard.meet(f"person {n}") for n in range(4)]
    models = [await train_model(yard, person, "flagon") for person in people]
    for _ in range(2):
        for person, model in zip(people, models, strict=True):
            assert slugs(await resolve(yard, person, "flagon")) == [model.slug]
            assert len(yard.studio.trigger_map._people) <= 2


async def test_a_whole_checkpoint_is_no_lora(yard: Yard) -> None:
    mira = await yard.meet("mira")
    model = await train_model(yard, mira, "flagon")
    stored = await yard.stores.models.get(model.id)
    await yard.stores.models.replace(stored.model_copy(update={"output": Output.CHECKPOINT}))
    assert (await resolve(yard, mira, f"flagon <lora:{model.slug}:1>")).models == ()
    with pytest.raises(RefusedError, match="Only a LoRA"):
        await yard.studio.publishing.publish(mira, model.id)


async def test_withdrawing_frees_the_words_and_keeps_the_shares(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    model = await publish(yard, mira, "flagon")
    withdrawn = await yard.studio.publishing.withdraw(mira, model.id)
    assert withdrawn.shares == model.shares and withdrawn.access is ModelAccess.PRIVATE
    other = await publish(yard, ben, "flagon")
    assert other.is_public
    with pytest.raises(RefusedError, match="another model"):
        await yard.studio.publishing.publish(mira, model.id)


async def test_an_unlisted_model_is_used_by_its_slug_and_by_its_word_as_a_favourite(
    yard: Yard, elsewhere: Yard
) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    model = await train_model(yard, mira, "girl")
    await yard.studio.publishing.publish(mira, model.id, ModelAccess.UNLISTED)
    assert (await resolve(elsewhere, ben, "girl")).models == ()
    assert slugs(await resolve(elsewhere, ben, f"girl <lora:{model.slug}:0.5>")) == [model.slug]
    await yard.studio.favourites.add(ben, model.id)
    assert slugs(await resolve(elsewhere, ben, "girl")) == [model.slug]
    await yard.studio.publishing.withdraw(mira, model.id)
    assert (await resolve(elsewhere, ben, "girl")).models == ()


async def test_own_models_come_before_shared_ones_and_those_before_public_ones(yard: Yard) -> None:
    mira, ben, eve = [await yard.meet(name) for name in ("mira", "ben", "eve")]
    public = await publish(yard, mira, "flagon")
    shared = await train_model(yard, ben, "flagon")
    await yard.studio.publishing.publish(ben, shared.id, ModelAccess.UNLISTED)
    assert slugs(await resolve(yard, eve, "flagon")) == [public.slug]
    await yard.studio.favourites.add(eve, shared.id)
    assert slugs(await resolve(yard, eve, "flagon")) == [shared.slug]
    own = await train_model(yard, eve, "flagon")
    assert slugs(await resolve(yard, eve, "flagon")) == [own.slug]


async def test_a_slug_is_readable_unique_and_redirects_when_the_name_changes(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    first, second = await train_model(yard, mira, "flagon"), await train_model(yard, ben, "flagon")
    assert first.slug == "about-flagon-flagon" and second.slug.startswith("about-flagon-flagon-")
    await yard.studio.publishing.publish(mira, first.id)
    for number in range(MAX_OLD_SLUGS + 2):
        card = Card(name=f"Crème Brûlée № {number}")
        renamed = await yard.studio.publishing.describe(mira, first.id, card)
    assert renamed.slug == "creme-brulee-no-9" and len(renamed.old_slugs) == MAX_OLD_SLUGS
    assert (await yard.studio.models.get_by_slug(ben, "creme-brulee-no-5")).id == first.id
    found = await resolve(yard, ben, "<lora:creme-brulee-no-5:0.4>")
    assert [(n.old, n.now) for n in found.renamed] == [("creme-brulee-no-5", renamed.slug)]
    with pytest.raises(NotFoundError):
        await yard.studio.models.get_by_slug(ben, "about-flagon-flagon")


async def test_shares_are_fixed_when_a_model_is_first_published(yard: Yard) -> None:
    mira, ben, eve = [await yard.meet(name) for name in ("mira", "ben", "eve")]
    model = await train_model(yard, mira, "flagon", pictures_of=(mira, ben, eve, eve, eve, mira))
    assert model.shares == ()
    public = await yard.studio.publishing.publish(mira, model.id)
    shares = {share.account: (share.bps, share.pictures) for share in public.shares}
    assert shares == {
        mira.account: (5000 + 1667, 2),
        ben.account: (833, 1),
        eve.account: (2500, 3),
    }
    assert sum(share.bps for share in public.shares) == 10_000
    await yard.studio.publishing.withdraw(mira, model.id)
    assert (await yard.studio.publishing.publish(mira, model.id)).shares == public.shares


async def test_a_frozen_model_is_used_by_nobody_and_only_an_admin_freezes(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    boss, _ = await yard.studio.accounts.first_contact("test", "boss", "boss", role=Role.ADMIN)
    admin = Principal(account=boss.id, role=boss.role)
    model = await publish(yard, mira, "flagon")
    with pytest.raises(ForbiddenError):
        await yard.studio.publishing.freeze(ben, model.id)
    frozen = await yard.studio.publishing.freeze(admin, model.id)
    assert frozen.shares == model.shares
    for person in (mira, ben):
        found = await resolve(yard, person, f"flagon <lora:{model.slug}:1>")
        assert found.models == ()
    with pytest.raises(NotFoundError):
        await yard.studio.models.get(ben, model.id)
    with pytest.raises(RefusedError, match="frozen"):
        await yard.studio.publishing.withdraw(mira, model.id)
    await yard.studio.publishing.freeze(admin, model.id, ModelState.ACTIVE)
    assert slugs(await resolve(yard, ben, "flagon")) == [model.slug]


async def test_weights_of_others_are_downloaded_only_when_their_owner_allows_it(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    model = await publish(yard, mira, "flagon")
    assert (await yard.studio.models.find_file(ben, model.id, "README.md")).bytes == 1
    with pytest.raises(NotFoundError):
        await yard.studio.models.find_file(ben, model.id, "lora.safetensors")
    await yard.studio.publishing.describe(mira, model.id, Card(downloadable=True))
    assert (await yard.studio.models.find_file(ben, model.id, "lora.safetensors")).bytes == 1
