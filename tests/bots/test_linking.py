"""Linking by conversation: a code here, typed there, and one person in both places."""

from dataclasses import replace

from core.studio import Studio
from tests.bots.people import Person, expect_question, expect_reply, find_button
from tests.bots.test_datasets import make_dataset


async def test_a_code_shown_here_and_typed_there_makes_one_person(
    mira: Person, studio: Studio
) -> None:
    phone = replace(mira, name="4711", platform="phone", heard=[])
    shown = expect_reply(await make_dataset(mira, "Cats", pictures=1))
    await make_dataset(phone, "Dogs", pictures=1)
    old_button = find_button(shown, "Look at it")
    code = expect_reply(await mira.type("/link"), "Your code: ").title.removeprefix("Your code: ")
    expect_reply(await phone.type("/link AAAA-AAAA"), "does not work")
    question = await phone.press(find_button(await phone.type("/link"), "I have a code"))
    expect_question(question, "code")
    joined = expect_reply(await phone.type(code), "You are one person now")
    assert joined.facts[0].value == "200 points"
    listed = expect_reply(await mira.type("/dataset list")).table
    assert listed is not None and {row[0] for row in listed.rows} == {"Cats", "Dogs"}
    for person in (mira, phone):
        news = expect_reply(await person.type("/inbox"), "You are one person now")
        assert news.facts[0].value == "test and phone"
        expect_reply(await person.press(old_button), "Cats")
    stored = await studio.conversations.find_draft(phone.spot)
    assert stored is None or code not in stored.model_dump_json()
    expect_reply(await phone.type(f"/link {code}"), "does not work")
    assert (await studio.reconciler.reconcile()).is_sound


async def test_a_place_that_is_taken_off_begins_anew(mira: Person) -> None:
    phone = replace(mira, name="4711", platform="phone", heard=[])
    await phone.type("/points")
    code = expect_reply(await mira.type("/link")).title.removeprefix("Your code: ")
    await phone.type(f"/link {code}")
    question = expect_question(await mira.type("/unlink"), "identity")
    assert [choice.label for choice in question.choices] == ["phone: 4711", "test: mira"]
    asked = await mira.press(question.buttons[0])
    expect_reply(await mira.press(find_button(asked, "Take it off")), "It is taken off")
    expect_reply(await phone.type("/points"), "You have 0 points")
    last = expect_question(await mira.type("/unlink"), "identity")
    asked = await mira.press(last.buttons[0])
    refused = expect_reply(await mira.press(find_button(asked, "Take it off")))
    assert refused.text == "This is the only place where you are known; it stays."
