"""Captions by a model in conversation: priced, followed, told of, chosen to train with, and switched off."""

import asyncio

import pytest

from bots.announcements import announce
from bots.conversation import Conversation
from bots.dialog import Reply
from bots.following import follow
from bots.wording import Words
from config.settings import Settings
from core.accounts.records import Principal
from core.datasets.records import Dataset
from core.jobs.events import job_event
from core.jobs.records import Failure, Job, Kind, Status
from core.offerings.captioning import CaptionOffer
from core.records import PageRequest
from core.studio import Studio
from tests.adapters.web.test_auto_captions import write_all
from tests.bots.people import Person, expect_question, expect_reply, find_button
from tests.bots.test_datasets import make_dataset


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"caption_model": "/models/blip"})


async def find_dataset(studio: Studio, who: Principal) -> Dataset:
    return (await studio.datasets.list_own(who, PageRequest())).items[0]


async def list_jobs(studio: Studio, who: Principal) -> tuple[Job, ...]:
    return (await studio.auto_captions.list_own(who, PageRequest())).items


async def tell_last(studio: Studio, who: Principal, locale: str = "en") -> Reply:
    news = (await studio.notifications.list_own(who, PageRequest())).items[0]
    return await announce(studio, who, Words(locale), news)


def facts(reply: Reply) -> dict[str, str]:
    return {fact.name: fact.value for fact in reply.facts}


async def test_a_dataset_is_captioned_and_the_captions_are_trained_with(
    mira: Person, studio: Studio
) -> None:
    await make_dataset(mira, pictures=3)
    me = await mira.meet()
    dataset = await find_dataset(studio, me)
    page = expect_reply(await mira.ask("dataset show", dataset=dataset.id))
    shown = expect_reply(
        await mira.press(find_button(page, "Let a model caption")),
        "Caption 3 pictures for 1 point?",
    )
    assert facts(shown)["Left afterwards"] == "99 points"
    expect_question(await mira.press(find_button(shown, "Put a word before each")), "prefix")
    shown = expect_reply(await mira.type("mycat"), "Caption 3 pictures")
    assert facts(shown)["Before each"] == "mycat"
    yes = find_button(shown, "Write captions")
    sent = expect_reply(await mira.press(yes), "on their way")
    expect_reply(await mira.press(yes), "on their way")
    (job,) = await list_jobs(studio, me)
    assert sent.follows == job.id
    await write_all(studio)
    told = await tell_last(studio, me)
    assert told.title.startswith("3 captions for “") and told.table is not None
    assert told.table.rows[0] == ("1", "mycat, what is on 0")
    sealed = await mira.conversation.seal(me.account, told)
    expect_reply(await mira.press(find_button(sealed, "Look at the dataset")), dataset.name)
    expect_reply(await mira.press(find_button(sealed, "Train with these captions")), "“auto” now")
    assert (await find_dataset(studio, me)).default_caption_set == "auto"
    listed = expect_reply(await mira.ask("caption jobs"), "Captions by a model")
    shown = expect_reply(await mira.press(find_button(listed, dataset.name)), "Captions for")
    assert facts(shown)["Captions"] == "3 / 3" and facts(shown)["Charged"] == "1 point"


async def test_captions_that_are_there_are_left_alone_unless_asked(
    mira: Person, studio: Studio
) -> None:
    await make_dataset(mira, pictures=3)
    me = await mira.meet()
    dataset = await find_dataset(studio, me)
    item = (await studio.datasets.list_active(dataset.id))[0]
    await studio.datasets.caption(me, dataset.id, item.id, "mine", set_name="auto")
    shown = expect_reply(await mira.ask("caption auto", dataset=dataset.id), "Caption 2 pictures")
    assert facts(shown)["Left alone"] == "1 picture"
    again = await mira.press(find_button(shown, "Replace captions that are there"))
    shown = expect_reply(again, "Caption 3 pictures")
    await mira.press(find_button(shown, "Write captions"))
    (job,) = await list_jobs(studio, me)
    assert job.captioning.replaces


async def test_what_fails_is_told_and_costs_nothing_in_german_too(
    mira: Person, studio: Studio
) -> None:
    me, _ = await _order(mira, studio)
    job = await studio.leases.claim("worker", frozenset(), frozenset({Kind.CAPTION}))
    assert job is not None
    message = (
        "The caption model “/models/blip” could not be loaded. Nothing was charged. An admin can "
        "put it there, as safetensors, or correct TRAINYARD_CAPTION_MODEL."
    )
    await studio.leases.fail(job, Failure(code="caption_model_missing", message=message))
    told = await tell_last(studio, me, "de")
    assert "konnten nicht geschrieben werden" in told.title
    assert told.text.startswith("Das Beschreibungsmodell „/models/blip“")
    assert facts(told)["Berechnet"] == "0 Punkte"
    assert await studio.points.get_balance(me.account) == 100


async def test_captions_are_cancelled_and_another_persons_are_not_found(
    mira: Person, eve: Person, studio: Studio
) -> None:
    me, job = await _order(mira, studio)
    missing = expect_reply(await eve.ask("caption show", captioning=job.id), "Not found")
    assert "no such auto-caption job" in missing.text
    shown = expect_reply(await mira.ask("caption show", captioning=job.id), "Captions for")
    sure = await mira.press(find_button(shown, "Cancel it"))
    expect_reply(await mira.press(find_button(sure, "Cancel the captions")), "are cancelled")
    assert (await list_jobs(studio, me))[0].status is Status.CANCELLED
    assert "were cancelled" in (await tell_last(studio, me)).title


async def test_a_message_goes_on_with_its_captions(
    mira: Person, conversation: Conversation, studio: Studio
) -> None:
    _, job = await _order(mira, studio)
    seen: asyncio.Queue[Reply] = asyncio.Queue()

    async def watch() -> None:
        async for reply in follow(conversation, mira.make_incoming(), job.id, every_s=0):
            await seen.put(reply)

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        watching = group.create_task(watch())
        while seen.empty():  # until it listens: what happened before nobody is told
            await studio.events.publish(job_event(job))
            await asyncio.sleep(0.05)
        await write_all(studio)
        await watching
    replies = [seen.get_nowait() for _ in range(seen.qsize())]
    assert facts(replies[-1])["Captions"] == "2 / 2" and not replies[-1].follows


async def test_without_a_model_the_command_says_how_to_switch_it_on(
    mira: Person, studio: Studio
) -> None:
    await make_dataset(mira, pictures=2)
    studio.offerings.captions = CaptionOffer()
    dataset = await find_dataset(studio, await mira.meet())
    page = expect_reply(await mira.ask("dataset show", dataset=dataset.id))
    assert "Let a model caption" not in [button.label for button in page.buttons]
    refused = await mira.ask("caption auto", dataset=dataset.id)
    assert "TRAINYARD_CAPTION_MODEL" in expect_reply(refused, "That does not work").text


async def _order(person: Person, studio: Studio) -> tuple[Principal, Job]:
    await make_dataset(person, pictures=2)
    me = await person.meet()
    dataset = await find_dataset(studio, me)
    shown = expect_reply(await person.ask("caption auto", dataset=dataset.id), "Caption 2 pictures")
    await person.press(find_button(shown, "Write captions"))
    (job,) = await list_jobs(studio, me)
    return me, job
