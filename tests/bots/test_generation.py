"""Pictures in conversation: from a prompt over a price to a yes, and what can be done with the result."""

import asyncio

import tests.adapters.web.conftest as web
from bots.announcements import announce
from bots.conversation import Conversation
from bots.dialog import Reply
from bots.following import follow
from bots.wording import Words
from core.accounts.records import Principal
from core.jobs.events import job_event
from core.jobs.records import Failure, Job, Sample, Status
from core.records import PageRequest
from core.studio import Studio
from tests.bots.people import Person, expect_question, expect_reply, find_button
from tests.bots.test_datasets import make_dataset
from tests.bots.test_training import claim, keep
from tests.core.yard import wishes


async def list_jobs(studio: Studio, who: Principal) -> tuple[Job, ...]:
    return (await studio.generations.list_own(who, PageRequest())).items


async def tell_last(studio: Studio, who: Principal, locale: str = "en") -> Reply:
    news = (await studio.notifications.list_own(who, PageRequest())).items[0]
    return await announce(studio, who, Words(locale), news)


async def test_a_prompt_becomes_pictures_that_can_be_drawn_again(
    mira: Person, studio: Studio
) -> None:
    question = expect_question(await mira.type("/generate a red  circle"), "base_model")
    shown = expect_reply(await mira.press(question.buttons[0]), "Draw a picture for 2 points?")
    facts = {fact.name: fact.value for fact in shown.facts}
    assert facts["Prompt"] == "a red circle" and facts["Seed"] == "a new one"
    assert facts["Your balance"] == "100 points" and facts["Left afterwards"] == "98 points"
    expect_question(await mira.press(find_button(shown, "Change settings")), "settings")
    expect_question(await mira.type("speed=9"), "settings", "is no setting")
    expect_question(await mira.type("count=99"), "settings", "from 1 to 8")
    shown = expect_reply(await mira.type("count=2 steps=10"), "Draw 2 pictures for 2 points?")
    yes = find_button(shown, "Draw")
    sent = expect_reply(await mira.press(yes), "on their way")
    expect_reply(await mira.press(yes), "on their way")
    me = await mira.meet()
    (job,) = await list_jobs(studio, me)
    assert sent.follows == job.id
    await web.end_drawing(studio, await web.draw(studio))
    told = await tell_last(studio, me)
    assert told.title == "Your 2 pictures are ready" and len(told.images) == 2
    body = b"".join([chunk async for chunk in told.images[1].open()])
    assert body == b"\x89PNG 1" and told.images[1].caption == f"2: {job.generation.seed + 1}"
    sealed = await mira.conversation.seal(me.account, told)
    again = expect_reply(await mira.press(find_button(sealed, "Again")), "Draw 2 pictures")
    await mira.press(find_button(again, "Draw"))
    newest = (await list_jobs(studio, me))[0].generation
    assert newest.seed != job.generation.seed
    assert newest.model_copy(update={"seed": job.generation.seed}) == job.generation
    same = await mira.press(find_button(sealed, "Same seed, change settings"))
    expect_question(same, "settings")
    shown = expect_reply(await mira.type("guidance_scale=2"), "Draw 2 pictures")
    await mira.press(find_button(shown, "Draw"))
    newest = (await list_jobs(studio, me))[0].generation
    assert (newest.seed, newest.guidance_scale) == (job.generation.seed, 2.0)
    assert newest.steps == 10


async def test_a_model_is_tried_from_its_page_with_its_own_prompt(
    mira: Person, conversation: Conversation, studio: Studio
) -> None:
    model = await _train(mira, studio)
    me = await mira.meet()
    for reply in (
        await mira.ask("mod show", model=model),
        await mira.conversation.seal(me.account, await tell_last(studio, me)),
    ):
        shown = expect_reply(await mira.press(find_button(reply, "Try it")), "Draw a picture")
        facts = {fact.name: fact.value for fact in shown.facts}
        assert facts["Prompt"] == "a mycat on a hill" and "flagon (1)" in facts["Models"]
    await mira.press(find_button(shown, "Draw"))
    (job,) = await list_jobs(studio, me)
    assert [lora.model for lora in job.generation.loras] == [model]
    half = await mira.ask("generate", prompt="mycat", model=model, weight="0.5")
    assert "flagon (0.5)" in {f.name: f.value for f in expect_reply(half).facts}["Models"]
    expect_question(
        await mira.ask("generate", prompt="mycat", model=model, weight="9"), "weight", "The most"
    )


