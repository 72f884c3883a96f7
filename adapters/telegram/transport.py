"""How the library reaches the Bot API: on aiohttp, which takes less time than its own httpx (decision 0016)."""

import asyncio
import logging
from typing import Any

import aiohttp
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

_log = logging.getLogger(__name__)
_READ_S = 20.0
_CONNECT_S = 10.0
_PAUSES_S = (0.5, 1.5)


class Transport(BaseRequest):
    """Sends requests. A patient one does so again when the server failed or did not answer: an answer
    that comes twice is better than none."""

    def __init__(self, *, patient: bool) -> None:
        self._pauses_s = _PAUSES_S if patient else ()
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return _READ_S

    async def initialize(self) -> None:
        """Open the connections; twice opens them once."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(connector=connector, trust_env=True)

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(  # the library's parameters, one by one
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Send a request; return the status and the body. Raises NetworkError, TimedOut."""
        times_s = [s for s in (read_timeout, write_timeout) if isinstance(s, int | float)]
        total_s = sum(times_s) or _READ_S
        for pause_s in self._pauses_s:
            try:
                status, body = await self._send(url, method, request_data, total_s)
                if status < 500:
                    return status, body
            except NetworkError as error:
                _log.info("Telegram is asked again: %s", error)
            await asyncio.sleep(pause_s)
        return await self._send(url, method, request_data, total_s)

    async def _send(
        self, url: str, method: str, request_data: RequestData | None, total_s: float
    ) -> tuple[int, bytes]:
        assert self._session is not None, "initialize() comes first"
        timeout = aiohttp.ClientTimeout(total=total_s, sock_connect=_CONNECT_S)
        try:
            async with self._session.request(
                method, url, data=_write_form(request_data), timeout=timeout
            ) as answer:
                return answer.status, await answer.read()
        except TimeoutError as error:
            raise TimedOut from error
        except aiohttp.ClientError as error:
            raise NetworkError(type(error).__name__) from error  # its own words hold the token


def _write_form(request_data: RequestData | None) -> aiohttp.FormData | dict[str, str] | None:
    if request_data is None:
        return None
    if not request_data.contains_files:
        return request_data.json_parameters
    form = aiohttp.FormData()
    for name, value in request_data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, body, content_type) in (request_data.multipart_data or {}).items():
        form.add_field(name, body, filename=filename, content_type=content_type)
    return form
