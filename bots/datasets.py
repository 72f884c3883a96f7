"""Datasets in conversation: made, filled with pictures, looked at, checked and removed."""

from dataclasses import replace

from bots.checking import advise, offer_pictures, offer_steps
from bots.choices import AFTER, ALL, DATASET, list_own_datasets, page_buttons, read_page
from bots.dialog import (
    Args,
    Button,
    Command,
    Context,
    Fact,
    Kind,
    Limits,
    Param,
    Reply,
    Style,
    Table,
    Tone,
    command,
)
from bots.pieces import show_drawing
from bots.wording import N_, shorten
from core.datasets.records import Dataset
from core.datasets.texts import MAX_NAME_CHARACTERS
from core.pictures import SHEET_TILES

_NAME = Param(
    "name",
    N_("What shall it be called?"),
    limits=Limits(characters=MAX_NAME_CHARACTERS),
    example=N_("My cat"),
)
START = Param("start", "", Kind.NUMBER, required=False, hidden=True, limits=Limits(least=0))


@command("dataset create", N_("Make a dataset"), _NAME)
async def create(context: Context, args: Args) -> Reply:
    """Make a dataset, and offer to fill it."""
    words = context.words
    dataset = await context.studio.datasets.create(context.principal, args.text("name"))
    return Reply(
        words.say("“{name}” is ready", name=dataset.name),
        words.say("Now add pictures: ten to thirty of one thing are a good start."),
        buttons=(
            offer_pictures(context, dataset),
            Button(words.say("All datasets"), "dataset list"),
        ),
        tone=Tone.GOOD,
    )


@command("dataset list", N_("List your datasets"), AFTER)
async def list_own(context: Context, args: Args) -> Reply:
    """List datasets, a page at a time."""
    words, studio = context.words, context.studio
    page = await studio.datasets.list_own(context.principal, read_page(args))
    new = Button(words.say("New dataset"), "dataset create")
    joined: tuple[Dataset, ...] = ()
    if page.next is None:
        joined = (await studio.sharing.list_joined(context.principal, ALL)).items
    shown = (*page.items, *joined)
    if not shown and not args.has("after"):
        text = words.say("A dataset gathers the pictures that you want to train on.")
        return Reply(words.say("You have no dataset yet."), text, buttons=(new,))
    rows = []
    for dataset in shown:
        size = await studio.datasets.count_active(dataset.id)
        name = dataset.name
        if dataset in joined:
            name = words.say("{name} (shared)", name=name)
        rows.append((name, words.number(size), words.moment(dataset.created_at)))
    columns = (words.say("Dataset"), words.say("Pictures"), words.say("Made"))
    buttons = [Button(shorten(d.name, 30), "dataset show", {"dataset": d.id}) for d in shown]
    buttons += page_buttons(context, "dataset list", args, page.next)
    return Reply(
        words.say("Your datasets"), table=Table(columns, tuple(rows)), buttons=(*buttons, new)
    )


@command("dataset show", N_("Look at a dataset"), DATASET, START)
async def show(context: Context, args: Args) -> Reply:
    """Show pictures on a sheet, with their captions."""
    words, studio = context.words, context.studio
    dataset = await studio.datasets.get(context.principal, args.text("dataset"))
    items = await studio.datasets.list_active(dataset.id)
    start = int(args.text("start", "0"))
    shown = items[start : start + SHEET_TILES]
    sheet = await studio.pictures.draw_items(shown, start + 1)
    rows = tuple(
        (str(number), item.captions.get(dataset.default_caption_set) or "–")
        for number, item in enumerate(shown, start + 1)
    )
    following = start + SHEET_TILES if len(items) > start + SHEET_TILES else 0
    return Reply(
        dataset.name,
        "" if items else words.say("This dataset is empty."),
        (Fact(words.say("Pictures"), words.number(len(items))),) if items else (),
        Table(("#", words.say("Caption")), rows) if rows else None,
        show_drawing("dataset.png", sheet, dataset.name),
        buttons=(
            *_turn(context, dataset, start, following),
            *offer_steps(context, dataset, len(items)),
        ),
    )


def _turn(context: Context, dataset: Dataset, start: int, following: int) -> list[Button]:
    """Offer the next page, and the first from any other."""
    words, bound = context.words, {"dataset": dataset.id}
    buttons = []
    if following:
        label = words.say("More")
        buttons.append(Button(label, "dataset show", {**bound, "start": following}))
    if start:
        buttons.append(Button(words.say("From the start"), "dataset show", bound))
    return buttons


@command("dataset report", N_("Check a dataset, for free"), DATASET)
async def report(context: Context, args: Args) -> Reply:
    """Say what to mend, and which trainings fit."""
    words = context.words
    dataset = await context.studio.datasets.get(context.principal, args.text("dataset"))
    found = await context.studio.report(context.principal, dataset.id)
    rows = tuple(
        (
            fit.name,
            "✓" if fit.fits else "✗",
            words.number(fit.steps),
            words.points(fit.price_points),
        )
        for fit in found.offerings
    )
    columns = (words.say("Training"), words.say("Fits"), words.say("Steps"), words.say("Price"))
    advice = advise(words, found)
    return Reply(
        words.say("Check of “{name}”", name=dataset.name),
        "\n".join(f"• {line}" for line in advice) or words.say("Nothing to mend."),
        (
            Fact(words.say("Pictures"), words.number(found.items)),
            Fact(words.say("Size"), words.size(found.total_bytes)),
        ),
        Table(columns, rows),
        buttons=(
            Button(words.say("Train"), "train", {"dataset": dataset.id}, Style.PRIMARY),
            offer_pictures(context, dataset),
            Button(words.say("Look at it"), "dataset show", {"dataset": dataset.id}),
        ),
        tone=Tone.CAUTION if advice else Tone.GOOD,
    )


async def _confirm_delete(context: Context, args: Args) -> Reply:
    words = context.words
    dataset = await context.studio.datasets.get_own(context.principal, args.text("dataset"))
    size = await context.studio.datasets.count_active(dataset.id)
    return Reply(
        words.say("Delete “{name}”?", name=dataset.name),
        words.say(
            "Its pictures and captions are deleted for good: {pictures}. Models stay.",
            pictures=words.pictures(size),
        ),
        tone=Tone.CAUTION,
    )


@command(
    "dataset delete",
    N_("Delete a dataset"),
    replace(DATASET, choices=list_own_datasets),
    confirm=_confirm_delete,
    yes=N_("Delete"),
)
async def delete(context: Context, args: Args) -> Reply:
    """Delete a dataset that was confirmed."""
    words = context.words
    dataset = await context.studio.datasets.get_own(context.principal, args.text("dataset"))
    await context.studio.datasets.delete(context.principal, dataset.id)
    return Reply(
        words.say("“{name}” is deleted", name=dataset.name),
        buttons=(
            Button(words.say("All datasets"), "dataset list"),
            Button(words.say("New dataset"), "dataset create"),
        ),
        tone=Tone.GOOD,
    )


COMMANDS: tuple[Command, ...] = (create, list_own, show, report, delete)
