"""Updates on their way: kept before Telegram forgets them, each taken once, one person's in their order."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from pydantic import JsonValue
from telegram import Bot, Update

from adapters.telegram.reading import PLATFORM
from adapters.telegram.stars import find_payment, is_about_money
from core.conversations.receipts import Receipts
from core.conversations.records import Receipt
from core.errors import TrainyardError

_log = logging.getLogger(__name__)
_MOST_AT_ONCE = 300
_PAUSES_S = (1.0, 5.0, 30.0)


class Inbox:
    """Takes updates as they come. What a process that died had not finished is taken up by the next."""

    def __init__(
        self, bot: Bot, receipts: Receipts, take: Callable[[Update], Awaitable[None]]
    ) -> None:
        self._bot = bot
        self._receipts = receipts
        self._take = take
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._lanes: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def resume(self) -> None:
        """Take what was kept and never finished."""
        unfinished = await self._receipts.list_unfinished(PLATFORM)
        for receipt in sorted(unfinished, key=lambda receipt: int(receipt.external_id)):
            self._start(receipt)

    async def receive(self, body: dict[str, JsonValue]) -> asyncio.Task[None] | None:
        """Keep an update and begin with it; None when it was finished before.

        Raises UnavailableError when it cannot be kept; then Telegram must send it again.
        """
        while len(self._tasks) >= _MOST_AT_ONCE:
            await asyncio.wait(self._tasks.values(), return_when=asyncio.FIRST_COMPLETED)
        receipt = await self._receipts.keep(PLATFORM, str(body["update_id"]), body)
        return self._start(receipt) if receipt is not None else None

    def _start(self, receipt: Receipt) -> asyncio.Task[None]:
        task = self._tasks.get(receipt.id)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._work(receipt))
            self._tasks[receipt.id] = task
            task.add_done_callback(lambda _: self._tasks.pop(receipt.id, None))
        return task

    async def _work(self, receipt: Receipt) -> None:
        """Take an update after all earlier ones of the same person."""
        try:
            update = Update.de_json(dict(receipt.body), self._bot)
            if is_about_money(update):
                await self._take_money(update)
            else:
                who = update.effective_user or update.effective_chat
                lane = self._lanes.setdefault(who.id if who is not None else 0, asyncio.Lock())
                async with lane:
                    await self._take(update)
        except Exception:  # this door's door for errors: one bad update must not stop the others
            _log.exception("update %s was not answered", receipt.external_id)
        try:
            await self._receipts.finish(receipt)
        except TrainyardError:
            _log.exception("update %s is taken again at the next start", receipt.external_id)

    async def _take_money(self, update: Update) -> None:
        """Take what Telegram waits for, in no lane; a payment until it is kept, however often that fails."""
        for pause_s in itertools.chain(_PAUSES_S, itertools.repeat(_PAUSES_S[-1])):
            try:
                return await self._take(update)
            except Exception:  # money's door for errors: it may not be finished without being kept
                if find_payment(update) is None:
                    raise
                _log.exception("a payment could not be kept; it is tried again")
            await asyncio.sleep(pause_s)

    async def close(self, grace_s: float) -> None:
        """Let what has begun come to its end; what takes longer is taken up at the next start."""
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=grace_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
