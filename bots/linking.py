"""One person on two platforms, in conversation: linked by a code, and taken apart again."""

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
    Link,
    Param,
    Reply,
    Tone,
    command,
)
from bots.pieces import name_platform
from bots.wording import N_
from core.accounts.linking import CODE_LASTS


@command(
    "link",
    N_("Be one person on two platforms"),
    Param(
        "code",
        N_("Which code was shown to you on the other platform?"),
        required=False,
        limits=Limits(characters=40),
    ),
)
async def link(context: Context, args: Args) -> Reply:
    """Show a code, or take the one that was shown elsewhere. No record of ours ever holds one."""
    words, studio = context.words, context.studio
    if args.text("code"):
        account = await studio.linking.redeem(context.principal, args.text("code"))
        points = await studio.points.get_balance(account.id)
        return Reply(
            words.say("You are one person now"),
            words.say("Datasets, trainings, models and points of both are together."),
            (Fact(words.say("Points"), words.points(points)),),
            buttons=(
                Button(words.say("Datasets"), "dataset list"),
                Button(words.say("Who am I?"), "whoami"),
            ),
            tone=Tone.GOOD,
        )
    code = await studio.linking.offer(context.principal)
    return Reply(
        words.say("Your code: {code}", code=code),
        words.say(
            "Type this on the other platform: /link {code}\nBoth accounts become one. Show the code "
            "to nobody: whoever types it shares everything with you.",
            code=code,
        ),
        (Fact(words.say("Valid for"), words.duration(CODE_LASTS.total_seconds())),),
        links=tuple(
            Link(words.say("Open {platform}", platform=name_platform(words, name)), f"{url}{code}")
            for name, url in context.openings.items()
            if name != context.spot.platform
        ),
        buttons=(Button(words.say("I have a code"), "link", ask="code"),),
    )


async def list_identities(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    """Offer the places where a person is known."""
    found = await context.studio.accounts.list_identities(context.principal)
    return [
        Choice(
            identity.id,
            f"{name_platform(context.words, identity.platform)}: {identity.external_id}",
            context.words.moment(identity.created_at),
        )
        for identity in found
    ]


async def _confirm_unlink(context: Context, args: Args) -> Reply:
    words = context.words
    return Reply(
        words.say("Be somebody else there?"),
        words.say(
            "There you begin anew, with an empty account. Everything you have stays with this one."
        ),
        tone=Tone.CAUTION,
    )


@command(
    "unlink",
    N_("Take a platform off your account"),
    Param("identity", N_("Where shall you be somebody else?"), Kind.CHOICE, list_identities),
    confirm=_confirm_unlink,
    yes=N_("Take it off"),
)
async def unlink(context: Context, args: Args) -> Reply:
    """Take a platform off the account."""
    words = context.words
    await context.studio.linking.unlink(context.principal, args.text("identity"))
    return Reply(
        words.say("It is taken off"),
        buttons=(Button(words.say("Who am I?"), "whoami"),),
        tone=Tone.GOOD,
    )


COMMANDS: tuple[Command, ...] = (link, unlink)
