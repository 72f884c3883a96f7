"""Notifications, listed and read."""

from tests.adapters.web.conftest import Api, World


async def test_news_is_listed_and_marked_as_read_once(ada: Api, world: World) -> None:
    drawn, joined, signed_in, news = (await ada.json("GET", "/notifications"))["items"]
    assert drawn["kind"] == "generation_completed"
    assert (joined["kind"], signed_in["kind"]) == ("dataset_joined", "signed_in")
    assert (news["kind"], news["read_at"]) == ("training_completed", None)
    assert news["data"]["training"] == world.training_id
    read = await ada.json("POST", f"/notifications/{news['id']}/read")
    assert read["read_at"] is not None
    assert await ada.json("POST", f"/notifications/{news['id']}/read") == read
