"""The engine: from whatever somebody typed, pressed or sent to one answer, the same on every platform."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from weakref import WeakValueDictionary

from pydantic import JsonValue

from bots import arguments, buttons
from bots.asking import (
    Missing,
    Request,
    ask_sure,
    find_missing,
    offer_change,
    put_question,
    say_lost,
)
from bots.catalogue import Catalogue
from bots.dialog import (
    ASKED_SURE,
    Answer,
    Args,
    Button,
    Choice,
    Command,
    Context,
    Kind,
    Question,
    Reply,
    Tone,
)
from bots.failures import apologise, explain
from bots.first_contact import greet, meet
from bots.incoming import Incoming, note_pictures, take_up_pictures
from bots.noting import noted
from bots.wording import Words
from core.conversations.records import Draft
from core.conversations.service import Spot
from core.errors import InsufficientPointsError, TrainyardError, UnavailableError
from core.records import new_id
from core.studio import Studio

_SURE = ""
"""Stands in a draft's arguments for the shortcut that confirms it: no parameter has an empty name."""


class Conversation:
    """Answers people. Holds nothing between two messages but locks: drafts are in the store."""

    def __init__(self, studio: Studio, catalogue: Catalogue, *, welcome_points: int = 0) -> None:
        self.studio = studio
        self.catalogue = catalogue
        self._welcome_points = welcome_points
        self.openings: dict[str, str] = {}
        """Where a link's code can be opened, by platform; platforms that can add themselves."""
        self._locks: WeakValueDictionary[Spot, asyncio.Lock] = WeakValueDictionary()

    @noted
    async def handle(self, incoming: Incoming) -> Answer:
        """Answer, whatever comes in and whatever goes wrong. One person's messages are taken in turn."""
        words = Words(incoming.locale)
        lock = self._locks.setdefault(incoming.spot, asyncio.Lock())
        async with lock:
            try:
                context, is_new = await self.meet(incoming)
                words = context.words
                try:
                    answer = await self._answer(context, incoming)
                except TrainyardError as error:
                    answer = explain(words, error)
                answer = greet(context, answer, self._welcome_points) if is_new else answer
                return await self.seal(context.principal.account, answer)
            except TrainyardError as error:
                return await self.seal("", explain(words, error))
            except Exception:  # the conversation's one door for errors
                return await self.seal("", apologise(words))

    async def suggest(
        self, incoming: Incoming, command: str, param: str, typed: str
    ) -> list[Choice]:
        """List what could be meant by what was typed so far, for completion; nothing when unsure."""
        try:
            context, _ = await self.meet(incoming)
            asked = self.catalogue.get(command).find_param(param)
            if asked is None or asked.choices is None:
                return []
            given = {k: v for k, v in incoming.args.items() if isinstance(v, str | int | float)}
            return arguments.narrow(await asked.choices(context, Args(given), typed), typed)
        except TrainyardError:
            return []

    async def meet(self, incoming: Incoming) -> tuple[Context, bool]:
        """Recognise who speaks; say whether they are new."""
        account, is_new = await meet(
            self.studio,
            incoming.spot,
            incoming.display_name,
            incoming.locale,
            self._welcome_points,
        )
        principal = self.studio.accounts.speak_for(account)
        context = Context(
            studio=self.studio,
            principal=principal,
            account=account,
            spot=incoming.spot,
            words=Words(account.locale),
            key=new_id("ky"),
            catalogue=tuple(self.catalogue.commands.values()),
            progress=incoming.progress,
            openings=self.openings,
        )
        return context, is_new

    async def seal(self, account: str, answer: Answer) -> Answer:
        """Give the buttons of an answer what they carry; news that nobody asked for needs it too."""
        commands = self.catalogue.commands
        return await buttons.seal(self.studio.conversations, commands, account, answer)

    async def _answer(self, context: Context, incoming: Incoming) -> Answer:
        draft = await self.studio.conversations.find_draft(context.spot)
        if incoming.button:
            pressed = await buttons.press(
                self.studio, self.catalogue.commands, context.account.id, incoming.button
            )
            command = self.catalogue.get(pressed.command)
            kept = take_up_pictures(draft, incoming, command)
            return await self._go_on(
                context, Request(command, pressed.args, kept, pressed.ask, pressed.sure)
            )
        if incoming.command:
            command = self.catalogue.get(incoming.command)
            pictures = incoming.pictures or take_up_pictures(draft, incoming, command)
            return await self._go_on(context, Request(command, incoming.args, pictures))
        if incoming.pictures:
            return await self._take_in(context, incoming, draft)
        return await self._listen(context, incoming, draft)

    async def _take_in(self, context: Context, incoming: Incoming, draft: Draft | None) -> Answer:
        """Take pictures that came without a command: for the command that waits, else the usual one."""
        waiting = self._find_command(draft)
        if draft is None or waiting is None or waiting.images is None:
            usual = self.catalogue.get(self.catalogue.pictures)
            return await self._go_on(context, Request(usual, {}, incoming.pictures))
        kept = take_up_pictures(draft, incoming, waiting)
        given = {name: value for name, value in draft.args.items() if not isinstance(value, list)}
        return await self._go_on(context, Request(waiting, given, (*kept, *incoming.pictures)))

    async def _listen(self, context: Context, incoming: Incoming, draft: Draft | None) -> Answer:
        """Take a text: the answer to the open question, or a command typed as a line."""
        line = self.catalogue.parse_line(incoming.text)
        waiting = self._find_command(draft)
        asked = waiting.find_param(draft.asked) if draft is not None and waiting else None
        takes_text = waiting is not None and (asked is None or asked.kind is not Kind.IMAGES)
        if line is not None and (not takes_text or incoming.text.lstrip().startswith("/")):
            return await self._go_on(context, Request(line.command, line.args))
        if draft is None or waiting is None:
            return say_lost(context)
        word = incoming.text.strip().casefold()
        if word in ("cancel", "/cancel", "abbrechen"):
            return await self._go_on(context, Request(self.catalogue.get("cancel")))
        if draft.asked == ASKED_SURE:
            return await self._decide(context, draft, waiting, word)
        if asked is None or asked.kind is Kind.IMAGES:
            done = word in ("done", "fertig")
            return await self._finish_pictures(context, waiting, draft, done)
        given = {name: v for name, v in draft.args.items() if not isinstance(v, list)}
        pictures = take_up_pictures(draft, incoming, waiting)
        request = Request(waiting, {**given, asked.name: incoming.text}, pictures)
        if not incoming.text.strip():
            request = replace(request, given=given, ask=asked.name)
        return await self._go_on(context, request)

    async def _decide(self, context: Context, draft: Draft, command: Command, word: str) -> Answer:
        """Take a typed yes or no for what was shown."""
        if word in arguments.NO:
            return await self._go_on(context, Request(self.catalogue.get("cancel")))
        if word not in arguments.YES:
            return ask_sure(context, command, str(draft.args[_SURE]))
        data = buttons.name_shortcut(str(draft.args[_SURE]))
        pressed = await buttons.press(
            self.studio, self.catalogue.commands, context.account.id, data
        )
        return await self._go_on(context, Request(command, pressed.args, sure=pressed.sure))

    async def _finish_pictures(
        self, context: Context, command: Command, draft: Draft, done: bool
    ) -> Answer:
        """Take a word while pictures are awaited: "done", or a reminder of what is awaited."""
        if done:
            await self.studio.conversations.drop_draft(context.spot)
            following = (Button(context.words.say("Datasets"), "dataset list"),)
            return Reply(context.words.say("Done"), buttons=following, tone=Tone.GOOD)
        asked = Request(command, {n: v for n, v in draft.args.items() if not isinstance(v, list)})
        answer = await self._go_on(context, asked)
        if isinstance(answer, Question):
            return replace(answer, problem=context.words.say("Send pictures, or type “done”."))
        return answer

    async def _go_on(self, context: Context, request: Request) -> Answer:
        """Ask what is missing, or ask to be sure, or run."""
        found = await find_missing(context, request)
        if isinstance(found, Missing):
            await self._keep(context, request, found.given, found.param.name)
            return await put_question(context, request, found)
        command = request.command
        if command.confirm is not None and not request.sure:
            return await self._confirm(context, request, found)
        if command.stays and command.images is not None:
            waiting = replace(request, pictures=())
            await self._keep(context, waiting, dict(found.values), command.images.name)
        else:
            await self.studio.conversations.drop_draft(context.spot)
        try:
            context = replace(context, key=request.sure or context.key)
            return replace(await command.run(context, found), private=command.private)
        except UnavailableError as error:
            sure = buttons.name_shortcut(request.sure) if request.sure else ""
            again = Button(context.words.say("Try again"), command.path, found.values, data=sure)
            return explain(context.words, error, again)

    async def _confirm(self, context: Context, request: Request, args: Args) -> Answer:
        """Show what would happen, and keep the question until yes or no."""
        assert request.command.confirm is not None
        try:
            reply = await request.command.confirm(context, args)
        except InsufficientPointsError as error:
            await self.studio.conversations.drop_draft(context.spot)
            return explain(context.words, error, *offer_change(context, request.command, args))
        shortcut = await self.studio.conversations.keep_shortcut(
            context.account.id, request.command.path, dict(args.values), sure=True
        )
        await self._keep(context, request, {**args.values, _SURE: shortcut.id}, ASKED_SURE)
        ask = ask_sure(context, request.command, shortcut.id)
        return replace(reply, buttons=(ask.buttons[0], *reply.buttons, ask.buttons[1]))

    async def _keep(
        self, context: Context, request: Request, given: Mapping[str, JsonValue], asked: str
    ) -> None:
        args = dict(given)
        images = request.command.images
        if images is not None:
            args[images.name] = note_pictures(request.pictures)
        await self.studio.conversations.keep_draft(context.spot, request.command.path, args, asked)

    def _find_command(self, draft: Draft | None) -> Command | None:
        return self.catalogue.commands.get(draft.command) if draft is not None else None
