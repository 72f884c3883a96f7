"""Points given to others, and caps on what one spends, in conversation."""

from collections.abc import Sequence

from bots.dialog import (
    Args,
    Button,
    Choice,
    Command,
    Context,
    Fact,
    Kind,
    Limits,
    Param,
    Reply,
    Scalar,
    Style,
    Tone,
    command,
)
from bots.wording import N_, Words
from core.accounts.records import SpendingCaps
from core.errors import InvalidError, NotFoundError, RefusedError
from core.points.records import MAX_POINTS
from core.points.spending import Spent

_DAY, _MONTH = "day", "month"


async def _check_receiver(context: Context, args: Args, value: Scalar) -> None:
    try:
        await context.studio.transfers.find_receiver(context.principal, str(value))
    except (NotFoundError, RefusedError) as error:
        raise InvalidError(error.message) from error


async def _confirm_give(context: Context, args: Args) -> Reply:
    """Show who would receive, by name, and what would be left."""
    words, studio = context.words, context.studio
    receiver = await studio.transfers.find_receiver(context.principal, args.text("to"))
    points = int(args.values["points"])
    await studio.points.check_covers(context.account.id, points)
    balance = await studio.points.get_balance(context.account.id)
    given = words.points(points)
    return Reply(
        words.say("Give {points} to {name}?", points=given, name=receiver.display_name),
        words.say("They are told at once, and only they can give the points back."),
        (
            Fact(words.say("Account id"), receiver.id),
            Fact(words.say("Your balance after that"), words.points(balance - points)),
        ),
        tone=Tone.CAUTION,
    )


@command(
    "give",
    N_("Give points to somebody"),
    Param(
        "to",
        N_(
            "To whom? Take their account id, which /whoami shows them, or what they are called here."
        ),
        limits=Limits(characters=100),
        check=_check_receiver,
    ),
    Param(
        "points",
        N_("How many points?"),
        Kind.NUMBER,
        limits=Limits(least=1, most=MAX_POINTS),
    ),
    confirm=_confirm_give,
    yes=N_("Give"),
)
async def give(context: Context, args: Args) -> Reply:
    """Give what was confirmed; the same yes twice gives once."""
    words, studio = context.words, context.studio
    transfer = await studio.transfers.give(
        context.principal, args.text("to"), int(args.values["points"]), context.key
    )
    balance = await studio.points.get_balance(context.account.id)
    return Reply(
        words.say(
            "{name} has {points} more now",
            name=transfer.receiver_name,
            points=words.points(transfer.points),
        ),
        "",
        (Fact(words.say("Your balance"), words.points(balance)),),
        buttons=(Button(words.say("Statement"), "statement"),),
        tone=Tone.GOOD,
    )


async def list_periods(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    """Offer what a cap is for."""
    return [
        Choice(_DAY, context.words.say("each day")),
        Choice(_MONTH, context.words.say("each month")),
    ]


@command(
    "cap",
    N_("Cap what you spend"),
    Param("per", N_("For how long a time?"), Kind.CHOICE, list_periods, required=False),
    Param("lift", "", Kind.TOGGLE, required=False, hidden=True),
    Param(
        "points",
        N_("How many points do you want to spend in that time at most?"),
        Kind.NUMBER,
        limits=Limits(least=0, most=MAX_POINTS),
        when=lambda context, args: args.has("per") and not args.has("lift"),
    ),
)
async def cap(context: Context, args: Args) -> Reply:
    """Show one's caps, after a change of one where that was wanted."""
    words, spending = context.words, context.studio.spending
    spent = await spending.get_spent(context.principal)
    if args.has("per"):
        points = None if args.has("lift") else int(args.values["points"])
        change = {f"{args.text('per')}_points": points}
        caps = SpendingCaps(**{**spent.caps.model_dump(), **change})
        spent = await spending.set_caps(context.principal, caps)
    buttons = [
        Button(words.say("Cap each day"), "cap", {"per": _DAY}, ask="points"),
        Button(words.say("Cap each month"), "cap", {"per": _MONTH}, ask="points"),
    ]
    for name, label, points in (
        (_DAY, words.say("No cap each day"), spent.caps.day_points),
        (_MONTH, words.say("No cap each month"), spent.caps.month_points),
    ):
        if points is not None:
            bound: dict[str, Scalar] = {"per": name, "lift": True}
            buttons.append(Button(label, "cap", bound, Style.DANGER))
    return Reply(
        words.say("What you want to spend at most"),
        words.say(
            "Beyond it nothing is bought, given or reported. What comes back makes room again."
        ),
        tuple(show_spent(words, spent)),
        buttons=(*buttons, Button(words.say("Points"), "points")),
    )


def show_spent(words: Words, spent: Spent) -> list[Fact]:
    """Say what was spent today and this month, beside the caps."""
    return [
        _show_period(words, words.say("Spent today"), spent.day_points, spent.caps.day_points),
        _show_period(
            words, words.say("Spent this month"), spent.month_points, spent.caps.month_points
        ),
    ]


def _show_period(words: Words, name: str, spent: int, most: int | None) -> Fact:
    if most is None:
        return Fact(name, words.points(spent))
    return Fact(
        name, words.say("{spent} of {most}", spent=words.number(spent), most=words.points(most))
    )


COMMANDS: tuple[Command, ...] = (give, cap)
