"""Balance and statement."""

import csv
import io
from datetime import UTC, datetime

from core.royalties.records import Part
from core.studio import Studio
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
