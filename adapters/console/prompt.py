"""A prompt with completion, at which news appears above the line that somebody is typing."""

from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import HTML
from prompt_toolkit.history import FileHistory
from prompt_toolkit.patch_stdout import patch_stdout

from adapters.console.chat import Chat
from adapters.console.screen import Screen
from bots.dialog import Choice, Kind, Question

LEAVE = frozenset({"exit", "quit", "/exit", "/quit", "bye"})


async def talk(chat: Chat, screen: Screen, history: Path) -> None:
    """Talk until end of file or a word of leave."""
    session: PromptSession[str] = PromptSession(
        history=FileHistory(str(history)),
        completer=ChatCompleter(chat),
        complete_while_typing=False,
        bottom_toolbar=lambda: _make_toolbar(chat),
        refresh_interval=1.0,
    )
    chat.on_change = lambda: session.app.invalidate()
    with patch_stdout(raw=True):
        await chat.take("/start")
        screen.whisper(
            chat.words.say(
                "Tab completes, a number presses a button, a path sends pictures, Ctrl-D leaves."
            )
        )
        while True:
            try:
                line = await session.prompt_async([("ansicyan bold", "› ")])
            except EOFError:
                return
            except KeyboardInterrupt:
                line = "/cancel"
            if line.strip().lower() in LEAVE:
                return
            if line.strip():
                chat.progress.pop("answer", None)
                await chat.take(line)
                chat.progress.pop("answer", None)


def _make_toolbar(chat: Chat) -> HTML:
    running = "   ".join(chat.progress.values())
    return HTML("<b> Trainyard </b> {}").format(running or "  /help  ·  exit")


class ChatCompleter(Completer):
    """Completes commands, the choices of their parameters, the choices of a question, and paths."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        return ()

    async def get_completions_async(
        self, document: Document, event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        line = document.text_before_cursor
        last = self._chat.last
        if isinstance(last, Question) and not line.startswith("/"):
            for choice in _fitting(last.choices, line):
                yield _complete(choice, line)
            if last.param.kind is Kind.IMAGES:
                for path in self._paths.get_completions(document, event):
                    yield path
            return
        async for completion in self._complete_command(line):
            yield completion
        if "/" in line[1:] or line.startswith((".", "~")):
            word = line.rsplit(" ", 1)[-1]
            inner = Document(word, len(word))
            for path in self._paths.get_completions(inner, event):
                yield path

    async def _complete_command(self, line: str) -> AsyncGenerator[Completion, None]:
        typed = line.removeprefix("/")
        for path, summary in self._chat.list_paths():
            if path.startswith(typed) and path != typed:
                yield Completion(path, start_position=-len(typed), display_meta=summary)
            elif typed.startswith(f"{path} "):
                params = self._chat.list_params(path)
                rest = typed.removeprefix(f"{path} ").lstrip()
                for choice in await self._chat.suggest(path, params[0], rest) if params else ():
                    yield _complete(choice, rest, quoted=True)


def _fitting(choices: Iterable[Choice], typed: str) -> list[Choice]:
    folded = typed.casefold()
    return [choice for choice in choices if folded in choice.label.casefold()]


def _complete(choice: Choice, typed: str, *, quoted: bool = False) -> Completion:
    text = f'"{choice.label}" ' if quoted and " " in choice.label else choice.label
    return Completion(
        text, start_position=-len(typed), display=choice.label, display_meta=choice.detail
    )
