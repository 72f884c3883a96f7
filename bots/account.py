"""The person in conversation: who they are here, their language, their news, and help."""

from collections.abc import Sequence
from dataclasses import replace

from bots.announcements import announce
from bots.choices import AFTER, page_buttons, read_page
from bots.dialog import (
    Args,
    Button,
    Choice,
    Command,
    Context,
    Fact,
    Kind,
    Param,
    Reply,
    Style,
    Table,
    Tone,
    command,
)
from bots.wording import LANGUAGES, N_, Words


async def list_languages(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    """Offer the languages that are spoken here."""
    return [Choice(code, name) for code, name in LANGUAGES.items()]


@command("whoami", N_("See who you are here"))
async def whoami(context: Context, args: Args) -> Reply:
    """Say who this is: points, storage, language and platforms."""
    words, account = context.words, context.account
    identities = await context.studio.accounts.list_identities(context.principal)
    points = await context.studio.points.get_balance(account.id)
    quota = account.quotas.max_storage_bytes
    used = f"{words.size(account.storage_bytes)} / {words.size(quota)}"
    return Reply(
        account.display_name,
        facts=(
            Fact(words.say("Points"), words.number(points)),
            Fact(words.say("Storage"), used),
            Fact(words.say("Language"), LANGUAGES[words.language]),
            Fact(words.say("Known on"), words.listing([i.platform for i in identities])),
            Fact(words.say("Since"), words.moment(account.created_at)),
        ),
        buttons=(
            Button(words.say("Language"), "language", ask="language"),
            Button(words.say("Points"), "points"),
            Button(words.say("Inbox"), "inbox"),
        ),
    )


@command(
    "language",
    N_("Choose your language"),
    Param("language", N_("Which language?"), Kind.CHOICE, list_languages),
)
async def language(context: Context, args: Args) -> Reply:
    """Answer in another language from now on."""
    chosen = args.text("language")
    await context.studio.accounts.set_locale(context.principal, chosen)
    words = Words(chosen)
    name = LANGUAGES[words.language]
    return Reply(
        words.say("You are answered in {language} now.", language=name),
        buttons=(Button(words.say("Help"), "help"),),
        tone=Tone.GOOD,
    )


@command("inbox", N_("Read your news"), AFTER)
async def inbox(context: Context, args: Args) -> Reply:
    """Show the newest news, then older ones."""
    words, studio = context.words, context.studio
    page = await studio.notifications.list_own(context.principal, read_page(args, limit=1))
    if not page.items:
        return Reply(
            words.say("There is no news."),
            buttons=(Button(words.say("All trainings"), "jobs"),),
        )
    news = page.items[0]
    reply = await announce(studio, context.principal, words, news)
    when = Fact(words.say("When"), words.moment(news.created_at))
    await studio.notifications.mark_read(context.principal, news.id)
    older = page_buttons(context, "inbox", args, page.next)
    return replace(reply, facts=(*reply.facts, when), buttons=(*reply.buttons, *older))


@command("help", N_("See what can be asked for"))
async def show_help(context: Context, args: Args) -> Reply:
    """List every command."""
    words = context.words
    rows = tuple((f"/{c.path}", words.say(c.summary)) for c in context.catalogue)
    text = words.say(
        "Gather pictures in a dataset, train a model on it, and use its trigger word in prompts. "
        "What a command must know, it asks."
    )
    return Reply(
        words.say("What can be asked for"),
        text,
        table=Table((words.say("Command"), words.say("What it does")), rows),
        buttons=(
            Button(words.say("New dataset"), "dataset create", style=Style.PRIMARY),
            Button(words.say("Datasets"), "dataset list"),
            Button(words.say("All trainings"), "jobs"),
            Button(words.say("All models"), "mods"),
        ),
    )


@command("start", N_("Begin"))
async def start(context: Context, args: Args) -> Reply:
    """Say hello, and what to begin with."""
    words = context.words
    return replace(
        await show_help.run(context, args),
        title=words.say("Hello, {name}", name=context.account.display_name),
        table=None,
    )


@command("cancel", N_("Stop what is being asked"))
async def cancel(context: Context, args: Args) -> Reply:
    """Forget the open question."""
    words = context.words
    await context.studio.conversations.drop_draft(context.spot)
    return Reply(
        words.say("Never mind"),
        words.say("Nothing was done."),
        buttons=(
            Button(words.say("Datasets"), "dataset list"),
            Button(words.say("Help"), "help"),
        ),
    )


COMMANDS: tuple[Command, ...] = (whoami, language, inbox, show_help, start, cancel)