async def test_what_fails_is_told_and_costs_nothing_in_german_too(
    mira: Person, studio: Studio
) -> None:
    await _order(mira)
    me = await mira.meet()
    job = await web.draw(studio, 0)
    message = "The worker ran out of memory on a single picture. Make it smaller; all points were returned."
    await studio.leases.fail(job, Failure(code="out_of_memory", message=message))
    told = await tell_last(studio, me, "de")
    assert told.title == "Deine Bilder konnten nicht gezeichnet werden"
    assert "Mach es kleiner" in told.text
    assert {fact.name: fact.value for fact in told.facts}["Berechnet"] == "0 Punkte"
    assert await studio.points.get_balance(me.account) == 100


async def test_generations_are_listed_shown_and_cancelled(mira: Person, studio: Studio) -> None:
    expect_reply(await mira.ask("generations"), "not generated anything yet")
    await _order(mira)
    listed = expect_reply(await mira.ask("generations"), "Your generations")
    shown = expect_reply(await mira.press(find_button(listed, "a red circle")), "a red circle")
    assert shown.follows and not shown.images
    sure = await mira.press(find_button(shown, "Cancel it"))
    expect_reply(await mira.press(find_button(sure, "Cancel the pictures")), "is cancelled")
    (job,) = await list_jobs(studio, await mira.meet())
    assert job.status is Status.CANCELLED
    told = await tell_last(studio, await mira.meet())
    assert told.title == "Your pictures were cancelled"


async def test_a_message_goes_on_with_its_generation(
    mira: Person, conversation: Conversation, studio: Studio
) -> None:
    await _order(mira)
    seen: asyncio.Queue[Reply] = asyncio.Queue()
    (job,) = await list_jobs(studio, await mira.meet())

    async def watch() -> None:
        async for reply in follow(conversation, mira.make_incoming(), job.id, every_s=0):
            await seen.put(reply)

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        watching = group.create_task(watch())
        while seen.empty():  # until it listens: what happened before nobody is told
            await studio.events.publish(job_event(job))
            await asyncio.sleep(0.05)
        assert "waiting" in (await seen.get()).facts[0].value
        await web.end_drawing(studio, await web.draw(studio, 1))
        await watching
    replies = [seen.get_nowait() for _ in range(seen.qsize())]
    assert replies[-1].facts[1].value == "1 / 1" and not replies[-1].follows


async def test_another_persons_generation_is_not_found(mira: Person, eve: Person) -> None:
    await _order(mira)
    (job,) = await list_jobs(mira.conversation.studio, await mira.meet())
    missing = expect_reply(await eve.ask("generation show", generation=job.id), "Not found")
    assert "no such generation" in missing.text


async def _order(person: Person) -> None:
    shown = await person.ask("generate", prompt="a red circle", base_model="tiny-sd")
    expect_reply(await person.press(find_button(shown, "Draw")), "on their way")


async def _train(person: Person, studio: Studio) -> str:
    """Let somebody have a model with one sample, and return its id."""
    await make_dataset(person, pictures=3)
    me = await person.meet()
    dataset = (await studio.datasets.list_own(me, PageRequest())).items[0]
    await studio.jobs.submit(me, dataset.id, wishes(), "train")
    job = await claim(studio)
    file = await keep(studio, job, "sample-1.png", b"png")
    sample = Sample(step=1, prompt="a mycat on a hill", file=file)
    job = await studio.leases.start_finishing(await studio.leases.add_sample(job, sample))
    weights = await keep(studio, job, "lora.safetensors", b"weights")
    return (await studio.leases.complete(job, (weights,))).model or ""
