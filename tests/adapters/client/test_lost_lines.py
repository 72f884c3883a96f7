"""The client on a line that breaks: what can go on does, what was paid once stays paid once."""

import asyncio
import hashlib
import os
import zipfile
from contextlib import aclosing
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.client import DamagedDownloadError, TrainyardClient, UnreachableError, connect
from adapters.client import uploads as client_uploads
from adapters.client.models import NewDataset, NewTraining, NotificationView
from core.notifications.records import NewsKind
from core.studio import Studio
from tests.adapters.client.line import Cut, Line
from tests.adapters.web.conftest import WEIGHTS, Api, World, picture, save

HEAD_BYTES = 2000


def make_zip(file: Path) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for seed in (11, 12, 13):
            archive.writestr(f"{seed}.png", save(picture(seed, 500, 500)))
    return file


async def test_an_upload_goes_on_after_the_line_was_cut(
    distant: TrainyardClient, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_uploads, "PART_BYTES", 300_000)
    monkeypatch.setattr(client_uploads, "PAUSE_S", 0.0)
    dataset = await distant.create_dataset(NewDataset(name="Cats"))
    line.cut_all()
    line.cuts += [Cut(up_bytes=200_000), Cut(up_bytes=400_000), Cut(up_bytes=50)]
    file = make_zip(tmp_path / "cats.zip")
    assert file.stat().st_size > 900_000
    files = await distant.upload_file(dataset.id, file)
    assert [one.outcome for one in files] == ["added"] * 3 and not line.cuts


async def test_a_download_goes_on_where_the_line_was_cut(
    distant: TrainyardClient, line: Line, world: World, tmp_path: Path
) -> None:
    line.cuts += [Cut(down_bytes=len(WEIGHTS) // 2)]
    file = tmp_path / "cat.safetensors"
    await distant.download_file(world.model_id, "mycat.safetensors", to=file)
    assert file.read_bytes() == WEIGHTS and line.connections == 2


async def test_a_download_that_never_comes_whole_leaves_no_file(
    distant: TrainyardClient, line: Line, world: World, tmp_path: Path
) -> None:
    line.cuts += [Cut(down_bytes=HEAD_BYTES)] * 9
    with pytest.raises(UnreachableError):
        await distant.download_file(
            world.model_id, "mycat.safetensors", to=tmp_path / "cat.safetensors"
        )
    assert set(os.listdir(tmp_path)) <= {"data"}


async def test_a_damaged_download_leaves_no_file(tmp_path: Path) -> None:
    """A server of another kind: ours does not send other bytes than it announces."""

    async def send(request: web.Request) -> web.Response:
        announced = hashlib.sha256(b"right").hexdigest()
        return web.Response(body=b"wrong", headers={"ETag": f'"{announced}"'})

    app = web.Application()
    app.router.add_get("/api/v1/models/md_1/files/a", send)
    async with TestServer(app) as server, connect(str(server.make_url("/"))) as client:
        with pytest.raises(DamagedDownloadError):
            await client.download_file("md_1", "a", to=tmp_path / "a")
    assert set(os.listdir(tmp_path)) <= {"data"}


async def test_a_purchase_whose_answer_was_lost_is_made_once(
    distant: TrainyardClient, line: Line, dataset: str
) -> None:
    line.cuts += [Cut(down_bytes=40)]
    wanted = NewTraining(
        dataset=dataset, offering="tiny-lora", trigger_words=["mycat"], params={"steps": 100}
    )
    training = await distant.submit_training(wanted)
    assert [one.id for one in await distant.list_trainings().collect()] == [training.id]
    assert (await distant.get_balance()).balance_points == 987 and line.connections == 2


async def test_news_told_while_the_line_was_down_is_heard_once(
    distant: TrainyardClient, line: Line, ada: Api, studio: Studio
) -> None:
    async def tell(number: int) -> None:
        await studio.notifications.tell(
            ada.account.id, f"key-{number}", NewsKind.SIGNED_IN, {"number": number}
        )

    async def heard() -> int:
        one = await anext(stream)
        assert isinstance(one, NotificationView)
        number = one.data["number"]
        assert isinstance(number, int)
        return number

    await tell(0)
    stream = distant.follow_account()
    async with asyncio.timeout(60), aclosing(stream):
        waiting = asyncio.ensure_future(heard())
        while not line.connections:  # noqa: ASYNC110  # the stream is opening
            await asyncio.sleep(0.05)
        number = 1
        while not waiting.done():  # it is not said when listening has begun
            await tell(number)
            number += 1
            await asyncio.wait([waiting], timeout=0.2)
        told = [await waiting]
        while told[-1] < number - 1:
            told.append(await heard())
        line.cut_all()
        await tell(number)
        await tell(number + 1)
        told += [await heard(), await heard()]
    assert told == sorted({*told}) and told[-2:] == [number, number + 1]
    assert line.connections == 2
