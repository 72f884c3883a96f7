"""Sessions by the API: which there are, the one that asks, and how they end."""

from core.studio import Studio
from tests.adapters.web.conftest import Api, sign_in


async def test_a_session_knows_itself_and_its_csrf_token(ada: Api, studio: Studio) -> None:
    browser = await sign_in(ada, studio)
    own = await browser.json("GET", "/me/session")
    assert own["session"]["client"] == "Firefox"
    assert own["csrf_token"] == browser.credentials["X-CSRF-Token"]
    assert browser.token not in str(own)
    problem = await ada.json("GET", "/me/session", 404)
    assert problem["detail"] == "You came in by a token, not by a session."


async def test_signing_out_ends_this_session_alone(ada: Api, studio: Studio) -> None:
    laptop, phone = await sign_in(ada, studio), await sign_in(ada, studio)
    answer = await laptop.ask("DELETE", "/me/session")
    assert answer.status == 204 and answer.cookies["trainyard"]["max-age"] == "0"
    await laptop.json("GET", "/me", 401)
    assert len((await phone.json("GET", "/me/sessions"))["items"]) == 1
    await ada.json("DELETE", "/me/session", 404)


async def test_one_signs_out_another_browser_or_all(ada: Api, studio: Studio) -> None:
    browsers = [await sign_in(ada, studio) for _ in range(3)]
    other = (await browsers[1].json("GET", "/me/session"))["session"]
    listed = await browsers[0].json("GET", "/me/sessions")
    assert other in listed["items"] and len(listed["items"]) == 3
    await browsers[0].json("DELETE", f"/me/sessions/{other['id']}", 204)
    await browsers[1].json("GET", "/me", 401)
    await browsers[2].json("DELETE", "/me/sessions", 204)
    for browser in browsers:
        await browser.json("GET", "/me", 401)
    assert (await ada.json("GET", "/me/sessions"))["items"] == []
