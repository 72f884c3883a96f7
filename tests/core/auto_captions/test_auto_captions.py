"""Auto captions as jobs: what is refused and why, one key one job, what is written, left alone and charged."""

import pytest

from core.accounts.records import Principal, Scope
from core.auto_captions.records import CaptionWishes
from core.auto_captions.service import make_caption
from core.datasets.records import Item
from core.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    LeaseLostError,
    NotFoundError,
    RefusedError,
    TrainingError,
)
from core.jobs.records import Job, Kind, Status
from core.notifications.records import NewsKind
from core.offerings.captioning import CaptionOffer, parse_captioning
from core.offerings.price import compute_caption_points
from core.offerings.records import CaptionInputs
from core.records import PageRequest
from tests.core.yard import FAMILIES, Yard

PRICE = 5
"""Of three pictures at 150 points for a hundred: 4.5, rounded up."""
COMMIT = "0123456789abcdef0123456789abcdef01234567"


async def buy(yard: Yard, who: Principal, dataset: str, **wanted: object) -> Job:
    wishes = CaptionWishes.model_validate(wanted)
    return await yard.studio.auto_captions.submit(who, dataset, wishes, "first")


async def start(yard: Yard) -> Job:
    job = await yard.studio.leases.claim("worker", FAMILIES)
    assert job is not None and job.kind is Kind.CAPTION
    return await yard.studio.leases.start_running(job)


async def write(yard: Yard, job: Job, index: int, text: str = "a red flag") -> Job:
    snapshot = await yard.studio.snapshots.get(job.snapshot)
    return await yard.studio.auto_captions.write(job, index, snapshot.items[index].item, text)


async def list_items(yard: Yard, dataset: str) -> list[Item]:
    return await yard.studio.datasets.list_active(dataset)


async def balance(yard: Yard, who: Principal) -> int:
    return await yard.studio.points.get_balance(who.account)


def test_the_price_follows_the_public_formula() -> None:
    inputs = CaptionInputs(pictures=201, points_per_100_pictures=10)
    assert [compute_caption_points(inputs, n) for n in (0, 1, 10, 11, 201)] == [0, 1, 1, 2, 21]
    free = CaptionInputs(pictures=201, points_per_100_pictures=0)
    assert compute_caption_points(free, 201) == 0


@pytest.mark.parametrize(
    ("text", "model", "revision", "words"),
    [
        ("points_per_100_pictures = -1", "", "", "whole number from 0"),
        ("points_per_100_pictures = 1.5", "", "", "whole number from 0"),
        ("points = 1", "", "", "points_per_100_pictures"),
        ("", "", "", "is missing"),
        ("points_per_100_pictures =", "", "", "captioning.toml"),
        ("points_per_100_pictures = 1", "../blip", "", "no hub id"),
        ("points_per_100_pictures = 1", "Salesforce/blip", "", "pin the hub id"),
        ("points_per_100_pictures = 1", "Salesforce/blip", "main", "pin the hub id"),
    ],
)
def test_a_wrong_setting_is_refused_at_the_start(
    text: str, model: str, revision: str, words: str
) -> None:
    with pytest.raises(InvalidError, match=words):
        parse_captioning(text, "captioning.toml", model, revision)


def test_a_folder_or_a_pinned_hub_id_is_taken() -> None:
    text = "points_per_100_pictures = 0"
    assert parse_captioning(text, "c", "/models/blip", "").model == "/models/blip"
    assert parse_captioning(text, "c", "Salesforce/blip", COMMIT).revision == COMMIT


def test_a_prefix_is_joined_once_and_a_caption_is_cut_to_what_is_kept() -> None:
    assert make_caption("mycat", " on a\x00 chair ") == "mycat, on a chair"
    assert make_caption("mycat", "mycat, on a chair") == "mycat, on a chair"
    assert make_caption("mycat", "") == "mycat" and make_caption("", " ") == ""
    assert len(make_caption("", "ä" * 9000).encode()) <= 8192


