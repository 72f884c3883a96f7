"""The web link in conversation: private, for once, and everybody can sign out everywhere."""

import pytest

from core.errors import NotFoundError, UnauthenticatedError
from core.studio import Studio
from tests.bots.people import Person, expect_reply, find_button


async def test_a_link_signs_in_on_the_web_and_is_news(mira: Person, studio: Studio) -> None:
    shown = expect_reply(await mira.type("/login"), "Your link to the web")
    assert shown.private and shown.facts[0].value == "5 min"
    address, _, secret = shown.links[0].url.rpartition("/")
    assert address == "http://127.0.0.1:8080/login"
    _, key = await studio.sessions.sign_in(secret, "Firefox")
    principal, _ = await studio.sessions.authenticate(key)
    assert (await studio.accounts.get(principal)).display_name == "mira"
    news = expect_reply(await mira.type("/inbox"), "You signed in on the web")
    assert [fact.value for fact in news.facts[:2]] == ["Firefox", "test"]
    asked = await mira.press(find_button(news, "Sign out everywhere"))
    expect_reply(await mira.press(find_button(asked, "Sign out everywhere")), "signed out")
    with pytest.raises(UnauthenticatedError):
        await studio.sessions.authenticate(key)


async def test_a_second_link_takes_the_place_of_the_first(mira: Person, studio: Studio) -> None:
    first, second = [expect_reply(await mira.type("/login")).links[0].url for _ in range(2)]
    with pytest.raises(NotFoundError):
        await studio.sessions.sign_in(first.rpartition("/")[2], "Firefox")
    await studio.sessions.sign_in(second.rpartition("/")[2], "Firefox")
