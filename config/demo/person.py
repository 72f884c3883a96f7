"""A person at the HTTP API: knows an address, a token and the documentation, and none of the server's code."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

import aiohttp
from pydantic import BaseModel, JsonValue, TypeAdapter

from config.demo.answers import (
    ENDED,
    Balance,
    Dataset,
    Earnings,
    Generation,
    GenerationQuote,
    Metrics,
    Model,
    News,
    Offering,
    Outcome,
    Page,
    QuoteAnswer,
    Report,
    StatementLine,
    Training,
    TrainingNews,
)
from core.errors import RefusedError, UnavailableError

_TIMEOUT = aiohttp.ClientTimeout(total=60)
_STREAM_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_read=60)
_SETTLE_S = 30.0
A = TypeVar("A", bound=BaseModel)


@asynccontextmanager
async def sign_in(url: str, token: str) -> AsyncIterator["Person"]:
    """Open a connection that speaks for the token's account."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(
        f"{url}/api/v1/", headers=headers, timeout=_TIMEOUT
    ) as session:
        yield Person(session)


@contextmanager
def _telling() -> Iterator[None]:
    """Turn what can go wrong on the wire into a sentence."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError) as error:
        raise UnavailableError(f"Trainyard does not answer: {error or 'timeout'}.") from error


class Person:
    """What the demo asks for, a method a request."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def create_dataset(self, name: str, description: str) -> Dataset:
        body: JsonValue = {"name": name, "description": description}
        return await self._ask(Dataset, "POST", "datasets", body)

    async def upload(self, dataset: str, files: Sequence[tuple[Path, str]]) -> list[Outcome]:
        """Upload pictures with their captions in one multipart form."""
        form = aiohttp.FormData(default_to_multipart=True)
        for file, caption in files:
            if caption:
                form.add_field("caption", caption)
            body = await asyncio.to_thread(file.read_bytes)
            form.add_field("files", body, filename=file.name, content_type="image/png")
        with _telling():
            async with self._session.post(f"datasets/{dataset}/images", data=form) as answer:
                await _check(answer)
                got = await answer.read()
        return TypeAdapter(dict[str, list[Outcome]]).validate_json(got)["files"]

    async def get_report(self, dataset: str) -> Report:
        return await self._ask(Report, "GET", f"datasets/{dataset}/report")

    async def list_offerings(self) -> list[Offering]:
        return (await self._ask(Page[Offering], "GET", "training-offerings")).items

    async def get_quote(self, offering: str, body: dict[str, JsonValue]) -> QuoteAnswer:
        return await self._ask(QuoteAnswer, "POST", f"training-offerings/{offering}/quote", body)

    async def submit(self, body: dict[str, JsonValue], key: str) -> Training:
        """Buy a training; the same key again is the same training, so a retry costs nothing."""
        return await self._ask(Training, "POST", "trainings", body, {"Idempotency-Key": key})

    async def follow(self, training: str) -> AsyncIterator[TrainingNews]:
        """Follow a training until it has ended; a stream that breaks is opened again."""
        while True:
            try:
                async for news in self._listen(training):
                    yield news
                    if news.status in ENDED:
                        return
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(1)

    async def wait_until_settled(self, training: str) -> Training:
        """Return an ended training once its points, model and news are dealt with."""
        return await _wait_for(
            lambda: self._ask(Training, "GET", f"trainings/{training}"),
            lambda found: found.status in ENDED and found.settled,
            "The training ended, but was not settled in time.",
        )

    async def get_metrics(self, training: str) -> Metrics:
        return await self._ask(Metrics, "GET", f"trainings/{training}/metrics")

    async def get_model(self, model: str) -> Model:
        return await self._ask(Model, "GET", f"models/{model}")

    async def list_news(self) -> list[News]:
        return (await self._ask(Page[News], "GET", "notifications")).items

    async def get_balance(self) -> int:
        return (await self._ask(Balance, "GET", "points/balance")).balance_points

    async def get_statement(self) -> list[StatementLine]:
        return (await self._ask(Page[StatementLine], "GET", "points/statement")).items

    async def download(self, model: str, name: str, file: Path) -> None:
        await self._save(f"models/{model}/files/{name}", file)

    async def _save(self, path: str, file: Path) -> None:
        with _telling():
            async with self._session.get(path) as answer:
                await _check(answer)
                body = await answer.read()
        await asyncio.to_thread(file.write_bytes, body)

    async def publish(self, model: str, trigger_words: Sequence[str]) -> Model:
        """Let everybody use a model by these words."""
        body: JsonValue = {"access": "public", "trigger_words": [*trigger_words]}
        return await self._ask(Model, "PUT", f"models/{model}/publication", body)

    async def price_generation(self, body: dict[str, JsonValue]) -> GenerationQuote:
        return await self._ask(GenerationQuote, "POST", "generations/quote", body)

    async def generate(self, body: dict[str, JsonValue], key: str) -> Generation:
        """Buy pictures, and return them once they are drawn and settled."""
        made = await self._ask(Generation, "POST", "generations", body, {"Idempotency-Key": key})
        path = f"generations/{made.id}"
        return await _wait_for(
            lambda: self._ask(Generation, "GET", path),
            lambda found: found.status in ENDED and found.settled,
            "The pictures were not drawn in time.",
        )

    async def download_picture(self, generation: Generation, name: str, file: Path) -> None:
        await self._save(f"generations/{generation.id}/images/{name}", file)

    async def wait_until_paid(self, points: int) -> Earnings:
        """Return the earnings once this much of them was paid out."""
        return await _wait_for(
            lambda: self._ask(Earnings, "GET", "royalties"),
            lambda found: found.paid_points >= points,
            f"Royalties of {points} points were not paid out in time.",
        )

    async def _listen(self, training: str) -> AsyncIterator[TrainingNews]:
        """Read server-sent events; `snapshot` and `training` tell alike where the training stands."""
        address = f"trainings/{training}/events"
        async with self._session.get(address, timeout=_STREAM_TIMEOUT) as answer:
            await _check(answer)
            async for line in answer.content:
                name, _, value = line.decode().strip().partition(": ")
                if name == "data":
                    yield TrainingNews.model_validate_json(value)

    async def _ask(
        self,
        answer_model: type[A],
        method: str,
        path: str,
        body: JsonValue = None,
        headers: dict[str, str] | None = None,
    ) -> A:
        request = self._session.request(method, path, json=body, headers=headers)
        with _telling():
            async with request as answer:
                await _check(answer)
                got = await answer.read()
        return answer_model.model_validate_json(got)


async def _wait_for(
    ask: Callable[[], Awaitable[A]], is_there: Callable[[A], bool], complaint: str
) -> A:
    """Ask again until the answer is as it shall be. Raises UnavailableError when that takes too long."""
    try:
        async with asyncio.timeout(_SETTLE_S):
            while True:
                found = await ask()
                if is_there(found):
                    return found
                await asyncio.sleep(0.2)
    except TimeoutError as error:
        raise UnavailableError(complaint) from error


async def _check(answer: aiohttp.ClientResponse) -> None:
    """Raise RefusedError with the server's own sentence, when it answered a problem."""
    if answer.status < 400:
        return
    try:
        problem = TypeAdapter(dict[str, JsonValue]).validate_json(await answer.read())
        detail = str(problem.get("detail", answer.reason))
    except ValueError:
        detail = f"The server answered {answer.status} {answer.reason}."
    raise RefusedError(detail)
