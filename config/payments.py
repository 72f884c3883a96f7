"""What an operator does to payments from the command line: list them, and pay one back."""

import asyncio
from typing import Annotated

import typer

from adapters.telegram.stars import open_cashier
from config.accounts import OPERATOR
from config.logs import set_up_logging
from config.messengers import get_telegram
from config.settings import Settings
from config.wiring import open_studio
from core.errors import RefusedError
from core.records import PageRequest
from core.topups.records import Payment


def payments(
    account: Annotated[str, typer.Argument(help="Whose, by account id (ac_…); empty: all.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many, the newest first.")] = 20,
) -> None:
    """List payments with the charge by which each can be refunded."""
    asyncio.run(list_payments(Settings(), account, limit))


def refund(
    charge: Annotated[str, typer.Argument(help="The charge, as `payments` lists it.")],
) -> None:
    """Take a payment's points back and pay its Stars back, once."""
    settings = Settings()
    set_up_logging(settings)
    payment = asyncio.run(pay_back(settings, charge))
    print(f"{payment.stars} Stars are paid back, {payment.points} points are taken.")


async def list_payments(settings: Settings, account: str, limit: int) -> None:
    """Print payments, the newest first."""
    async with open_studio(settings) as studio:
        page = await studio.top_ups.list_payments(account, PageRequest(limit=limit))
    for payment in page.items:
        when = f"{payment.created_at:%Y-%m-%d %H:%M}"
        amount = f"{payment.points:>8} points {payment.stars:>6} Stars"
        print(f"{when}  {payment.account}  {amount}  {_state(payment):<12}  {payment.charge}")
    if not page.items:
        print("There are no payments.")


async def pay_back(settings: Settings, charge: str) -> Payment:
    """Pay a charge back. Raises TrainyardError saying why it cannot be."""
    if not settings.telegram_token.get_secret_value():
        raise RefusedError("Set TRAINYARD_TELEGRAM_TOKEN: the bot that was paid pays back.")
    async with open_studio(settings) as studio, open_cashier(get_telegram(settings)) as cashier:
        return await studio.refunds.refund(OPERATOR, charge, cashier)


def _state(payment: Payment) -> str:
    if payment.refunded_at is not None:
        return "paid back"
    if payment.refund_refused is not None:
        return "not refundable"
    if payment.unrefunded:
        return "going back"
    return "new" if payment.uncredited else "credited"
