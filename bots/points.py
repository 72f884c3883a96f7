"""Points in conversation: how many there are, and where they went."""

from bots.choices import AFTER, page_buttons, read_page
from bots.dialog import Args, Button, Command, Context, Fact, Reply, Table, command
from bots.wording import N_
from core.points.records import Entry, EntryKind

_KINDS = {
    EntryKind.GRANT: N_("granted"),
    EntryKind.HOLD: N_("set aside"),
    EntryKind.REFUSAL: N_("refused"),
    EntryKind.SETTLE: N_("settled"),
    EntryKind.MOVE_OUT: N_("moved"),
    EntryKind.MOVE_IN: N_("moved"),
}


@command("points", N_("See your points"))
async def balance(context: Context, args: Args) -> Reply:
    """Say how many points there are."""
    words = context.words
    points = await context.studio.points.get_balance(context.principal.account)
    return Reply(
        words.say("You have {points}", points=words.points(points)),
        buttons=(
            Button(words.say("Statement"), "statement"),
            Button(words.say("Train"), "train"),
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


COMMANDS: tuple[Command, ...] = (balance, statement)
