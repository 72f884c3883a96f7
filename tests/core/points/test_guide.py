"""The guide's example is done for real: each number in it must be what the core comes to."""

import re

import pytest

from config.settings import Settings
from core.accounts.records import Principal, SpendingCaps
from core.errors import OverCapError
from core.offerings.price import compute_charge
from core.offerings.records import Quote, QuoteInputs
from core.records import PageRequest
from core.royalties.usage import NewUsage, UsageReport
from tests.conftest import ROOT
from tests.core.models.people import train_model
from tests.core.points.books import add_up
from tests.core.yard import Yard

GUIDE = ROOT / "docs" / "guides" / "points.md"
STEPS = 400
CANCELLED_AT = 100
IMAGES = 40
CAP, TOO_MANY = 45, 8
PROMPT = "a flagon beside a (zorblin:0.5)"


async def test_the_example_in_the_guide_is_what_happens(yard: Yard) -> None:
    fields = Settings.model_fields
    yard.studio.usage.use_points = fields["use_points"].default
    yard.studio.payouts.minimum_points = fields["payout_minimum_points"].default
    a, b = await yard.meet("A", 500), await yard.meet("B", 0)
    c, d = await yard.meet("C", 100), await yard.meet("D", 50)
    lines = await train_and_cancel(yard, a, b)
    model = await train_model(yard, c, "zorblin", steps=STEPS)
    await yard.studio.publishing.publish(c, model.id)
    await yard.studio.spending.set_caps(d, SpendingCaps(day_points=CAP))
    usage = NewUsage(prompt=PROMPT, family="tiny", images=IMAGES)
    report = await yard.studio.usage.report(d, usage, "one")
    lines.append(await give_below_a_cap(yard, d, b))
    names = {a.account: "A", b.account: "B", c.account: "C"}
    lines += [f"prompt `{PROMPT}`, {IMAGES} pictures", *await list_parts(yard, report, names)]
    await yard.studio.payouts.sweep()
    lines.append(f"at least {yard.studio.payouts.minimum_points} points")
    for person in (a, b, c, d):
        lines += await list_statement(yard, person)
    verdict = await yard.check()
    sums = add_up(await yard.stores.entries.find({}))
    waiting = sum(points for account, points in sums.items() if account.startswith("accrued:"))
    lines.append(
        f"of {verdict.granted_points} points granted, {verdict.balances_points} are in balances, "
        f"{sums['revenue']} were charged for trainings and are the house's, and {waiting} wait for B"
    )
    example = GUIDE.read_text().partition("## An example")[2].partition("\n## ")[0]
    assert [line for line in lines if line not in example] == []
    for line in lines:
        example = example.replace(line, "")
    assert re.findall(r"\d+", example) == [], "a number that nothing here computes"


async def train_and_cancel(yard: Yard, a: Principal, b: Principal) -> list[str]:
    """Train a model on A's and B's pictures and publish it; begin another training and cancel it."""
    model = await train_model(yard, a, "flagon", pictures_of=(a, b, b), steps=STEPS)
    await yard.studio.publishing.publish(a, model.id)
    dataset = await yard.fill(a)
    job = await yard.submit(a, dataset, "two", steps=STEPS)
    running = await yard.step(await yard.start(), CANCELLED_AT)
    await yard.studio.jobs.cancel(a, job.id)
    await yard.studio.leases.cancel(running)
    charged = (await yard.stores.jobs.get(job.id)).charged_points
    assert charged == compute_charge(job.quote, CANCELLED_AT)
    return [
        write_price(job.quote, STEPS),
        f"{CANCELLED_AT} steps",
        write_price(job.quote, CANCELLED_AT),
    ]


def write_price(quote: Quote, steps: int) -> str:
    inputs = quote.inputs
    assert isinstance(inputs, QuoteInputs)
    assert inputs.resolution_px == inputs.native_resolution_px
    work = f"{steps} × {inputs.train_batch_size} × {inputs.gradient_accumulation_steps}"
    rate = f"÷ 1000 × {inputs.points_per_1000_steps}"
    points = compute_charge(quote, steps)
    return f"    {inputs.base_points} + {work} {rate} = {points}"


async def give_below_a_cap(yard: Yard, giver: Principal, receiver: Principal) -> str:
    """Try to give more than a cap leaves, then what it leaves."""
    spent = (await yard.studio.spending.get_spent(giver)).day_points
    left = CAP - spent
    with pytest.raises(OverCapError):
        await yard.studio.transfers.give(giver, receiver.account, TOO_MANY, "too many")
    await yard.studio.transfers.give(giver, receiver.account, left, "what is left")
    return (
        f"capped the day at {CAP} points. With {spent} spent, {left} are left of it: "
        f"giving B {TOO_MANY} is refused, giving {left} is done"
    )


async def list_parts(yard: Yard, report: UsageReport, names: dict[str, str]) -> list[str]:
    """Write what each model of a report earned, and for whom."""
    rows = []
    for model_id in report.models:
        model = await yard.stores.models.get(model_id)
        parts = {names[p.payee]: p.points for p in report.parts if p.model == model_id}
        makers = ", ".join(f"{name} {points}" for name, points in parts.items())
        rows.append(f"| {model.trigger_words[0]} | {sum(parts.values())} | {makers} |")
    return rows


async def list_statement(yard: Yard, person: Principal) -> list[str]:
    """Write somebody's statement, oldest first."""
    name = (await yard.studio.accounts.get(person)).display_name
    entries = (await yard.studio.points.get_statement(person, PageRequest(limit=200))).items
    return [
        f"| {name} | {entry.kind.value} | {entry.amount_points:+} | {entry.balance_after_points} |"
        for entry in reversed(entries)
    ] + [
        f"{name} has earned {earned.earned_points} and waits for {earned.due_points}"
        for earned in [await yard.studio.payouts.get_earnings(person)]
        if earned.due_points
    ]
