"""Points that came to an account which was taken over, led on to whoever has it now; payouts and payments need it."""

from core.accounts.service import Accounts
from core.points.moves import Moves


async def lead_on(accounts: Accounts, moves: Moves, account_id: str, ref: str) -> None:
    """Move all that an account has, hop by hop, if it was taken over; `ref` says on what occasion.

    Each hop goes where that account was led first, which never changes: two processes agree.
    """
    account = await accounts.get_as_it_is(account_id)
    while account.merged_into is not None:
        hop = f"forward:{ref}:{account.id}"
        await moves.move_balance(account.id, account.merged_into, hop, "Linked accounts")
        account = await accounts.get_as_it_is(account.merged_into)
