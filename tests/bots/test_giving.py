"""Points given in conversation, and caps: shown by name before, refused in words, told to who receives."""

from tests.bots.people import Person, expect_question, expect_reply, find_button

NOBODY = "ac_" + "a" * 16


async def test_points_are_given_after_a_look_at_the_name(mira: Person, eve: Person) -> None:
    await eve.type("/points")
    sure = expect_reply(await mira.type("/give eve 30"), "Give 30 points to eve?")
    facts = {fact.name: fact.value for fact in sure.facts}
    assert facts["Your balance after that"] == "70 points"
    assert facts["Account id"] == (await eve.meet()).account
    yes = find_button(sure, "Give")
    expect_reply(await mira.press(yes), "eve has 30 points more now")
    expect_reply(await mira.press(yes))
    expect_reply(await mira.type("/points"), "You have 70 points")
    expect_reply(await eve.type("/inbox"), "mira gave you 30 points")
    said = expect_reply(await eve.type("/statement"))
    assert said.table is not None and said.table.rows[0][1:] == ("mira (received)", "+30", "130")
    eve.locale = "de"
    expect_reply(await eve.type("/language de"))
    expect_reply(await eve.type("/inbox"), "mira hat dir 30 Punkte gegeben")


async def test_whom_and_how_much_are_asked_and_what_is_wrong_is_said(
    mira: Person, eve: Person
) -> None:
    await eve.type("/points")
    expect_question(await mira.type("/give"), "to")
    expect_question(await mira.type("nobody"), "to", "I know nobody of that name")
    expect_question(await mira.type("mira"), "to", "yourself")
    expect_question(await mira.type(NOBODY), "to", "I know nobody of that name")
    expect_question(await mira.type("eve"), "points")
    for wrong, problem in (
        ("-5", "The least is 1"),
        ("1.5", "whole number"),
        ("0", "The least is 1"),
        ("many", "not a number"),
        ("9" * 39, "The most is"),
    ):
        expect_question(await mira.type(wrong), "points", problem)
    short = expect_reply(await mira.type("101"), "Not enough points")
    assert "1 more" in short.text
    expect_reply(await mira.type("/points"), "You have 100 points")


async def test_a_cap_is_set_shown_minded_and_lifted(mira: Person, eve: Person) -> None:
    await eve.type("/points")
    shown = expect_reply(await mira.type("/cap"), "What you want to spend at most")
    expect_question(await mira.press(find_button(shown, "Cap each day")), "points")
    capped = expect_reply(await mira.type("20"))
    assert [fact.value for fact in capped.facts] == ["0 of 20 points", "0 points"]
    refused = expect_reply(await mira.type("/give eve 21"), "Beyond your own cap")
    assert "leaves 20" in refused.text
    sure = expect_reply(await mira.type("/give eve 20"))
    await mira.press(find_button(sure, "Give"))
    balance = expect_reply(await mira.type("/points"), "You have 80 points")
    assert balance.facts[0].value == "20 of 20 points"
    again = expect_reply(await mira.press(find_button(refused, "Change the cap")))
    lifted = expect_reply(await mira.press(find_button(again, "No cap each day")))
    assert [fact.value for fact in lifted.facts] == ["20 points", "20 points"]
    expect_reply(await mira.type("/cap month 7"))
    assert "leaves 0" in expect_reply(await mira.type("/give eve 1"), "Beyond").text
