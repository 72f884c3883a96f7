"""The account and its tokens."""

from datetime import timedelta

from core.studio import Studio
from tests.adapters.web.conftest import Api


async def test_me_says_who_the_token_speaks_for(ada: Api) -> None:
    me = await ada.json("GET", "/me")
    assert (me["id"], me["display_name"], me["role"]) == (ada.account.id, "ada", "member")
    assert me["created_at"].endswith("Z")
    assert me["quotas"]["max_running_jobs"] == 2


async def test_a_token_is_made_used_listed_and_revoked(ada: Api) -> None:
    body = {"name": "laptop", "scopes": ["read"], "expires_in_days": 7}
    made = await ada.json("POST", "/me/tokens", 201, json=body)
    laptop = Api(ada.client, ada.account, made["text"])
    assert (await laptop.json("GET", "/me"))["id"] == ada.account.id
    listed = await ada.json("GET", "/me/tokens")
    assert listed["items"][0]["name"] == "laptop"
    assert made["token"]["last_used_at"] is None
    used = listed["items"][0]["last_used_at"]
    assert listed["items"][0] == {**made["token"], "last_used_at": used} and used.endswith("Z")
    assert made["text"] not in str(listed)
    await ada.json("DELETE", f"/me/tokens/{made['token']['id']}", 204)
    assert (await laptop.json("GET", "/me", 401))["code"] == "unauthenticated"
    revoked = (await ada.json("GET", "/me/tokens"))["items"][0]
    assert revoked["revoked_at"] is not None


async def test_a_token_cannot_make_one_that_may_do_more(ada: Api, studio: Studio) -> None:
    body = {"name": "writer", "scopes": ["read", "write"]}
    writer = Api(
        ada.client, ada.account, (await ada.json("POST", "/me/tokens", 201, json=body))["text"]
    )
    for scope in ("spend", "admin"):
        wanted = {"name": "more", "scopes": ["read", scope]}
        problem = await writer.json("POST", "/me/tokens", 403, json=wanted)
        assert problem["code"] == "forbidden" and scope in problem["detail"]
    assert len((await ada.json("GET", "/me/tokens"))["items"]) == 2


async def test_a_member_gets_no_admin_token(ada: Api) -> None:
    wanted = {"name": "root", "scopes": ["read", "admin"]}
    await ada.json("POST", "/me/tokens", 403, json=wanted)


async def test_an_expired_token_is_refused(ada: Api, studio: Studio) -> None:
    _, text = await studio.tokens.create(ada.account, "short", lifetime=timedelta(microseconds=1))
    await Api(ada.client, ada.account, text).json("GET", "/me", 401)


async def test_a_token_form_is_checked_in_words(ada: Api) -> None:
    body = {"name": "", "scopes": ["fly"], "expires_in_days": 0, "owner": "me"}
    problem = await ada.json("POST", "/me/tokens", 422, json=body)
    assert {error["where"] for error in problem["errors"]} == {
        "body.name",
        "body.scopes.0",
        "body.expires_in_days",
        "body.owner",
    }


async def test_a_person_chooses_name_language_and_where_no_news_is_sent(ada: Api) -> None:
    changed = await ada.json(
        "PATCH", "/me", json={"display_name": " Ada \n ", "locale": "de", "muted": ["test"]}
    )
    assert (changed["display_name"], changed["locale"], changed["muted"]) == ("Ada", "de", ["test"])
    assert await ada.json("PATCH", "/me", json={}) == changed
    assert await ada.json("GET", "/me") == changed
    for wrong in ({"locale": "xx"}, {"display_name": "  "}, {"muted": ["mars"]}, {"role": "admin"}):
        await ada.json("PATCH", "/me", 422, json=wrong)
    assert (await ada.json("PATCH", "/me", json={"muted": []}))["muted"] == []


async def test_a_person_links_a_platform_and_takes_it_off_again(ada: Api, eve: Api) -> None:
    code = (await ada.json("POST", "/me/link-codes", 201))["code"]
    joined = await eve.json("POST", "/me/links", json={"code": code})
    both = (await ada.json("GET", "/me/identities"))["items"]
    assert sorted(one["external_id"] for one in both) == ["ada", "eve"]
    assert (await ada.json("GET", "/me"))["id"] == (await eve.json("GET", "/me"))["id"]
    assert joined["id"] == (await ada.json("GET", "/me"))["id"]
    await eve.json("POST", "/me/links", 422, json={"code": code})
    await ada.json("DELETE", f"/me/identities/{both[1]['id']}", 204)
    await ada.json("DELETE", f"/me/identities/{both[0]['id']}", 422)
