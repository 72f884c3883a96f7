"""A Bot API server on a real socket, with the limits and the errors of Telegram's own."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

import aiohttp
from aiohttp import web

from tests.adapters.telegram.chats import TOKEN
from tests.adapters.telegram.refusals import Json, RefusalError
from tests.adapters.telegram.stars import Till


@dataclass
class Fault:
    """What the server does instead of its work, some times."""

    method: str
    error: RefusalError
    times: int


class FakeTelegram(Till):
    """The server: what the bot calls, and what people do through `tests.adapters.telegram.people`."""

    def __init__(self, webhook_pause_s: float = 0.1) -> None:
        super().__init__()
        self.url = ""
        self.updates: list[Json] = []
        self.calls: list[tuple[str, Json]] = []
        self.called = asyncio.Event()
        """Set at each call."""
        self.faults: list[Fault] = []
        self.swapped: dict[str, bytes] = {}
        """Files that are not what getFile says."""
        self.webhook: Json = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
        self.posted: list[int] = []
        """The statuses with which posts to the webhook were answered."""
        self._update_number = 700_000_000
        self._arrived = asyncio.Event()
        self._poller: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._pause_s = webhook_pause_s

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[Self]:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/bot{token}/{method}", self._answer)
        app.router.add_get("/file/bot{token}/{path:.*}", self._hand_out)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server = site._server
        assert isinstance(server, asyncio.Server)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await runner.cleanup()

    def fail(
        self, method: str, status: int, what: str = "", *, times: int = 1, retry_after: int = 0
    ) -> None:
        """Answer the next calls of a method with an error."""
        self.faults.append(Fault(method, RefusalError(status, what, retry_after), times))

    def count(self, method: str) -> int:
        """Count the calls of a method."""
        return sum(called == method for called, _ in self.calls)

    async def wait_for(self, method: str, times: int) -> None:
        """Wait until a method was called so often."""
        async with asyncio.timeout(30):
            while self.count(method) < times:
                self.called.clear()
                await self.called.wait()

    def push(self, **content: Json) -> int:
        """Make an update and hand it to the bot; return its number."""
        self._update_number += 1
        update = {"update_id": self._update_number, **content}
        self.deliver(update)
        return self._update_number

    def deliver(self, update: Json) -> None:
        """Hand an update to the bot, as it is: a repeated or a late one too."""
        if self.webhook["url"]:
            task = asyncio.get_running_loop().create_task(self._post(update))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        self.updates.append(update)
        self._arrived.set()

    async def _post(self, update: Json) -> None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook["secret_token"]}
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.post(
                        self.webhook["url"], json=update, headers=headers
                    ) as answer:
                        self.posted.append(answer.status)
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    self.posted.append(0)
                await asyncio.sleep(self._pause_s)

    async def _answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        try:
            if request.match_info["token"] != TOKEN:
                raise RefusalError(401, "Unauthorized")
            given: Json = {}
            for name, value in (await request.post()).items():
                given[name] = value.file.read() if isinstance(value, web.FileField) else value
                if isinstance(value, web.FileField):
                    given[f"{name}:name"] = value.filename
            self.calls.append((method, given))
            self.called.set()
            self._raise_fault(method)
            handler = getattr(self, f"_do_{method.lower()}", None)
            if handler is None:
                raise RefusalError(404, "Not Found: method not found")
            result = await handler(given)
        except RefusalError as error:
            body: Json = {"ok": False, "error_code": error.status, "description": error.description}
            if error.retry_after:
                body["parameters"] = {"retry_after": error.retry_after}
            return web.json_response(body, status=error.status)
        return web.json_response({"ok": True, "result": result})

    def _raise_fault(self, method: str) -> None:
        for fault in self.faults:
            if fault.method == method and fault.times > 0:
                fault.times -= 1
                raise fault.error

    async def _hand_out(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != TOKEN:
            return web.Response(status=401)
        name = request.match_info["path"].removeprefix("files/")
        file = self.swapped.get(name, self.files.get(name))
        return web.Response(body=file) if file is not None else web.Response(status=404)

    async def _do_getupdates(self, given: Json) -> list[Json]:
        if self.webhook["url"]:
            raise RefusalError(409, "Conflict: can't use getUpdates method while webhook is active")
        if self._poller is not None and not self._poller.done():
            self._poller.set_exception(
                RefusalError(409, "Conflict: terminated by other getUpdates request")
            )
        poller = self._poller = asyncio.get_running_loop().create_future()
        after, until = int(given.get("offset", 0)), time.monotonic() + int(given.get("timeout", 0))
        self.updates = [update for update in self.updates if update["update_id"] >= after]
        try:
            while not self.updates and time.monotonic() < until:
                self._arrived.clear()
                arrived = asyncio.ensure_future(self._arrived.wait())
                left_s = until - time.monotonic()
                await asyncio.wait(
                    (arrived, poller), timeout=left_s, return_when=asyncio.FIRST_COMPLETED
                )
                arrived.cancel()
                if poller.done():
                    poller.result()
        finally:
            if not poller.done():
                poller.set_result(None)
        return self.updates[:100]

    async def _do_setwebhook(self, given: Json) -> bool:
        self.webhook |= {"url": given["url"], "secret_token": given.get("secret_token", "")}
        waiting, self.updates = self.updates, []
        for update in waiting:
            self.deliver(update)
        return True

    async def _do_deletewebhook(self, given: Json) -> bool:
        self.webhook["url"] = ""
        return True

    async def _do_getwebhookinfo(self, given: Json) -> Json:
        return {name: value for name, value in self.webhook.items() if name != "secret_token"}
