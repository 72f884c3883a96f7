"""Balance and statement."""

import csv
import io
from datetime import UTC, datetime

from core.royalties.records import Part
from core.studio import Studio
from core.topups.records import Package
from tests.adapters.web.conftest import Api, World


async def test_the_statement_shows_every_movement_and_ends_in_the_balance(
    ada: Api, world: World
) -> None:
    entries = (await ada.json("GET", "/points/statement"))["items"]
    kinds = ["hold", "settle", "hold", "settle", "hold", "grant"]
    assert [entry["kind"] for entry in entries] == kinds
    assert [entry["amount_points"] for entry in entries] == [-1, 0, -2, 0, -13, 1000]
    balance = (await ada.json("GET", "/points/balance"))["balance_points"]
    assert balance == entries[0]["balance_after_points"] == 984


async def test_the_statement_is_paged(ada: Api, world: World) -> None:
    first = await ada.json("GET", "/points/statement?limit=3")
    rest = await ada.json("GET", f"/points/statement?limit=3&after={first['next']}")
    assert [entry["seq"] for entry in (*first["items"], *rest["items"])] == [6, 5, 4, 3, 2, 1]
    assert rest["next"] is None


async def test_the_statement_as_csv_is_whole_and_starts_no_formula(
    ada: Api, studio: Studio
) -> None:
    for n in range(250):
        await studio.points.grant(ada.account.id, 1, f"n{n}", "=HYPERLINK(1)" if n == 7 else "tip")
    response = await ada.ask("GET", "/points/statement.csv")
    assert (response.status, response.content_type) == (200, "text/csv")
    assert "statement.csv" in response.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(await response.text())))
    assert len(rows) == 251 and rows[0]["balance_after_points"] == "1250"
    assert sum(int(row["amount_points"]) for row in rows) == 1250
    assert {row["note"] for row in rows} == {"'=HYPERLINK(1)", "tip", "Welcome"}
    assert (await ada.ask("HEAD", "/points/statement.csv")).status == 200


async def test_earnings_are_summed_by_day_and_model(ada: Api, eve: Api, studio: Studio) -> None:
    for generation, model, points in (
        ("jb_1", "md_a", 2),
        ("jb_2", "md_a", 3),
        ("jb_3", "md_b", 1),
    ):
        part = Part(model=model, training="jb_t", payee=ada.account.id, points=points)
        await studio.royalties.accrue(generation, eve.account.id, [part])
    today = datetime.now(UTC).date().isoformat()
    found = (await ada.json("GET", "/royalties/days?days=2"))["items"]
    assert [(one["model"], one["points"], one["uses"]) for one in found] == [
        ("md_a", 5, 2),
        ("md_b", 1, 1),
    ]
    assert {one["day"] for one in found} == {today}
    assert (await eve.json("GET", "/royalties/days"))["items"] == []


async def test_points_are_given_once_for_a_key_after_a_look_at_who_receives(
    ada: Api, studio: Studio
) -> None:
    eve, _ = await studio.accounts.first_contact("elsewhere", "eve", "Eve")
    found = await ada.json("GET", f"/points/receivers/{eve.id}")
    assert found == {"id": eve.id, "display_name": "Eve"}
    before = (await ada.json("GET", "/points/balance"))["balance_points"]
    body, key = {"to": eve.id, "points": 7}, {"Idempotency-Key": "k"}
    answers = [
        await ada.json("POST", "/points/transfers", json=body, headers=key, status=201)
        for _ in range(2)
    ]
    assert answers[0] == answers[1] and answers[0]["receiver_name"] == "Eve"
    assert (await ada.json("GET", "/points/balance"))["balance_points"] == before - 7
    assert await studio.points.get_balance(eve.id) == 7


async def test_what_cannot_be_given_is_a_problem_and_moves_nothing(
    ada: Api, studio: Studio
) -> None:
    eve, _ = await studio.accounts.first_contact("elsewhere", "eve", "Eve")
    before = (await ada.json("GET", "/points/balance"))["balance_points"]
    for to, points, status in (
        (eve.id, 0, 422),
        (eve.id, -1, 422),
        (eve.id, 1.5, 422),
        (eve.id, True, 422),
        (eve.id, "7", 422),
        (eve.id, 2**60, 422),
        (eve.id, before + 1, 402),
        (ada.account.id, 1, 422),
        ("eve", 1, 404),
        ("ac_" + "b" * 16, 1, 404),
    ):
        body, key = {"to": to, "points": points}, {"Idempotency-Key": "k"}
        answer = await ada.ask("POST", "/points/transfers", json=body, headers=key)
        assert answer.status == status, (to, points)
    answer = await ada.ask("POST", "/points/transfers", json={"to": eve.id, "points": 1})
    assert answer.status == 422
    assert (await ada.json("GET", "/points/balance"))["balance_points"] == before


async def test_caps_are_set_shown_and_minded(ada: Api, studio: Studio) -> None:
    eve, _ = await studio.accounts.first_contact("elsewhere", "eve", "Eve")
    spent = (await ada.json("GET", "/points/spending"))["day_spent_points"]
    capped = await ada.json("PUT", "/points/caps", json={"day_points": spent + 3})
    assert capped == {
        "day_cap_points": spent + 3,
        "day_spent_points": spent,
        "month_cap_points": None,
        "month_spent_points": spent,
    }
    body, key = {"to": eve.id, "points": 4}, {"Idempotency-Key": "k"}
    answer = await ada.ask("POST", "/points/transfers", json=body, headers=key)
    problem = await answer.json()
    assert (answer.status, problem["code"]) == (422, "over_cap") and "leaves 3" in problem["detail"]
    for wrong in (-1, 1.5, "3", True):
        assert (await ada.ask("PUT", "/points/caps", json={"day_points": wrong})).status == 422
    await ada.json("PUT", "/points/caps", json={})
    await ada.json("POST", "/points/transfers", json=body, headers=key, status=201)


async def test_packages_say_what_is_sold_and_where(ada: Api, studio: Studio) -> None:
    assert (await ada.json("GET", "/points/packages"))["sold_on"] == []
    studio.top_ups.packages = (Package(points=100, stars=50),)
    studio.top_ups.tills["telegram"] = "https://t.me/yardbot"
    assert await ada.json("GET", "/points/packages") == {
        "items": [{"points": 100, "stars": 50}],
        "sold_on": [{"platform": "telegram", "address": "https://t.me/yardbot"}],
    }
