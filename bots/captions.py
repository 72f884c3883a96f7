"""Captions in conversation: one picture's, or all of a dataset's at once."""

from collections.abc import Sequence

from bots.checking import offer_steps
from bots.choices import DATASET, ITEM
from bots.dialog import (
    Args,
    Button,
    Choice,
    Command,
    Context,
    Kind,
    Limits,
    Param,
    Reply,
    Style,
    Table,
    Tone,
    command,
)
from bots.wording import N_, shorten
from core.datasets.captions import CaptionEdit, EditKind
from core.datasets.texts import MAX_CAPTION_BYTES

_TEXT_LIMITS = Limits(characters=MAX_CAPTION_BYTES // 4)
SHOWN_CHANGES = 5
_CHANGES = {
    EditKind.PREFIX: N_("Put a text before each"),
    EditKind.SUFFIX: N_("Put a text behind each"),
    EditKind.REPLACE: N_("Find and replace"),
    EditKind.REMOVE_TAG: N_("Take a tag out of each"),
}
_LOOKING = (EditKind.REPLACE, EditKind.REMOVE_TAG)


async def list_changes(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    """Offer what can be done to all captions."""
    return [Choice(kind.value, context.words.say(label)) for kind, label in _CHANGES.items()]


@command(
    "caption set",
    N_("Caption a picture"),
    DATASET,
    ITEM,
    Param(
        "text",
        N_("What is on the picture? Leave out what your trigger word shall stand for."),
        limits=_TEXT_LIMITS,
        example=N_("sitting on a red chair, from the side"),
    ),
)
async def set_caption(context: Context, args: Args) -> Reply:
    """Save one caption, and offer the next picture that has none."""
    words, studio = context.words, context.studio
    dataset_id, item_id = args.text("dataset"), args.text("picture")
    item = await studio.datasets.caption(context.principal, dataset_id, item_id, args.text("text"))
    dataset = await studio.datasets.get_joint(context.principal, dataset_id)
    items = await studio.datasets.list_active(dataset.id)
    bare = [i for i in items if not i.captions.get(dataset.default_caption_set)]
    following = []
    if bare:
        label = words.count("Next without a caption", "Next of {n} without a caption", len(bare))
        bound = {"dataset": dataset.id, "picture": bare[0].id}
        following.append(Button(label, "caption set", bound, Style.PRIMARY))
    return Reply(
        words.say("The caption is saved"),
        item.captions.get(dataset.default_caption_set, ""),
        buttons=(*following, *offer_steps(context, dataset, len(items))),
        tone=Tone.GOOD,
    )


def _make_edit(args: Args) -> CaptionEdit:
    kind = EditKind(args.text("change"))
    text = args.text("text")
    if kind is EditKind.PREFIX:
        text = f"{text.rstrip(', ')}, "
    elif kind is EditKind.SUFFIX:
        text = f", {text.lstrip(', ')}"
    elif text == "-":
        text = ""
    return CaptionEdit(kind=kind, text=text, find=args.text("find"))


async def _confirm_all(context: Context, args: Args) -> Reply:
    words = context.words
    changes = await context.studio.captions.preview(
        context.principal, args.text("dataset"), _make_edit(args)
    )
    shown = changes[:SHOWN_CHANGES]
    rows = tuple((str(number), shorten(text, 200)) for number, (_, text) in enumerate(shown, 1))
    return Reply(
        words.count("Change {n} caption?", "Change {n} captions?", len(changes)),
        words.say("They will read:") if rows else "",
        table=Table(("#", words.say("Caption")), rows) if rows else None,
        tone=Tone.CAUTION,
    )


@command(
    "caption all",
    N_("Change all captions of a dataset"),
    DATASET,
    Param("change", N_("What shall be done to each caption?"), Kind.CHOICE, list_changes),
    Param(
        "find",
        N_("Which text is to be looked for?"),
        limits=_TEXT_LIMITS,
        when=lambda context, args: args.text("change") in _LOOKING,
    ),
    Param(
        "text",
        N_("Which text is to be put there? A single - stands for nothing."),
        limits=_TEXT_LIMITS,
        when=lambda context, args: args.text("change") != EditKind.REMOVE_TAG,
    ),
    confirm=_confirm_all,
    yes=N_("Change them"),
)
async def edit_all(context: Context, args: Args) -> Reply:
    """Change every caption."""
    words, studio = context.words, context.studio
    dataset = await studio.datasets.get_joint(context.principal, args.text("dataset"))
    changed = await studio.captions.edit(context.principal, dataset.id, _make_edit(args))
    size = await studio.datasets.count_active(dataset.id)
    return Reply(
        words.count("{n} caption changed", "{n} captions changed", changed),
        buttons=offer_steps(context, dataset, size),
        tone=Tone.GOOD,
    )


COMMANDS: tuple[Command, ...] = (set_caption, edit_all)
