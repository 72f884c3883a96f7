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
from bots.pieces import name_platform
from bots.wording import LANGUAGES, N_, Words


async def list_languages(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    """Offer the languages that are spoken here."""
    return [Choice(code, name) for code, name in LANGUAGES.items()]


@command("whoami", N_("See who you are here"))
async def whoami(context: Context, args: Args) -> Reply:
    """Say who this is: points, storage, language and platforms."""
    words, account = context.words, context.account
    identities = await context.studio.accounts.list_identities(context.principal)
    names = [name_platform(words, identity.platform) for identity in identities]
    points = await context.studio.points.get_balance(account.id)
    quota = account.quotas.max_storage_bytes
    used = f"{words.size(account.storage_bytes)} / {words.size(quota)}"
    return Reply(
        account.display_name,
        facts=(
            Fact(words.say("Points"), words.number(points)),
            Fact(words.say("Storage"), used),
            Fact(words.say("Language"), LANGUAGES[words.language]),
            Fact(words.say("Known on"), words.listing(names)),
            Fact(words.say("Since"), words.moment(account.created_at)),
            Fact(words.say("Account id"), account.id),
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


async def list_platforms(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    """Offer the platforms on which this person is known."""
    identities = await context.studio.accounts.list_identities(context.principal)
    return [
        Choice(platform, name_platform(context.words, platform))
        for platform in dict.fromkeys(identity.platform for identity in identities)
    ]


@command(
    "notifications",
    N_("Choose where news is sent"),
    Param(
        "platform", N_("On which platform?"), Kind.CHOICE, list_platforms, False, takes_only=True
    ),
    Param(
        "send",
        N_("Shall news be sent there?"),
        Kind.TOGGLE,
        when=lambda context, args: args.has("platform"),
    ),
)
async def notifications(context: Context, args: Args) -> Reply:
    """Show where news is sent, after a change of it where one was wanted."""
    words, accounts = context.words, context.studio.accounts
    account = context.account
    if args.has("platform"):
        muted = not args.values["send"]
        account = await accounts.set_muted(context.principal, args.text("platform"), muted)
    platforms = [choice.value for choice in await list_platforms(context, args, "")]
    facts = [Fact(words.say("Inbox"), words.say("always"))]
    buttons = []
    for platform in platforms:
        name, is_muted = name_platform(words, platform), platform in account.muted
        facts.append(Fact(name, words.say("no") if is_muted else words.say("yes")))
        label = words.say("Send on {platform}", platform=name)
        if not is_muted:
            label = words.say("Stop on {platform}", platform=name)
        buttons.append(Button(label, "notifications", {"platform": platform, "send": is_muted}))
    return Reply(
        words.say("Where your news is sent"),
        words.say("A training that ends is news. The inbox keeps it all."),
        tuple(facts),
        buttons=(*buttons, Button(words.say("Inbox"), "inbox")),
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


COMMANDS: tuple[Command, ...] = (whoami, language, notifications, inbox, show_help, start, cancel)
