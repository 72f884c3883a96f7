"""Leaving in conversation: everything that is one's own taken along, and the account deleted."""

from bots.dialog import Args, Button, Command, Context, Fact, Limits, Param, Reply, Tone, command
from bots.pieces import show_file
from bots.wording import N_


@command("account export", N_("Download all that is yours"))
async def export(context: Context, args: Args) -> Reply:
    """Hand over a zip of everything."""
    words, studio = context.words, context.studio
    file, link = await studio.leaving.exports.make_file(context.principal)
    return Reply(
        file.name,
        words.say("Your pictures, captions, trainings, models, points and news."),
        (Fact(words.say("Size"), words.size(file.bytes)),),
        files=(show_file(context, file, file.name, link),),
        buttons=(Button(words.say("Who am I?"), "whoami"),),
        tone=Tone.GOOD,
    )


async def _confirm(context: Context, args: Args) -> Reply:
    words = context.words
    account = await context.studio.leaving.deletion.check(context.principal)
    points = await context.studio.points.get_balance(account.id)
    return Reply(
        words.say("Delete your account?"),
        words.say(
            "Your datasets, pictures, models and news are deleted on every platform, for good. Your "
            "points are lost. What was paid and earned stays in the ledger without your name."
        ),
        (Fact(words.say("Points"), words.number(points)),),
        buttons=(Button(words.say("Download all that is yours"), "account export"),),
        tone=Tone.BAD,
    )


@command(
    "account delete",
    N_("Delete your account for good"),
    Param("name", N_("To be sure: what are you called here?"), limits=Limits(characters=80)),
    confirm=_confirm,
    yes=N_("Delete it all"),
)
async def delete(context: Context, args: Args) -> Reply:
    """Delete the account of whoever confirmed it."""
    words = context.words
    await context.studio.leaving.deletion.delete(context.principal, args.text("name"))
    return Reply(words.say("Your account is deleted."), words.say("Goodbye."), tone=Tone.GOOD)


COMMANDS: tuple[Command, ...] = (export, delete)
