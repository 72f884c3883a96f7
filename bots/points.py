"""Points in conversation: how many there are, and where they went."""

from bots.choices import AFTER, page_buttons, read_page
from bots.dialog import Args, Button, Command, Context, Fact, Reply, Table, command
from bots.giving import show_spent
from bots.wording import N_
from core.points.records import Entry, EntryKind

_KINDS = {
    EntryKind.GRANT: N_("granted"),
    EntryKind.HOLD: N_("set aside"),
    EntryKind.REFUSAL: N_("refused"),
    EntryKind.SETTLE: N_("settled"),
    EntryKind.USE: N_("used"),
    EntryKind.SWEEP: N_("earned"),
    EntryKind.MOVE_OUT: N_("moved"),
    EntryKind.MOVE_IN: N_("moved"),
    EntryKind.TRANSFER_OUT: N_("given"),
    EntryKind.TRANSFER_IN: N_("received"),
    EntryKind.TOP_UP: N_("bought"),
    EntryKind.REFUND: N_("paid back"),
}


@command("points", N_("See your points"))
async def balance(context: Context, args: Args) -> Reply:
    """Say how many points there are."""
    words = context.words
    points = await context.studio.points.get_balance(context.principal.account)
    spent = await context.studio.spending.get_spent(context.principal)
    return Reply(
        words.say("You have {points}", points=words.points(points)),
        "",
        (*show_spent(words, spent), Fact(words.say("Account id"), context.account.id)),
        buttons=(
            Button(words.say("Statement"), "statement"),
            Button(words.say("Train"), "train"),
            Button(words.say("Give points"), "give"),
            Button(words.say("Cap what you spend"), "cap"),
            *((Button(words.say("Buy points"), "topup"),) if context.studio.top_ups.tills else ()),
        ),
    )


@command("statement", N_("See where your points went"), AFTER)
async def statement(context: Context, args: Args) -> Reply:
    """List entries, a page at a time."""
    words, studio = context.words, context.studio
    points = await studio.points.get_balance(context.principal.account)
    page = await studio.points.get_statement(context.principal, read_page(args))
    rows = tuple(_show(context, entry) for entry in page.items)
    columns = (
        words.say("When"),
        words.say("What"),
        words.say("Points"),
        words.say("Balance"),
    )
    return Reply(
        words.say("Statement"),
        "" if rows else words.say("Nothing has happened yet."),
        (Fact(words.say("Your balance"), words.points(points)),),
        Table(columns, rows) if rows else None,
        buttons=(
            *page_buttons(context, "statement", args, page.next),
            Button(words.say("Points"), "points"),
        ),
    )


@command("earnings", N_("See what your models have earned"), AFTER)
async def earnings(context: Context, args: Args) -> Reply:
    """Say what was earned and paid, and list by which models, the newest first."""
    words, studio = context.words, context.studio
    earned = await studio.payouts.get_earnings(context.principal)
    page = await studio.royalties.list_own(context.principal, read_page(args))
    names: dict[str, str] = {}
    for accrual in page.items:
        if accrual.model not in names:
            names[accrual.model] = await studio.models.name(accrual.model)
    rows = tuple(
        (words.moment(a.created_at), names[a.model], f"+{words.number(a.points)}")
        for a in page.items
    )
    columns = (words.say("When"), words.say("Model"), words.say("Points"))
    least = words.points(studio.payouts.minimum_points)
    return Reply(
        words.say("Your models have earned {points}", points=words.points(earned.earned_points)),
        words.say("What is open is paid out once it comes to {points}.", points=least)
        if rows
        else words.say("Publish a model: whenever others generate with it, you earn."),
        (
            Fact(words.say("Paid out"), words.points(earned.paid_points)),
            Fact(words.say("Open"), words.points(earned.due_points)),
        ),
        Table(columns, rows) if rows else None,
        buttons=(
            *page_buttons(context, "earnings", args, page.next),
            Button(words.say("All models"), "mods"),
            Button(words.say("Statement"), "statement"),
        ),
    )


def _show(context: Context, entry: Entry) -> tuple[str, ...]:
    words = context.words
    sign = "+" if entry.amount_points > 0 else ""
    what = f"{words.known(entry.note)} ({words.say(_KINDS[entry.kind])})"
    return (
        words.moment(entry.created_at),
        what,
        f"{sign}{words.number(entry.amount_points)}",
        words.number(entry.balance_after_points),
    )


COMMANDS: tuple[Command, ...] = (balance, statement, earnings)
