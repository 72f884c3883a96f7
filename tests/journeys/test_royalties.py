"""Five people and one model: made of two people's pictures, used through three doors, paid to the point.

A worker's part is played by hand, through the leases that a real one uses; no picture is drawn for it.
"""

from typing import Any

from config.settings import Settings
from config.stores import open_stores
from core.generations.loras import LORA_FILE
from core.jobs.records import Kind
from core.records import PageRequest
from core.studio import Studio
from tests.adapters.discord.conftest import Open, discord, open_door
from tests.adapters.web.conftest import (
    Api,
    draw,
    end_drawing,
    keep,
    meet,
    order,
    picture,
    save,
    start,
    submit,
)
from tests.core.points.books import add_up
from tests.fake_discord.person import Person
from tests.fake_discord.server import Discord

__all__ = ["discord", "open_door"]
STATEMENTS = {
    "A": [("grant", 100, 100), ("hold", -13, 87), ("settle", 0, 87), ("sweep", 13, 100)],
    "B": [("sweep", 7, 7)],
    "C": [("grant", 500, 500), ("hold", -17, 483), ("settle", 0, 483)],
    "D": [("grant", 50, 50), ("hold", -5, 45), ("settle", 0, 45)],
    "E": [("grant", 50, 50), ("use", -10, 40)],
}
"""C draws for 17 points, D for 5: half of each, rounded down, is for the makers, as are the 10 of E.

A trained and gave a third of the pictures, so A has two thirds: 5 + 1 + 7 of 8 + 2 + 10, and B the rest."""


async def test_each_statement_is_exact_and_the_sum_of_all_accounts_is_zero(
    client: Any, discord: Discord, open_door: Open, studio: Studio, settings: Settings
) -> None:
    studio.payouts.minimum_points = 5
    people = {name: await meet(client, studio, name) for name in "ABDE"}
    for name, points in (("A", 100), ("D", 50), ("E", 50)):
        await studio.points.grant(people[name].account.id, points, f"start {name}", "A gift")
    await _make_model(people["A"], people["B"], studio)
    async with open_door():
        c = await _draw_on_discord(discord, studio)
    params = {"count": 4, "steps": 50}
    await order(people["D"], prompt="a glimmerfox asleep", params=params)
    await end_drawing(studio, await draw(studio, 4))
    usage = {"prompt": "two glimmerfox kits", "family": "tiny", "images": 10}
    key = {"Idempotency-Key": "pictures"}
    assert (await people["E"].json("POST", "/usage", json=usage, headers=key))["points"] == 10
    assert await studio.payouts.sweep() == 2
    accounts = {name: api.account.id for name, api in people.items()} | {"C": c}
    for name, statement in STATEMENTS.items():
        account = await studio.accounts.get_as_it_is(accounts[name])
        person = studio.accounts.speak_for(account)
        page = await studio.points.get_statement(person, PageRequest())
        lines = [
            (e.kind.value, e.amount_points, e.balance_after_points) for e in reversed(page.items)
        ]
        assert lines == statement, name
    await _check_books(studio, settings, accounts)


async def _make_model(a: Api, b: Api, studio: Studio) -> None:
    """Let A train on a picture of A and two of B, and publish."""
    dataset = (await a.json("POST", "/datasets", 201, json={"name": "Foxes"}))["id"]
    code = (await a.json("POST", f"/datasets/{dataset}/invitation", 201))["code"]
    await b.json("POST", "/memberships", 201, json={"code": code})
    for api, seeds in ((a, (1,)), (b, (2, 3))):
        files = [(f"{seed}.png", save(picture(seed))) for seed in seeds]
        assert len(await api.upload(dataset, *files)) == len(files)
    training = await submit(a, dataset)
    job = await studio.leases.start_finishing(await start(studio, training))
    job = await studio.leases.complete(job, (await keep(studio, job, LORA_FILE, b"weights"),))
    wanted = {"trigger_words": ["glimmerfox"], "access": "public"}
    await a.json("PUT", f"/models/{job.model}/publication", json=wanted)


async def _draw_on_discord(discord: Discord, studio: Studio) -> str:
    """Let somebody on Discord order pictures, draw them, and return their account."""
    person = Person(discord)
    await person.command(
        "generate", prompt="a glimmerfox in the snow", settings="count=8 steps=100"
    )
    await person.press("Tiny SD (shipped with Trainyard)")
    await person.press("Draw")
    job = await draw(studio, 8)
    assert job.kind is Kind.GENERATE and job.quote.points == 17
    return (await end_drawing(studio, job)).owner


async def _check_books(studio: Studio, settings: Settings, accounts: dict[str, str]) -> None:
    """Add the ledger up from its raw entries; the reconciler must come to the same."""
    async with open_stores(settings) as stores:
        entries = await stores.entries.find({})
    sums = add_up(entries)
    left = {name: sums[account] for name, account in accounts.items()}
    assert left == {"A": 100, "B": 7, "C": 483, "D": 45, "E": 40}
    assert (sums["world"], sums["revenue"]) == (-700, 13 + 9 + 3)
    assert sum(sums.values()) == 0
    verdict = await studio.reconciler.reconcile()
    assert verdict.is_sound and verdict.balances_points == sum(left.values())
    assert (verdict.granted_points, verdict.charged_points) == (700, 13 + 17 + 5 + 10)
