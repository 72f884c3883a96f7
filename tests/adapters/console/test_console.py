"""The terminal: what a line means, what is completed, what is shown and where files go."""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from pydantic import JsonValue
from rich.console import Console

from adapters.console.chat import Chat, Seat
from adapters.console.pictures import find_pictures, looks_like_pictures
from adapters.console.prompt import ChatCompleter, talk
from adapters.console.screen import Screen, save
from adapters.console.script import read_steps
from bots.catalogue import list_commands
from bots.conversation import Conversation
from bots.dialog import Button, Fact, File, Link, Question, Reply, Table, Tone
from core.errors import NotFoundError
from core.notifications.records import NewsKind
from core.studio import Studio
from tests.worker.people import draw_flag


@pytest.fixture
def seen() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def screen(seen: io.StringIO, tmp_path: Path) -> Screen:
    return Screen(Console(file=seen, width=80), tmp_path / "out")


@pytest.fixture
def chat(studio: Studio, screen: Screen, tmp_path: Path) -> Chat:
    for number in range(2):
        (tmp_path / f"{number}.png").write_bytes(draw_flag(number))
    (tmp_path / "notes.txt").write_text("no picture")
    conversation = Conversation(studio, list_commands(), welcome_points=100)
    return Chat(studio, conversation, Seat("ada", "en", tmp_path), screen)


def make_file(name: str, body: bytes = b"bytes") -> File:
    async def read() -> AsyncIterator[bytes]:
        yield body

    return File(name, "image/png", len(body), read)


async def test_numbers_press_buttons_unless_a_free_answer_is_asked(chat: Chat) -> None:
    await chat.take("/start")
    question = await chat.take("1")
    assert isinstance(question, Question) and question.param.name == "name"
    made = await chat.take("1")
    assert isinstance(made, Reply) and made.title == "“1” is ready"
    again = await chat.take("add PICTURES")
    assert isinstance(again, Question) and again.param.name == "images"
    assert isinstance(await chat.take("99"), Question)


@pytest.mark.parametrize("line", ["*.png", "0.png 1.png", "./0.png 1.png"])
async def test_paths_send_pictures(chat: Chat, line: str) -> None:
    await chat.take("/dataset create Cats")
    await chat.take("1")
    added = await chat.take(line)
    assert isinstance(added, Reply) and added.title == "2 pictures added to “Cats”"


async def test_a_folder_stands_for_its_pictures_and_a_wrong_path_is_said(
    chat: Chat, tmp_path: Path
) -> None:
    await chat.take("/dataset create Cats")
    added = await chat.take(f"/dataset add Cats {tmp_path}")
    assert isinstance(added, Reply) and added.title.startswith("2 pictures")
    wrong = await chat.take("/dataset add Cats nowhere.png")
    assert isinstance(wrong, Reply) and wrong.text == "There is no picture at nowhere.png."
    assert looks_like_pictures("hello world", tmp_path) == []
    assert looks_like_pictures("'", tmp_path) == looks_like_pictures("x" * 5000, tmp_path) == []
    with pytest.raises(NotFoundError):
        find_pictures(["missing/"], tmp_path)


async def test_a_picture_that_is_gone_is_said(chat: Chat, tmp_path: Path) -> None:
    await chat.take("/dataset create Cats")
    await chat.take("/dataset create Dogs")
    await chat.take("0.png")
    (tmp_path / "0.png").unlink()
    reply = await chat.take("Cats")
    assert isinstance(reply, Reply) and "cannot be read any more" in reply.text


async def test_a_reply_is_shown_whole_and_nothing_of_it_is_markup(
    screen: Screen, seen: io.StringIO, tmp_path: Path
) -> None:
    reply = Reply(
        "[bold]Title[/bold]",
        "[link=x]text[/link] 🏳️‍🌈 שלום",
        (Fact("name", "[red]value"),),
        Table(("a", "b"), (("[x]", "y" * 200),)),
        images=(make_file("sheet.png"),),
        files=(make_file("../../etc/passwd"), make_file("sheet.png")),
        links=(Link("site", "https://example.org"),),
        buttons=tuple(Button(f"Button number {n}", "help") for n in range(9)),
        tone=Tone.GOOD,
    )
    await screen.show(reply)
    text = seen.getvalue()
    for part in ("[bold]Title[/bold]", "[link=x]text[/link]", "[red]value", "[x]", "example.org"):
        assert part in text
    assert "9 Button number 8" in text
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == ["passwd", "sheet-2.png", "sheet.png"]


async def test_files_with_strange_names_stay_in_their_folder(tmp_path: Path) -> None:
    for name in ("..", ".hidden", "a/b\\c:d.png", "", "ü ß.png"):
        path = await save(make_file(name), tmp_path)
        assert path.parent == tmp_path and not path.name.startswith(".")
        assert path.read_bytes() == b"bytes"


async def complete(chat: Chat, line: str) -> list[str]:
    found = ChatCompleter(chat).get_completions_async(Document(line, len(line)), CompleteEvent())
    return [completion.text async for completion in found]


async def test_commands_choices_and_answers_are_completed(chat: Chat) -> None:
    assert await complete(chat, "/dataset sho") == ["dataset show"]
    await chat.take("/dataset create Black cats")
    await chat.take("/dataset create Dogs")
    assert await complete(chat, "/dataset show bla") == ['"Black cats" ']
    await chat.take("/dataset show")
    assert await complete(chat, "do") == ["Dogs"]


async def test_news_appears_while_somebody_types(
    chat: Chat, studio: Studio, tmp_path: Path, seen: io.StringIO, screen: Screen
) -> None:
    async def bring_news() -> None:
        await screen.changed.wait()
        account, _ = await studio.accounts.first_contact("local", "ada", "ada")
        await chat.hears.wait()
        screen.changed.clear()
        data: dict[str, JsonValue] = {"platforms": ["local", "moon"], "source": "ac_x"}
        await studio.notifications.tell(account.id, "k", NewsKind.ACCOUNTS_LINKED, data)
        async with asyncio.timeout(30):
            await screen.changed.wait()
        pipe.send_text("\x15/points\rexit\r")

    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text("/poi")
        async with chat.hear_news():
            await asyncio.gather(talk(chat, screen, tmp_path / "history"), bring_news())
    assert "★" in seen.getvalue() and "Terminal and moon" in seen.getvalue()
    assert "You have 100 points" in seen.getvalue()


async def test_a_link_stands_on_one_line_and_can_be_copied(chat: Chat, seen: io.StringIO) -> None:
    await chat.take("/login")
    assert re.search(r"http://127\.0\.0\.1:8080/login/[\w-]{43}$", seen.getvalue(), re.M)


def test_a_script_is_lines_comments_and_expectations() -> None:
    steps = list(read_steps("# no\n\n/points\nexpect: 1: 2\nwait: x\nnote: said\n"))
    assert [(step.number, step.kind, step.text) for step in steps] == [
        (3, "say", "/points"),
        (4, "expect", "1: 2"),
        (5, "wait", "x"),
        (6, "say", "note: said"),
    ]
