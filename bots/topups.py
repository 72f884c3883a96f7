"""Buying points in conversation: an invoice where the platform takes money, elsewhere the way to one."""

from collections.abc import Sequence

from bots.dialog import (
    Args,
    Button,
    Choice,
    Command,
    Context,
    Invoice,
    Kind,
    Link,
    Param,
    Reply,
    Tone,
    command,
)
from bots.pieces import name_platform
from bots.wording import N_, Words
from core.topups.records import Payment


async def list_packages(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    """Offer what is sold, by its points."""
    words = context.words
    return [
        Choice(
            str(package.points),
            words.say(
                "{points} for {stars} ⭐",
                points=words.points(package.points),
                stars=words.number(package.stars),
            ),
            keys=(str(package.points),),
        )
        for package in context.studio.top_ups.packages
    ]


def _sells_here(context: Context, args: Args) -> bool:
    return context.spot.platform in context.studio.top_ups.tills


@command(
    "topup",
    N_("Buy points"),
    Param(
        "package",
        N_("How many points?"),
        Kind.CHOICE,
        list_packages,
        when=_sells_here,
    ),
)
async def topup(context: Context, args: Args) -> Reply:
    """Send an invoice, or say where points are sold."""
    words, top_ups = context.words, context.studio.top_ups
    if not _sells_here(context, args):
        return _say_where(context)
    invoice = await top_ups.offer(context.principal, int(args.text("package")))
    points = words.points(invoice.points)
    text = words.say("Once it is paid, you have {points} more. Valid for an hour.", points=points)
    return Reply(points, text, invoice=Invoice(invoice.id, invoice.stars))


def _say_where(context: Context) -> Reply:
    words, tills = context.words, context.studio.top_ups.tills
    statement = Button(words.say("Statement"), "statement")
    if not tills:
        return Reply(
            words.say("No points are sold here"),
            words.say(
                "An admin can give you some; what your models earn is yours to spend as well."
            ),
            buttons=(statement, Button(words.say("Earnings"), "earnings")),
            tone=Tone.CAUTION,
        )
    names = [name_platform(words, platform) for platform in tills]
    return Reply(
        words.say("Points are sold on {platforms}", platforms=words.listing(names)),
        words.say(
            "Link your account there first, so that they are yours here too; then type /topup."
        ),
        links=tuple(
            Link(words.say("Open {platform}", platform=name_platform(words, platform)), address)
            for platform, address in tills.items()
        ),
        buttons=(Button(words.say("Link"), "link"), statement),
        tone=Tone.CAUTION,
    )


def thank(words: Words, payment: Payment, balance_points: int) -> Reply:
    """Answer a payment that came in."""
    if not payment.points:
        return Reply(
            words.say("Your payment came in"),
            words.say(
                "I cannot find what it was for. Tell the operator this number, to be paid back: "
                "{charge}",
                charge=payment.charge,
            ),
            tone=Tone.CAUTION,
        )
    return Reply(
        words.say("Thank you! {points} are yours", points=words.points(payment.points)),
        words.say("You have {points} now.", points=words.points(balance_points)),
        buttons=(
            Button(words.say("Train"), "train"),
            Button(words.say("Statement"), "statement"),
        ),
        tone=Tone.GOOD,
    )


COMMANDS: tuple[Command, ...] = (topup,)
