"""Meeting somebody: the account behind an identity, its language, and what a newcomer is given and told."""

from dataclasses import replace

from bots.dialog import Answer, Context
from bots.wording import choose_language
from core.accounts.records import Account
from core.conversations.service import Spot
from core.studio import Studio


async def meet(
    studio: Studio, spot: Spot, display_name: str, locale: str, welcome_points: int
) -> tuple[Account, bool]:
    """Find or make the account behind an identity; a new one gets its language and its points.

    Points are granted under one key until the ledger shows any, so a crash in between costs nobody theirs.
    Whoever deleted their account and comes back has had them.
    """
    account, is_new = await studio.accounts.first_contact(
        spot.platform, spot.external_id, display_name
    )
    if is_new:
        principal = studio.accounts.speak_for(account)
        account = await studio.accounts.set_locale(principal, choose_language(locale))
    if (
        welcome_points
        and account.split_from is None
        and not await studio.points.get_balance(account.id)
        and not await studio.leaving.farewells.knows(spot.platform, spot.external_id)
    ):
        note = "Welcome to Trainyard"
        await studio.points.grant(account.id, welcome_points, f"start:{account.id}", note)
    return account, is_new


def greet(context: Context, answer: Answer, welcome_points: int) -> Answer:
    """Put a welcome before the first answer."""
    words = context.words
    welcome = words.say("Welcome to Trainyard, {name}!", name=context.account.display_name)
    if welcome_points:
        gift = words.say("You have {points} to begin with.", points=words.points(welcome_points))
        welcome = f"{welcome} {gift}"
    return replace(answer, text=f"{welcome}\n\n{answer.text}".rstrip())
