"""Models at work by conversation: published, found, liked, renamed, withdrawn."""

import pytest

from bots.announcements import announce
from bots.dialog import Answer
from bots.wording import Words
from core.models.records import TrainedModel
from core.notifications.records import NewsKind
from core.records import PageRequest
from core.studio import Studio
from tests.bots.people import Person, expect_question, expect_reply, find_button
from tests.bots.test_training import ask_price, claim, complete, trainer

__all__ = ["trainer"]


@pytest.fixture
async def model(trainer: Person, studio: Studio) -> TrainedModel:
    """Mira's model, which answers to “mycat”."""
    await trainer.press(find_button(await ask_price(trainer), "Train"))
    job = await complete(studio, await claim(studio))
    assert job.model is not None
    return await studio.models.get(await trainer.meet(), job.model)


async def publish(person: Person, trigger: str = "miracat") -> Answer:
    shown = await person.ask("mod publish", model="Cats: mycat", trigger=trigger)
    return await person.press(find_button(shown, "Publish"))


async def test_a_model_is_published_step_by_step_and_bad_words_are_asked_again(
    trainer: Person, eve: Person, model: TrainedModel, studio: Studio
) -> None:
    detail = expect_reply(await trainer.type("/mod show mycat"), "Cats: mycat")
    assert {f.name: f.value for f in detail.facts}["Who can use it"] == "only you"
    expect_question(await trainer.press(find_button(detail, "Publish")), "trigger")
    expect_question(await trainer.type("girl"), "trigger", "everyday word")
    expect_question(await trainer.type("mira\u0441at"), "trigger", "several alphabets")
    expect_question(await trainer.type("(mira)"), "trigger", "brackets")
    sure = expect_reply(await trainer.type("miracat, mirakitten"), "Publish “Cats: mycat”?")
    facts = {fact.name: fact.value for fact in sure.facts}
    assert facts["Trigger words"] == "miracat, mirakitten" and facts["Your share"] == "100%"
    assert (await studio.models.get(await trainer.meet(), model.id)).trigger_words == ("mycat",)
    yes = find_button(sure, "Publish")
    for _ in range(2):
        expect_reply(await trainer.press(yes), "“Cats: mycat” is published")
    found = await studio.resolver.resolve(await eve.meet(), "a miracat")
    assert [m.id for m in found.models] == [model.id] and found.prompt == "a mycat"


async def test_a_taken_word_is_asked_again_in_the_persons_language(
    trainer: Person, eve: Person, model: TrainedModel, studio: Studio
) -> None:
    await publish(trainer)
    me = await trainer.meet()
    other = model.model_copy(update={"id": "md_" + "b" * 16, "slug": "other", "version": 0})
    owner = await eve.meet()
    await studio.models._models.insert(other.model_copy(update={"owner": owner.account}))
    eve.locale = "de"
    await eve.type("/language Deutsch")
    question = await eve.ask("mod publish", model=other.id, trigger="m1racat")
    expect_question(question, "trigger", "heißt schon ein anderes Modell")
    assert me.account != owner.account


async def test_others_browse_look_and_like(
    trainer: Person, eve: Person, model: TrainedModel
) -> None:
    nothing = expect_reply(await eve.type("/mods popular"), "No model was found.")
    assert find_button(nothing, "Newest models")
    await publish(trainer)
    tagged = await trainer.ask("mod tags", model="miracat", tags="Cat, photo")
    assert expect_reply(tagged).facts[0].value == "cat, photo"
    for line in ("/mods popular", "/mods newest", "/mods show=newest family=tiny tag=cat"):
        table = expect_reply(await eve.type(line)).table
        assert table is not None and table.rows[0][:3] == ("Cats: mycat", "miracat", "tiny"), line
    expect_reply(await eve.type("/mods show=newest tag=dog"), "No model was found.")
    expect_reply(await eve.type("/mods show=newest text=.*"), "No model was found.")
    listed = await eve.type("/mods newest")
    shown = expect_reply(await eve.press(find_button(listed, "Cats: mycat")))
    labels = [button.label for button in shown.buttons]
    assert labels == ["Make it a favourite", "All models"]
    assert [image.name for image in shown.images] == ["samples.png"]
    like = find_button(shown, "Make it a favourite")
    for _ in range(2):
        expect_reply(await eve.press(like), "It is a favourite now")
    table = expect_reply(await eve.type("/mods favourites"), "Your favourites").table
    assert table is not None and table.rows[0][3] == "1"
    again = await eve.type(f"/mod show {model.slug}")
    expect_reply(await eve.press(find_button(again, "No favourite any more")), "no favourite")
    expect_reply(await eve.type("/mods favourites"), "No model was found.")
    files = expect_reply(await eve.ask("mod download", model=model.id), "hands no files out")
    assert files.files == ()
    reply = expect_reply(await eve.ask("mod withdraw", model=model.id))
    assert reply.text == "This model belongs to somebody else."


async def test_words_change_and_old_ones_go_on_until_the_model_is_withdrawn(
    trainer: Person, eve: Person, model: TrainedModel, studio: Studio
) -> None:
    await publish(trainer)
    expect_question(await trainer.ask("mod words", model="miracat"), "trigger")
    expect_question(await trainer.type("tree"), "trigger", "everyday word")
    changed = expect_reply(await trainer.type("miratom"), "The trigger words are changed")
    assert [fact.value for fact in changed.facts] == ["miratom", "miracat"]
    found = await studio.resolver.resolve(await eve.meet(), "miracat")
    assert [r.now for r in found.renamed] == ["miratom"]
    sure = expect_reply(await trainer.ask("mod withdraw", model="miratom"), "Withdraw “Cats")
    expect_reply(await trainer.press(find_button(sure, "Withdraw")), "is yours alone again")
    assert (await studio.resolver.resolve(await eve.meet(), "miracat miratom")).models == ()
    expect_reply(await eve.type("/mods newest"), "No model was found.")
    missing = expect_reply(await eve.ask("mod show", model=model.id))
    assert missing.text == "There is no such model."


async def test_a_picture_taken_back_is_news_with_a_way_to_train_again(
    trainer: Person, model: TrainedModel, studio: Studio
) -> None:
    me = await trainer.meet()
    data = {
        "model": model.id,
        "model_name": model.name,
        "dataset": model.provenance.dataset,
        "offering": "tiny-lora",
        "trigger": "mycat",
    }
    await studio.notifications.tell(me.account, "x", NewsKind.PICTURE_WITHDRAWN, dict(data))
    news = (await studio.notifications.list_own(me, PageRequest())).items[0]
    told = await announce(studio, me, Words("de"), news)
    assert told.title == "Ein Bild von „Cats: mycat“ wurde zurückgenommen"
    inbox = expect_reply(await trainer.type("/inbox"))
    expect_reply(await trainer.press(find_button(inbox, "Train it again")), "Train on “Cats” for")
