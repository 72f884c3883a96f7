"""Signing in on the web from a conversation, and signing out of it everywhere."""

from bots.dialog import Args, Button, Command, Context, Fact, Link, Reply, Style, Tone, command
from bots.wording import N_
from core.accounts.sessions import LINK_LASTS


@command("login", N_("Sign in on the web"))
async def login(context: Context, args: Args) -> Reply:
    """Show a one-time link. No draft or button ever holds one."""
    words = context.words
    secret = await context.studio.sessions.offer_link(context.principal, context.spot.platform)
    return Reply(
        words.say("Your link to the web"),
        words.say("It works once. Show it to nobody: whoever opens it is you there."),
        (Fact(words.say("Valid for"), words.duration(LINK_LASTS.total_seconds())),),
        links=(Link(words.say("Sign in"), f"{context.studio.public_url}/login/{secret}"),),
    )


async def _confirm_logout(context: Context, args: Args) -> Reply:
    words = context.words
    return Reply(
        words.say("Sign out everywhere?"),
        words.say("Every browser in which you are signed in is signed out."),
        tone=Tone.CAUTION,
    )


@command(
    "logout",
    N_("Sign out of the web, everywhere"),
    confirm=_confirm_logout,
    yes=N_("Sign out everywhere"),
)
async def logout(context: Context, args: Args) -> Reply:
    """End every session and the link that could make another."""
    words = context.words
    await context.studio.sessions.revoke_all(context.principal)
    return Reply(
        words.say("You are signed out everywhere"),
        buttons=(Button(words.say("Sign in"), "login", style=Style.PRIMARY),),
        tone=Tone.GOOD,
    )


COMMANDS: tuple[Command, ...] = (login, logout)
