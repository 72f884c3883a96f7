"""How people name somebody whom they give points to; apart because every door takes the same names."""

import re

from core.accounts.records import Account, Principal
from core.accounts.service import Accounts
from core.errors import InvalidError, NotFoundError, RefusedError

_MENTION = re.compile(r"<@!?(\d+)>")
_NOBODY = (
    "I know nobody of that name. Take their account id, which /whoami shows them, or what they are "
    "called on a platform where you are known too."
)


async def find_receiver(accounts: Accounts, principal: Principal, to: str) -> Account:
    """Return the account that a text names: by its id, as a mention, or by what a platform calls it.

    Platforms are those on which the giver is known: others tell a stranger nothing, not even
    whether somebody is there. Raises NotFoundError; InvalidError when it could be several;
    RefusedError when it is the giver.
    """
    text = to.strip()
    mention = _MENTION.fullmatch(text)
    text = mention[1] if mention else text
    named = await _list_named(accounts, principal, text)
    found = {account.id: account for account in named if account.deleting is None}
    if not found:
        raise NotFoundError(_NOBODY)
    if len(found) > 1:
        raise InvalidError("That could be several. Put the platform before it, as discord:1234.")
    receiver = found.popitem()[1]
    if receiver.id == (await accounts.get(principal)).id:
        raise RefusedError("That is yourself. Give points to somebody else.")
    return receiver


async def _list_named(accounts: Accounts, principal: Principal, text: str) -> list[Account]:
    if text.startswith("ac_"):
        try:
            return [await accounts.follow(text)]
        except NotFoundError:
            return []
    platform, mark, name = text.partition(":")
    known = {identity.platform for identity in await accounts.list_identities(principal)}
    wanted = {platform: name} if mark and platform in known else dict.fromkeys(known, text)
    found = [await accounts.find_by_identity(place, name) for place, name in wanted.items()]
    return [account for account in found if account is not None]