async def test_without_a_model_the_answer_says_how_to_switch_it_on(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    yard.studio.offerings.captions = CaptionOffer()
    with pytest.raises(RefusedError, match="TRAINYARD_CAPTION_MODEL") as refused:
        await buy(yard, mira, dataset)
    assert refused.value.code == "captions_off"
    assert await balance(yard, mira) == 1000


async def test_captions_go_into_their_own_set_and_one_key_is_one_job(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    job = await buy(yard, mira, dataset, prefix="flagon")
    assert (job.status, job.quote.points, job.progress.total_steps) == (Status.QUEUED, PRICE, 3)
    assert await buy(yard, mira, dataset, prefix="flagon") == job
    with pytest.raises(ConflictError):
        await buy(yard, mira, dataset, prefix="other")
    assert await balance(yard, mira) == 1000 - PRICE
    assert (await yard.studio.auto_captions.list_own(mira, PageRequest())).items == (job,)
    assert (await yard.studio.jobs.list_own(mira, PageRequest())).items == ()
    job = await start(yard)
    for index in range(3):
        job = await write(yard, job, index, f"picture {index}")
    done = await yard.studio.leases.complete(
        await yard.studio.leases.start_finishing(job), (), job.steps_done
    )
    assert (done.status, done.steps_done, done.charged_points) == (Status.COMPLETED, 3, PRICE)
    captions = [item.captions for item in await list_items(yard, dataset)]
    assert captions[1] == {"default": "flag 1", "auto": "flagon, picture 1"}
    news = (await yard.studio.notifications.list_own(mira, PageRequest())).items[0]
    assert news.kind is NewsKind.CAPTIONS_COMPLETED
    assert (news.data["captions"], news.data["caption_set"]) == (3, "auto")
    with pytest.raises(RefusedError, match="Every picture has a caption in the set “auto”"):
        await yard.studio.auto_captions.quote(mira, dataset, CaptionWishes())
    await yard.check()


async def test_pictures_with_a_caption_in_the_set_are_left_out_unless_asked(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    first, *_ = await list_items(yard, dataset)
    await yard.studio.datasets.caption(mira, dataset, first.id, "mine", set_name="auto")
    spec, quote = await yard.studio.auto_captions.quote(mira, dataset, CaptionWishes())
    assert (spec.left_out, quote.points) == (1, 3)
    every = CaptionWishes(replaces=True)
    spec, quote = await yard.studio.auto_captions.quote(mira, dataset, every)
    assert (spec.left_out, quote.points) == (0, PRICE)
    await yard.studio.auto_captions.submit(mira, dataset, every, "all")
    await write(yard, await start(yard), 0, "theirs")
    first, *_ = await list_items(yard, dataset)
    assert first.captions["auto"] == "theirs"


async def test_what_is_removed_or_captioned_meanwhile_is_left_alone_and_costs_nothing(
    yard: Yard,
) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    await buy(yard, mira, dataset)
    job = await start(yard)
    first, second, _ = await list_items(yard, dataset)
    await yard.studio.datasets.remove_item(mira, dataset, first.id)
    await yard.studio.datasets.caption(mira, dataset, second.id, "mine", set_name="auto")
    for index in range(3):
        job = await write(yard, job, index)
    assert (job.looked_at, job.steps_done) == (3, 1)
    second, third = await list_items(yard, dataset)
    assert (second.captions["auto"], third.captions["auto"]) == ("mine", "a red flag")
    done = await yard.studio.leases.complete(
        await yard.studio.leases.start_finishing(job), (), job.steps_done
    )
    assert done.charged_points == 2
    with pytest.raises(ConflictError, match="This auto-caption job has already finished"):
        await yard.studio.auto_captions.cancel(mira, job.id)
    await yard.check()


async def test_a_caption_written_twice_is_counted_once(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    await buy(yard, mira, dataset)
    job = await write(yard, await write(yard, await start(yard), 0), 0)
    assert (job.looked_at, job.steps_done) == (1, 1)


async def test_a_worker_that_lost_its_lease_writes_nothing(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    await buy(yard, mira, dataset)
    late = await start(yard)
    yard.clock.pass_s(3600)
    await start(yard)
    with pytest.raises(LeaseLostError):
        await write(yard, late, 0)
    assert all("auto" not in item.captions for item in await list_items(yard, dataset))


async def test_a_dataset_that_is_deleted_ends_the_job_in_words(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    await buy(yard, mira, dataset)
    job = await start(yard)
    await yard.studio.datasets.delete(mira, dataset)
    with pytest.raises(TrainingError, match="no longer shared"):
        await write(yard, job, 0)


async def test_a_cancelled_job_pays_for_what_was_written(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    await buy(yard, mira, dataset)
    job = await write(yard, await start(yard), 0)
    asked = await yard.studio.auto_captions.cancel(mira, job.id)
    assert asked.cancel_requested
    done = await yard.studio.leases.cancel(job)
    assert done.charged_points == 2 and await balance(yard, mira) == 998
    assert await yard.studio.auto_captions.cancel(mira, job.id) == done
    await yard.check()


async def test_a_captioning_is_claimed_by_a_worker_of_any_family_that_takes_the_kind(
    yard: Yard,
) -> None:
    mira = await yard.meet()
    await buy(yard, mira, await yard.fill(mira))
    leases = yard.studio.leases
    assert await leases.claim("a", FAMILIES, frozenset({Kind.TRAIN, Kind.GENERATE})) is None
    job = await leases.claim("b", frozenset({"sdxl"}), frozenset({Kind.CAPTION}))
    assert job is not None
    yard.clock.pass_s(3600)
    assert await leases.claim("a", FAMILIES, frozenset({Kind.TRAIN, Kind.GENERATE})) is None
    again = await leases.claim("c", frozenset(), frozenset({Kind.CAPTION}))
    assert again is not None and again.token == job.token + 1


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"caption_set": " "}, "A name needs"),
        ({"caption_set": "x" * 101}, "A name needs"),
        ({"prefix": "x" * 201}, "at most 200"),
    ],
)
async def test_a_bad_wish_says_what_to_change(
    yard: Yard, wanted: dict[str, object], words: str
) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    with pytest.raises(InvalidError, match=words):
        await buy(yard, mira, dataset, **wanted)
    with pytest.raises(InvalidError, match="empty; add pictures"):
        await buy(yard, mira, await yard.fill(mira, 0))
    assert await yard.stores.jobs.count({}) == 0


async def test_strangers_and_narrow_tokens_may_not(yard: Yard) -> None:
    mira, eve = await yard.meet(), await yard.meet("eve")
    dataset = await yard.fill(mira)
    with pytest.raises(NotFoundError):
        await buy(yard, eve, dataset)
    for scope in (Scope.SPEND, Scope.WRITE):
        narrow = mira.model_copy(update={"scopes": frozenset(Scope) - {scope}})
        with pytest.raises(ForbiddenError):
            await buy(yard, narrow, dataset)
    job = await buy(yard, mira, dataset)
    with pytest.raises(NotFoundError, match="no such auto-caption job"):
        await yard.studio.auto_captions.get(eve, job.id)


async def test_a_set_is_chosen_to_train_with(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    with pytest.raises(InvalidError, match="No picture of this dataset"):
        await yard.studio.datasets.choose_captions(mira, dataset, "auto")
    first, *_ = await list_items(yard, dataset)
    await yard.studio.datasets.caption(mira, dataset, first.id, "a flag", set_name="auto")
    chosen = await yard.studio.datasets.choose_captions(mira, dataset, "auto")
    snapshot = await yard.studio.snapshots.take(chosen)
    assert snapshot.items[0].caption == "a flag"
