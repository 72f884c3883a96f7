"""Trainings by conversation: priced, confirmed, followed, cancelled, tried again; and their models and news."""

from collections.abc import AsyncIterator

import pytest

from bots.announcements import announce
from bots.dialog import Answer
from bots.wording import Words
from core.jobs.records import Failure, Job, Progress, Sample, StoredFile
from core.jobs.starting import WEIGHTS_FILE
from core.records import PageRequest
from core.studio import Studio
from tests.bots.people import (
    Person,
    expect_question,
    expect_reply,
    find_button,
)
from tests.bots.test_datasets import make_dataset, read
from tests.worker.people import draw_flag

WEIGHTS = b"weights" * 1000


@pytest.fixture
async def trainer(mira: Person) -> Person:
    """Somebody with a dataset of three pictures."""
    await make_dataset(mira, pictures=3)
    return mira


async def ask_price(person: Person, settings: str = "steps=100") -> Answer:
    """Come to the question whether to train."""
    return await person.ask(
        "train", dataset="Cats", offering="tiny-lora", trigger="mycat", settings=settings
    )


async def test_a_training_is_asked_for_step_by_step(trainer: Person, studio: Studio) -> None:
    expect_question(await trainer.type("/train"), "dataset")
    question = expect_question(await trainer.type("cats"), "offering")
    assert "needs 5 to" in question.choices[-1].detail
    expect_question(await trainer.type("SD 1.5 LoRA"), "offering", "needs 5 to 1000 images")
    expect_question(await trainer.press(question.buttons[0]), "trigger")
    expect_question(await trainer.type("(mycat)"), "trigger", "brackets")
    shown = expect_reply(await trainer.type("mycat"), "Train on “Cats” for 37 points?")
    assert {fact.name: fact.value for fact in shown.facts}["Left afterwards"] == "63 points"
    changing = find_button(shown, "Change settings")
    expect_question(await trainer.press(changing), "settings")
    expect_question(await trainer.type("speed=9"), "settings", "is no setting")
    expect_question(await trainer.type("rank=9999"), "settings", "rank is a number from 1 to 64")
    shown = expect_reply(await trainer.type("steps=100, rank: 4"), "for 13 points?")
    expect_reply(await trainer.type("yes"), "Your training is on its way")
    me = await trainer.meet()
    job = (await studio.jobs.list_own(me, PageRequest())).items[0]
    assert job.training.params["rank"] == 4 and job.training.trigger_words == ("mycat",)


async def test_yes_pressed_twice_and_by_somebody_else_trains_once(
    trainer: Person, eve: Person, studio: Studio
) -> None:
    shown = await ask_price(trainer)
    yes = find_button(shown, "Train")
    await make_dataset(eve)
    reply = expect_reply(await eve.press(yes), "Not found")
    assert reply.text == "This button belongs to somebody else."
    for _ in range(2):
        expect_reply(await trainer.press(yes), "Your training is on its way")
    me = await trainer.meet()
    assert len((await studio.jobs.list_own(me, PageRequest())).items) == 1
    assert await studio.points.get_balance(me.account) == 87


async def test_too_few_points_are_said_before_anything_happens(trainer: Person) -> None:
    reply = expect_reply(await ask_price(trainer, "steps=5000"), "Not enough points")
    assert "This costs 405 points and your balance is 100" in reply.text
    assert find_button(reply, "Statement")
    expect_reply(await trainer.type("hello"), "I did not understand")
    expect_question(await trainer.press(find_button(reply, "Change settings")), "settings")
    expect_reply(await trainer.type("steps=100"), "for 13 points?")


async def test_a_waiting_training_is_cancelled_and_tried_again(trainer: Person) -> None:
    await trainer.press(find_button(await ask_price(trainer), "Train"))
    shown = expect_reply(await trainer.type("/job cancel"), "Cancel the training on “Cats”?")
    ended = await trainer.press(find_button(shown, "Cancel the training"))
    expect_reply(ended, "The training is cancelled")
    expect_reply(await trainer.type("/job cancel"), "No training is under way")
    again = expect_reply(await trainer.press(find_button(ended, "Try again")), "once more?")
    expect_reply(await trainer.press(find_button(again, "Train again")), "on its way")
    table = expect_reply(await trainer.type("/jobs"), "Your trainings").table
    assert table is not None and [row[1] for row in table.rows] == ["⏳ waiting", "■ cancelled"]
    statement = expect_reply(await trainer.type("/statement"), "Statement").table
    assert statement is not None
    assert [row[2] for row in statement.rows] == ["-13", "+13", "-13", "+100"]


async def keep(studio: Studio, job: Job, name: str, body: bytes) -> StoredFile:
    async def once() -> AsyncIterator[bytes]:
        yield body

    info = await studio.blobs.put(f"jobs/{job.id}/a1/{name}", once(), content_type="image/png")
    return StoredFile(name=name, **info.model_dump())


async def claim(studio: Studio) -> Job:
    job = await studio.leases.claim("worker", frozenset({"tiny"}))
    assert job is not None
    return await studio.leases.start_running(job)


