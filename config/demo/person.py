"""A person at the HTTP API: knows an address, a token and the documentation, and none of the server's code."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

import aiohttp
from pydantic import BaseModel, JsonValue, TypeAdapter

from config.demo.answers import (
    ENDED,
    Accrual,
    Balance,
    Dataset,
    DrawingQuote,
    Earnings,
    Generation,
    Metrics,
    Model,
    News,
    Offering,
    Outcome,
    Page,
    PublishedModel,
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

    async def follow(self, job: str) -> AsyncIterator[TrainingNews]:
        """Follow `trainings/{id}` or `generations/{id}` until it has ended; a stream that breaks is
        opened again."""
        while True:
            try:
                async for news in self._listen(job):
                    yield news
                    if news.status in ENDED:
                        return
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(1)

    async def wait_until_settled(self, training: str) -> Training:
        """Return an ended training once its points, model and news are dealt with."""
        return await self._wait(Training, f"trainings/{training}", _is_settled)

    async def wait_until_drawn(self, generation: str) -> Generation:
        """Return an ended generation once its points are dealt with."""
        return await self._wait(Generation, f"generations/{generation}", _is_settled)

    async def wait_until_paid(self) -> Earnings:
        """Return what the models have earned once all of it is paid out."""
        return await self._wait(Earnings, "royalties", lambda found: found.due_points == 0)

    async def publish(self, model: str) -> PublishedModel:
        """Let everybody use a model, under the trigger words that it has."""
        body: JsonValue = {"access": "public"}
        return await self._ask(PublishedModel, "PUT", f"models/{model}/publication", body)

    async def withdraw(self, model: str) -> None:
        with _telling():
            async with self._session.delete(f"models/{model}/publication") as answer:
                await _check(answer)

    async def list_models(self, show: str) -> list[PublishedModel]:
        """List `mine`, everybody's `public` ones or my `favourites`."""
        return (await self._ask(Page[PublishedModel], "GET", f"models?show={show}")).items

    async def get_drawing_quote(self, body: dict[str, JsonValue]) -> DrawingQuote:
        return await self._ask(DrawingQuote, "POST", "generations/quote", body)

    async def generate(self, body: dict[str, JsonValue], key: str) -> Generation:
        """Buy pictures of a prompt; the same key again is the same generation."""
        return await self._ask(Generation, "POST", "generations", body, {"Idempotency-Key": key})

    async def list_accruals(self) -> list[Accrual]:
        return (await self._ask(Page[Accrual], "GET", "royalties/accruals")).items

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

    async def download(self, address: str, file: Path) -> None:
        with _telling():
            async with self._session.get(address) as answer:
                await _check(answer)
                body = await answer.read()
        await asyncio.to_thread(file.write_bytes, body)

    async def _wait(self, model: type[A], path: str, is_so: Callable[[A], bool]) -> A:
        """Ask until something is so. Raises UnavailableError when that takes too long."""
        try:
            async with asyncio.timeout(_SETTLE_S):
                while True:
                    found = await self._ask(model, "GET", path)
                    if is_so(found):
                        return found
                    await asyncio.sleep(0.2)
        except TimeoutError as error:
            raise UnavailableError("What had ended was not settled in time.") from error

    async def _listen(self, job: str) -> AsyncIterator[TrainingNews]:
        """Read server-sent events; `snapshot` and what follows it tell alike where the job stands."""
        address = f"{job}/events"
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


def _is_settled(found: Training | Generation) -> bool:
    return found.status in ENDED and found.settled


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
