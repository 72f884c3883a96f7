"""The client at work: a folder becomes a model, lists, changes, refusals."""

import hashlib
import os
from pathlib import Path

import pytest

from adapters.client import (
    ChangedError,
    ConflictError,
    InsufficientPointsError,
    InvalidError,
    NotFoundError,
    TooManyRequestsError,
    TrainyardClient,
    UnauthenticatedError,
    UnreachableError,
    connect,
)
from adapters.client.models import (
    DatasetChange,
    NewDataset,
    NewGeneration,
    NewTraining,
    PromptForm,
    QuoteRequest,
    TrainingEvent,
    TrainingView,
)
from adapters.web.limiting import LIMITS, Action, RateLimits
from config.processes import find_free_port
from core import errors
from core.studio import Studio
from tests.adapters.client.conftest import find_url
from tests.adapters.web.conftest import WEIGHTS, Api, World, finish, start


async def test_a_folder_becomes_a_model_on_disk(
    trainyard: TrainyardClient, studio: Studio, folder: Path, tmp_path: Path
) -> None:
    dataset = await trainyard.create_dataset(NewDataset(name="Cats"))
    files = await trainyard.upload_folder(dataset.id, folder)
    assert [(file.filename, file.outcome) for file in files] == [
        (f"{seed}.png", "added") for seed in range(1, 6)
    ]
    items = await trainyard.list_items(dataset.id, limit=2).collect()
    assert [item.captions.get("default") for item in items] == [
        *(f"cat {n}" for n in range(1, 5)),
        None,
    ]
    params = {"steps": 100}
    quote = await trainyard.get_quote("tiny-lora", QuoteRequest(params=params, dataset=dataset.id))
    assert (quote.quote.points, quote.covered) == (13, True)
    wanted = NewTraining(
        dataset=dataset.id, offering="tiny-lora", trigger_words=["mycat"], params=params
    )
    training = await trainyard.submit_training(wanted, key="cats-1")
    assert (await trainyard.submit_training(wanted, key="cats-1")).id == training.id
    with pytest.raises(ConflictError):
        other = wanted.model_copy(update={"trigger_words": ["mydog"]})
        await trainyard.submit_training(other, key="cats-1")
    news = trainyard.follow_training(training.id)
    first = await anext(news)
    assert isinstance(first, TrainingView) and first.status == "queued"
    await finish(studio, await start(studio, training.id))
    rest = [one async for one in news]
    assert all(isinstance(one, TrainingEvent) for one in rest) and rest[-1].status == "completed"
    done = await trainyard.wait_for_training(training.id)
    assert done.settled and done.model is not None
    model = await trainyard.get_model(done.model)
    (file,) = model.files
    to = await trainyard.download_file(model.id, file.name, to=tmp_path / file.name)
    assert to.read_bytes() == WEIGHTS and file.sha256 == hashlib.sha256(WEIGHTS).hexdigest()
    assert (await trainyard.get_balance()).balance_points == 987


async def test_a_list_is_read_page_by_page(trainyard: TrainyardClient) -> None:
    made = [(await trainyard.create_dataset(NewDataset(name=f"{n}"))).id for n in range(5)]
    assert [one.id async for one in trainyard.list_datasets(limit=2)] == made[::-1]
    page = await trainyard.list_datasets(limit=2).first()
    assert len(page.items) == 2 and page.next is not None
    rest = await trainyard.list_datasets(limit=2, after=page.next).collect()
    assert [one.id for one in rest] == made[2::-1]


async def test_a_change_does_not_undo_another_and_says_only_what_was_set(
    trainyard: TrainyardClient,
) -> None:
    made = await trainyard.create_dataset(NewDataset(name="Cats", description="Mine"))
    read = await trainyard.get_dataset(made.id)
    changed = await trainyard.change_dataset(
        made.id, DatasetChange(name="Dogs"), if_match=read.etag
    )
    assert (changed.name, changed.description) == ("Dogs", "Mine")
    with pytest.raises(ChangedError):
        await trainyard.change_dataset(made.id, DatasetChange(name="X"), if_match=read.etag)
    again = await trainyard.change_dataset(
        made.id, DatasetChange(name="Cows"), if_match=changed.etag
    )
    assert again.name == "Cows"
    (listed,) = await trainyard.list_datasets().collect()
    with pytest.raises(LookupError):
        assert listed.etag


async def test_problems_are_errors_with_their_code_and_words(
    trainyard: TrainyardClient, eve: Api
) -> None:
    with pytest.raises(NotFoundError) as missing:
        await trainyard.get_dataset("ds_../../me")
    assert missing.value.code == "not_found" and missing.value.message.endswith(".")
    with pytest.raises(InvalidError) as wrong:
        await trainyard.list_datasets(limit=9999).first()
    assert [field.where for field in wrong.value.fields] == ["query.limit"]
    async with connect(find_url(eve), eve.token) as poor:
        with pytest.raises(InsufficientPointsError):
            await poor.submit_generation(NewGeneration(prompt="a cat"))
    async with connect(find_url(eve)) as nobody:
        assert (await nobody.get_health()).status == "ok"
        with pytest.raises(UnauthenticatedError):
            await nobody.get_me()
    async with connect(f"http://127.0.0.1:{find_free_port()}") as nowhere:
        with pytest.raises(UnreachableError):
            await nowhere.create_dataset(NewDataset(name="Cats"))


async def test_what_is_asked_too_often_says_when_to_come_again(
    ada: Api, trainyard: TrainyardClient
) -> None:
    app = ada.client.app
    assert app is not None
    limits: RateLimits = app[LIMITS]
    with pytest.raises(errors.TooManyRequestsError):
        for _ in range(100_000):
            await limits.hit(Action.TOKEN, ada.account.id)
    with pytest.raises(TooManyRequestsError) as refused:
        await trainyard.make_link_code()
    assert refused.value.retry_after_s is not None and refused.value.retry_after_s > 0


async def test_another_generator_resolves_a_prompt_and_fetches_the_lora(
    trainyard: TrainyardClient, world: World, tmp_path: Path
) -> None:
    found = await trainyard.resolve_prompt(PromptForm(prompt="a (mycat:0.8)", family="tiny"))
    (lora,) = found.models
    assert (lora.id, lora.weight) == (world.model_id, 0.8)
    model = await trainyard.get_model(lora.id)
    file = tmp_path / model.files[0].name
    await trainyard.download_file(model.id, file.name, to=file)
    assert file.read_bytes() == WEIGHTS


async def test_text_and_pictures_come_as_files(
    trainyard: TrainyardClient, world: World, tmp_path: Path
) -> None:
    drawn = await trainyard.wait_for_generation(world.generation_id)
    names = [picture.file.name for picture in drawn.pictures]
    for name in names:
        await trainyard.get_picture(drawn.id, name, to=tmp_path / name)
    await trainyard.get_statement_csv(to=tmp_path / "statement.csv")
    await trainyard.export_dataset(world.dataset_id, to=tmp_path / "cats.zip")
    assert (tmp_path / names[0]).read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "cats.zip").read_bytes().startswith(b"PK")
    with pytest.raises(NotFoundError):
        await trainyard.get_picture(drawn.id, "9.png", to=tmp_path / "9.png")
    assert set(os.listdir(tmp_path)) >= {"cats.zip", "statement.csv", *names}
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".part") or name == "9.png"]
