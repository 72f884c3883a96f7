"""Telegram Stars as the server keeps them: invoices, the question before a payment, charges and refunds."""

import asyncio
import json
import secrets
import time
from typing import TYPE_CHECKING

from tests.adapters.telegram.methods import Methods
from tests.adapters.telegram.refusals import Json, refuse

if TYPE_CHECKING:
    from tests.adapters.telegram.people import Somebody

CHECKOUT_S = 10.0


class Till(Methods):
    """The methods of the Bot API that have to do with Stars."""

    def __init__(self) -> None:
        super().__init__()
        self.charges: list[Json] = []
        """Star transactions, the oldest first."""
        self.payloads: dict[tuple[int, int], str] = {}
        self.checkouts: dict[str, asyncio.Future[Json]] = {}

    def push(self, **content: Json) -> int:
        raise NotImplementedError

    async def _do_sendinvoice(self, given: Json) -> Json:
        prices = json.loads(given["prices"])
        if given["currency"] != "XTR" or given.get("provider_token"):
            raise refuse("CURRENCY_INVALID")
        if len(prices) != 1 or not 1 <= prices[0]["amount"] <= 10_000:
            raise refuse("CURRENCY_TOTAL_AMOUNT_INVALID")
        if not 1 <= len(given["title"]) <= 32 or not 1 <= len(given["description"]) <= 255:
            raise refuse("message text is empty")
        if not 1 <= len(given["payload"].encode()) <= 128:
            raise refuse("INVOICE_PAYLOAD_INVALID")
        message = self._show(
            given,
            invoice={
                "title": given["title"],
                "description": given["description"],
                "start_parameter": given.get("start_parameter", ""),
                "currency": "XTR",
                "total_amount": prices[0]["amount"],
            },
            reply_markup={"inline_keyboard": [[{"text": "Pay", "pay": True}]]},
        )
        self.payloads[message["chat"]["id"], message["message_id"]] = given["payload"]
        return message

    async def _do_answerprecheckoutquery(self, given: Json) -> bool:
        waiting = self.checkouts.pop(given["pre_checkout_query_id"], None)
        if waiting is None or waiting.done():
            raise refuse("query is too old and response timeout expired or query ID is invalid")
        if given["ok"] != "true" and not given.get("error_message"):
            raise refuse("PRE_CHECKOUT_ERROR_EMPTY")
        waiting.set_result(given)
        return True

    async def _do_getstartransactions(self, given: Json) -> Json:
        first = int(given.get("offset", 0))
        return {"transactions": self.charges[first : first + int(given.get("limit", 100))]}

    async def _do_refundstarpayment(self, given: Json) -> bool:
        mine = [c for c in self.charges if c["id"] == given["telegram_payment_charge_id"]]
        if not mine or mine[0]["source"]["user"]["id"] != int(given["user_id"]):
            raise refuse("CHARGE_NOT_FOUND")
        if len(mine) > 1:
            raise refuse("CHARGE_ALREADY_REFUNDED")
        refunded = {name: value for name, value in mine[0].items() if name != "source"}
        self.charges.append({**refunded, "receiver": mine[0]["source"]})
        return True

    def find_payload(self, message: Json) -> str:
        """Return what an invoice carries that people do not see."""
        return str(self.payloads[message["chat"]["id"], message["message_id"]])

    async def ask_checkout(self, person: "Somebody", payload: str, stars: int) -> str:
        """Ask the bot whether somebody may pay; return why not, empty for yes."""
        query = secrets.token_hex(8)
        waiting = self.checkouts[query] = asyncio.get_running_loop().create_future()
        self.push(
            pre_checkout_query={
                "id": query,
                "from": person.me,
                "currency": "XTR",
                "total_amount": stars,
                "invoice_payload": payload,
            }
        )
        async with asyncio.timeout(CHECKOUT_S):
            answer = await waiting
        return "" if answer["ok"] == "true" else str(answer["error_message"])

    def charge(
        self, person: "Somebody", payload: str, stars: int, *, is_told: bool = True
    ) -> tuple[str, Json]:
        """Take the Stars, and tell the bot; return the charge and the message that tells of it."""
        charge = f"stx{secrets.token_hex(12)}"
        self.charges.append(
            {
                "id": charge,
                "amount": stars,
                "date": int(time.time()),
                "source": {
                    "type": "user",
                    "transaction_type": "invoice_payment",
                    "user": person.me,
                    "invoice_payload": payload,
                },
            }
        )
        message = self.add_message(
            person.chat,
            person.me,
            successful_payment={
                "currency": "XTR",
                "total_amount": stars,
                "invoice_payload": payload,
                "telegram_payment_charge_id": charge,
                "provider_payment_charge_id": "",
            },
        )
        if is_told:
            self.push(message=message)
        return charge, message