async def complete(studio: Studio, job: Job, name: str = "mycat.safetensors") -> Job:
    """Let a worker make samples, losses and weights."""
    await studio.losses.append(job.id, [(step, 1 / (step + 1), 0.001) for step in range(50)])
    job = await studio.leases.heartbeat(job, Progress(step=50, total_steps=100, loss=0.5))
    for step in (25, 50):
        file = await keep(studio, job, f"sample-{step}.png", draw_flag(step))
        job = await studio.leases.add_sample(job, Sample(step=step, prompt="mycat", file=file))
    job = await studio.leases.start_finishing(job)
    weights = await keep(studio, job, name, WEIGHTS)
    return await studio.leases.complete(job, (weights,))


async def test_a_running_training_shows_bar_curve_and_samples(
    trainer: Person, studio: Studio
) -> None:
    started = await trainer.press(find_button(await ask_price(trainer), "Train"))
    job = await claim(studio)
    await studio.losses.append(job.id, [(0, 0.9, 0.1), (1, 0.5, 0.1), (2, 0.1, 0.1)])
    progress = Progress(step=50, total_steps=100, loss=0.1, eta_s=75, images_per_s=3.25)
    await studio.leases.heartbeat(job, progress)
    shown = expect_reply(await trainer.press(find_button(started, "How far is it?")), "Cats")
    assert shown.text == "▰▰▰▰▰▰▱▱▱▱▱▱ 50%\n█▅▁"
    facts = {fact.name: fact.value for fact in shown.facts}
    assert facts["Time left"] == "1 min 15 sec" and facts["Steps"] == "50 / 100"
    assert [image.name for image in shown.images] == ["loss.png"]
    assert (await read(shown.images[0])).startswith(b"\x89PNG")


async def test_a_finished_training_is_news_with_a_model_to_download(
    trainer: Person, studio: Studio
) -> None:
    await trainer.press(find_button(await ask_price(trainer), "Train"))
    await complete(studio, await claim(studio))
    news = expect_reply(await trainer.type("/inbox"), "“Cats: mycat” is ready")
    facts = {fact.name: fact.value for fact in news.facts}
    assert facts["Charged"] == "13 points" and facts["Given back"] == "0 points"
    assert [image.name for image in news.images] == ["samples.png"]
    download = expect_reply(await trainer.press(find_button(news, "Download")))
    assert await read(download.files[0]) == WEIGHTS
    expect_reply(await trainer.type("/mod show mycat"), "Cats: mycat")
    table = expect_reply(await trainer.type("/mods"), "Your models").table
    assert table is not None and table.rows[0][1] == "mycat"


async def test_a_lora_is_trained_further_from_its_news_and_from_its_page(
    trainer: Person, studio: Studio
) -> None:
    await trainer.press(find_button(await ask_price(trainer, "steps=100 rank=4"), "Train"))
    first = await complete(studio, await claim(studio), WEIGHTS_FILE)
    news = expect_reply(await trainer.type("/inbox"), "“Cats: mycat” is ready")
    page = expect_reply(await trainer.type("/mod show mycat"), "Cats: mycat")
    for place in (news, page):
        expect_question(await trainer.press(find_button(place, "Train further")), "dataset")
    shown = expect_reply(await trainer.type("cats"), "for 37 points?")
    facts = {fact.name: fact.value for fact in shown.facts}
    assert facts["Trains further"] == "Cats: mycat" and facts["rank"] == "4"
    await trainer.press(find_button(shown, "Change settings"))
    expect_question(await trainer.type("rank=8 steps=50"), "settings", "set rank=4")
    shown = expect_reply(await trainer.type("steps=50"), "for 9 points?")
    expect_reply(await trainer.press(find_button(shown, "Train")), "Your training is on its way")
    me = await trainer.meet()
    job = (await studio.jobs.list_own(me, PageRequest())).items[0]
    assert job.training.start is not None and job.training.start.model == first.model


async def test_a_whole_model_is_not_offered_to_be_trained_further(
    trainer: Person, studio: Studio
) -> None:
    await trainer.press(find_button(await ask_price(trainer), "Train"))
    await complete(studio, await claim(studio), "model.safetensors")
    news = expect_reply(await trainer.type("/inbox"), "is ready")
    page = expect_reply(await trainer.type("/mod show mycat"), "Cats: mycat")
    labels = [button.label for place in (news, page) for button in place.buttons]
    assert "Download" in labels and "Train further" not in labels


async def test_a_failed_training_says_why_and_costs_nothing(
    trainer: Person, studio: Studio
) -> None:
    await trainer.press(find_button(await ask_price(trainer), "Train"))
    failure = Failure(code="memory", message="The GPU ran out of memory.")
    await studio.leases.fail(await claim(studio), failure)
    news = expect_reply(await trainer.type("/inbox"), "The training on “Cats” failed")
    assert news.text == failure.message
    assert {f.name: f.value for f in news.facts}["Given back"] == "13 points"
    me = await trainer.meet()
    notification = (await studio.notifications.list_own(me, PageRequest())).items[0]
    german = await announce(studio, me, Words("de"), notification)
    assert german.title == "Das Training auf „Cats“ ist fehlgeschlagen"


async def test_another_persons_training_and_model_do_not_exist(
    trainer: Person, eve: Person, studio: Studio
) -> None:
    await trainer.press(find_button(await ask_price(trainer), "Train"))
    job = await complete(studio, await claim(studio))
    await eve.type("/points")
    for command, name, value in (
        ("job show", "training", job.id),
        ("mod show", "model", job.model),
        ("mod download", "model", job.model),
    ):
        reply = expect_reply(await eve.ask(command, **{name: value}), "Not found")
        assert reply.text.startswith("There is no such")
