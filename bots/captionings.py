"""Captions by a model that were bought, in conversation: listed, followed, cancelled and told of."""

from collections.abc import Sequence
from dataclasses import replace

from bots.choices import AFTER, ALL, page_buttons, read_page
from bots.dialog import (
    Args,
    Button,
    Choice,
    Command,
    Context,
    Fact,
    Kind,
    Param,
    Reply,
    Scalar,
    Style,
    Table,
    Tone,
    command,
)
from bots.job_pieces import END_TONES, draw_share, list_costs
from bots.pieces import show_status
from bots.wording import N_, Words, shorten
from core.accounts.records import Principal
from core.errors import NotFoundError
from core.jobs.records import TERMINAL, Job, Status
from core.notifications.records import NewsKind, Notification
from core.studio import Studio

SHOWN_CAPTIONS = 5


async def list_captionings(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    """Offer what a model has captioned, the newest first."""
    return await _list_captionings(context, frozenset(Status))


async def _list_live(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    return await _list_captionings(context, frozenset(Status) - TERMINAL)


async def _list_captionings(context: Context, statuses: frozenset[Status]) -> list[Choice]:
    page = await context.studio.auto_captions.list_own(context.principal, ALL)
    return [
        Choice(
            job.id,
            shorten(f"{job.dataset_name}, {context.words.moment(job.created_at)}", 70),
            _show_status(context.words, job.status),
            keys=(str(number),),
        )
        for number, job in enumerate(page.items, 1)
        if job.status in statuses
    ]


CAPTIONING = Param(
    "captioning",
    N_("Which captions?"),
    Kind.CHOICE,
    list_captionings,
    empty=N_("No model has written captions for you yet."),
    start="caption auto",
)
_LIVE = replace(
    CAPTIONING, choices=_list_live, empty=N_("No captions are being written."), takes_only=True
)


@command("caption jobs", N_("List what a model has captioned"), AFTER)
async def list_own(context: Context, args: Args) -> Reply:
    """List auto-caption jobs, a page at a time."""
    words = context.words
    page = await context.studio.auto_captions.list_own(context.principal, read_page(args))
    begin = Button(words.say("Let a model caption"), "caption auto", style=Style.PRIMARY)
    if not page.items and not args.has("after"):
        return Reply(words.say("No model has written captions for you yet."), buttons=(begin,))
    rows = tuple(
        (
            job.dataset_name,
            _show_status(words, job.status),
            f"{words.number(job.steps_done)} / {words.number(job.quote.inputs.total_steps)}",
            words.moment(job.created_at),
        )
        for job in page.items
    )
    columns = (words.say("Dataset"), words.say("State"), words.say("Captions"), words.say("Since"))
    buttons = [
        Button(shorten(job.dataset_name, 30), "caption show", {"captioning": job.id})
        for job in page.items
    ]
    buttons += page_buttons(context, "caption jobs", args, page.next)
    return Reply(
        words.say("Captions by a model"), table=Table(columns, rows), buttons=(*buttons, begin)
    )


@command("caption show", N_("See how far captions by a model are"), CAPTIONING)
async def show(context: Context, args: Args) -> Reply:
    """Show how far an auto-caption job is."""
    job = await context.studio.auto_captions.get(context.principal, args.text("captioning"))
    return await describe(context, job)


async def describe(context: Context, job: Job) -> Reply:
    """Say how far an auto-caption job is; a message can be edited with it again and again."""
    words, total = context.words, job.quote.inputs.total_steps
    text = draw_share(words, job)
    if job.error is not None:
        text = words.known(job.error.message)
    written = f"{words.number(max(job.progress.step, job.steps_done))} / {words.number(total)}"
    facts = [
        Fact(words.say("State"), _show_status(words, job.status)),
        Fact(words.say("Captions"), written),
        Fact(words.say("Caption set"), job.captioning.caption_set),
        *list_costs(words, job),
    ]
    if job.status in TERMINAL:
        buttons = offer_next(words, job.dataset, job.captioning.caption_set, job.steps_done)
    else:
        bound = {"captioning": job.id}
        buttons = (
            Button(words.say("Look again"), "caption show", bound, Style.PRIMARY),
            Button(words.say("Cancel it"), "caption cancel", bound, Style.DANGER),
        )
    return Reply(
        words.say("Captions for “{name}”", name=job.dataset_name),
        text,
        tuple(facts),
        buttons=buttons,
        tone=END_TONES.get(job.status, Tone.PLAIN),
        follows="" if job.status in TERMINAL else job.id,
    )


def offer_next(words: Words, dataset: str, caption_set: str, written: int) -> tuple[Button, ...]:
    bound: dict[str, Scalar] = {"dataset": dataset}
    look = Button(words.say("Look at the dataset"), "dataset show", bound, Style.PRIMARY)
    if not written:
        return (look,)
    chosen: dict[str, Scalar] = {**bound, "set": caption_set}
    return (look, Button(words.say("Train with these captions"), "caption use", chosen))


def _show_status(words: Words, status: Status) -> str:
    if status is Status.RUNNING:
        return words.say("▶ writing")
    return show_status(words, status)


async def _confirm_cancel(context: Context, args: Args) -> Reply:
    words = context.words
    job = await context.studio.auto_captions.get(context.principal, args.text("captioning"))
    return Reply(
        words.say("Cancel the captions for “{name}”?", name=job.dataset_name),
        words.say("Captions that are written stay and are charged, the rest comes back."),
        tone=Tone.CAUTION,
    )


@command(
    "caption cancel",
    N_("Cancel captions by a model"),
    _LIVE,
    confirm=_confirm_cancel,
    yes=N_("Cancel the captions"),
)
async def cancel(context: Context, args: Args) -> Reply:
    """Ask an auto-caption job to stop."""
    job = await context.studio.auto_captions.cancel(context.principal, args.text("captioning"))
    words = context.words
    is_over = job.status in TERMINAL
    title = words.say("The captions are cancelled") if is_over else words.say("The captions stop")
    return replace(await describe(context, job), title=title, tone=Tone.GOOD)


async def announce_captions(
    studio: Studio, principal: Principal, words: Words, news: Notification, costs: tuple[Fact, ...]
) -> Reply:
    """Say how captions by a model ended, and show some of them."""
    data, written = news.data, int(str(news.data["captions"]))
    title = words.count(
        "{n} caption for “{name}” is written",
        "{n} captions for “{name}” are written",
        written,
        name=str(data["dataset_name"]),
    )
    tone = Tone.GOOD
    if news.kind is NewsKind.CAPTIONS_FAILED:
        title = words.say(
            "Captions for “{name}” could not be written", name=str(data["dataset_name"])
        )
        tone = Tone.BAD
    if news.kind is NewsKind.CAPTIONS_CANCELLED:
        title = words.say("Captions for “{name}” were cancelled", name=str(data["dataset_name"]))
        tone = Tone.CAUTION
    dataset, caption_set = str(data["dataset"]), str(data["caption_set"])
    rows = await _read_captions(studio, principal, dataset, caption_set) if written else ()
    return Reply(
        title,
        words.known(str(data["error"])) if data["error"] else "",
        (Fact(words.say("Caption set"), caption_set), *costs),
        Table(("#", words.say("Caption")), rows) if rows else None,
        buttons=offer_next(words, dataset, caption_set, written),
        tone=tone,
    )


async def _read_captions(
    studio: Studio, principal: Principal, dataset_id: str, caption_set: str
) -> tuple[tuple[str, ...], ...]:
    """Read the first captions of a set; none when the dataset is gone."""
    try:
        dataset = await studio.datasets.get(principal, dataset_id)
    except NotFoundError:
        return ()
    items = await studio.datasets.list_active(dataset.id)
    captions = (item.captions.get(caption_set) for item in items)
    numbered = [(str(n), shorten(text, 200)) for n, text in enumerate(captions, 1) if text]
    return tuple(numbered[:SHOWN_CAPTIONS])


COMMANDS: tuple[Command, ...] = (list_own, show, cancel)
