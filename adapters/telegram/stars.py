"""Telegram Stars: what is asked before money moves, what comes in, what nobody told us, and paying back."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telegram import Bot, PreCheckoutQuery, SuccessfulPayment, TransactionPartnerUser, Update, User
from telegram.error import BadRequest, TelegramError

from adapters.telegram.client import Access, open_bot, translate
from adapters.telegram.reading import PLATFORM
from adapters.telegram.sending import CURRENCY
from bots.failures import apologise, explain
from bots.wording import Words, shorten
from core.errors import RefusedError, TrainyardError, UnavailableError
from core.studio import Studio
from core.topups.records import Paid

_log = logging.getLogger(__name__)
_CHECK_S = 8.0
"""Telegram waits ten seconds for the answer. Source: https://core.telegram.org/bots/api#precheckoutquery"""
_MAX_ERROR = 200
_PAGE = 100


def is_about_money(update: Update) -> bool:
    """Say whether an update is a payment, or the question before one: those wait for nothing else."""
    return update.pre_checkout_query is not None or find_payment(update) is not None


def find_payment(update: Update) -> SuccessfulPayment | None:
    """Return the payment that an update tells of."""
    return update.message.successful_payment if update.message is not None else None


def read_payment(user: User, payment: SuccessfulPayment) -> Paid:
    """Return what Telegram says of a payment in the core's words."""
    return Paid(
        platform=PLATFORM,
        charge=payment.telegram_payment_charge_id,
        payer=str(user.id),
        payer_name=user.full_name,
        invoice=payment.invoice_payload,
        stars=payment.total_amount,
    )


async def answer_checkout(bot: Bot, studio: Studio, words: Words, query: PreCheckoutQuery) -> None:
    """Say in time whether an invoice may be paid; whatever goes wrong, no money moves."""
    problem = ""
    try:
        async with asyncio.timeout(_CHECK_S):
            if query.currency != CURRENCY:
                raise RefusedError(
                    "Only Telegram Stars are taken here. Type /topup for an invoice."
                )
            user, payload = query.from_user, query.invoice_payload
            await studio.top_ups.check(PLATFORM, str(user.id), payload, query.total_amount)
    except TrainyardError as error:
        problem = explain(words, error).text
    except TimeoutError:
        problem = words.say("That took too long. Nothing was paid; try again.")
    except Exception:  # a payment's door for errors: unanswered, it would hang before the person
        problem = apologise(words).text
    try:
        said = shorten(problem, _MAX_ERROR) if problem else None
        await bot.answer_pre_checkout_query(query.id, not problem, said)
    except BadRequest as error:  # late: Telegram has given it up, and nothing was paid
        _log.warning("a question before a payment was answered too late: %s", error)


async def catch_up(bot: Bot, studio: Studio) -> None:
    """Take the payments that Telegram knows and never told, as after more than a day of being away."""
    paid: dict[str, Paid] = {}
    offset = 0
    while True:
        page = (await bot.get_star_transactions(offset, _PAGE)).transactions
        for transaction in page:
            source = transaction.source
            if transaction.receiver is not None:  # a refund bears the number of what it pays back
                paid.pop(transaction.id, None)
            elif isinstance(source, TransactionPartnerUser) and source.invoice_payload:
                paid[transaction.id] = Paid(
                    platform=PLATFORM,
                    charge=transaction.id,
                    payer=str(source.user.id),
                    payer_name=source.user.full_name,
                    invoice=source.invoice_payload,
                    stars=transaction.amount,
                )
        if len(page) < _PAGE:
            break
        offset += _PAGE
    for payment in paid.values():
        await studio.top_ups.take(payment)


class StarsCashier:
    """Pays Stars back, through a client that somebody else opens and closes."""

    platform = PLATFORM

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def pay_back(self, payer: str, charge: str) -> None:
        """Pay back. A charge that was paid back already says so, and is well."""
        try:
            await self._bot.refund_star_payment(int(payer), charge)
        except BadRequest as error:
            if "CHARGE_ALREADY_REFUNDED" in error.message.upper():
                return
            raise RefusedError(f"Telegram does not pay this back: {error.message}.") from None
        except TelegramError as error:
            known = translate(error)
            raise UnavailableError(f"{known.message} Refund it again to go on.") from None


@asynccontextmanager
async def open_cashier(access: Access) -> AsyncIterator[StarsCashier]:
    """Open a cashier of its own. Raises RefusedError for a wrong token, UnavailableError."""
    try:
        async with open_bot(access, patient=True) as bot:
            yield StarsCashier(bot)
    except TelegramError as error:
        raise translate(error) from None  # the library's messages may hold the token
