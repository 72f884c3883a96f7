"""Captions by a model, in conversation: from a dataset to a price and a yes; and a caption set chosen to train with."""

from collections.abc import Sequence
from dataclasses import replace

from bots.captionings import describe
from bots.checking import offer_steps
from bots.choices import DATASET, list_own_datasets
from bots.dialog import (
    Args,
    Button,
    Choice,
    Command,
    Context,
    Fact,
    Kind,
    Limits,
    Param,
    Reply,
    Scalar,
    Tone,
    command,
)
from bots.job_pieces import list_price
from bots.wording import N_
from core.auto_captions.records import AUTO_SET, CaptionWishes
from core.auto_captions.service import MAX_PREFIX_CHARACTERS
from core.datasets.texts import MAX_NAME_CHARACTERS

_SET_LIMITS = Limits(characters=MAX_NAME_CHARACTERS)


async def _list_sets(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    """Offer a dataset's caption sets, with how many captions each has."""
    dataset = await context.studio.datasets.get(context.principal, args.text("dataset"))
    sizes: dict[str, int] = {}
    for item in await context.studio.datasets.list_active(dataset.id):
        for name in (name for name, text in item.captions.items() if text):
            sizes[name] = sizes.get(name, 0) + 1
    words = context.words
    return [
        Choice(name, name, words.count("{n} caption", "{n} captions", size))
        for name, size in sorted(sizes.items())
    ]


def _make_wishes(args: Args) -> CaptionWishes:
    return CaptionWishes(
        caption_set=args.text("set", AUTO_SET),
        prefix=args.text("prefix"),
        replaces=bool(args.values.get("replace", False)),
    )


async def _confirm(context: Context, args: Args) -> Reply:
    """Show the price beside the balance, and what is left alone."""
    words, studio = context.words, context.studio
    dataset = await studio.datasets.get_joint(context.principal, args.text("dataset"))
    spec, quote = await studio.auto_captions.quote(
        context.principal, dataset.id, _make_wishes(args)
    )
    price = await list_price(context, quote)
    facts = [
        Fact(words.say("Dataset"), dataset.name),
        Fact(words.say("Caption set"), spec.caption_set),
        *([Fact(words.say("Before each"), spec.prefix)] if spec.prefix else []),
        *price,
    ]
    label = words.say("Put a word before each")
    buttons = [Button(label, "caption auto", args.values, ask="prefix")]
    if spec.left_out:
        facts.insert(2, Fact(words.say("Left alone"), words.pictures(spec.left_out)))
        again: dict[str, Scalar] = {**args.values, "replace": True}
        buttons.append(Button(words.say("Replace captions that are there"), "caption auto", again))
    return Reply(
        words.count(
            "Caption {n} picture for {points}?",
            "Caption {n} pictures for {points}?",
            quote.inputs.total_steps,
            points=words.points(quote.points),
        ),
        words.say("A model says what it sees. Only captions that it writes are charged."),
        tuple(facts),
        buttons=tuple(buttons),
        tone=Tone.CAUTION,
    )


@command(
    "caption auto",
    N_("Let a model caption a dataset"),
    DATASET,
    Param(
        "prefix",
        N_("Which word shall stand before each caption? Your trigger word is a good choice."),
        required=False,
        limits=Limits(characters=MAX_PREFIX_CHARACTERS),
        example=N_("mycat"),
    ),
    Param("set", N_("Into which caption set?"), required=False, named=True, limits=_SET_LIMITS),
    Param(
        "replace",
        N_("Replace captions that the set has already?"),
        Kind.TOGGLE,
        required=False,
        named=True,
    ),
    confirm=_confirm,
    yes=N_("Write captions"),
)
async def auto(context: Context, args: Args) -> Reply:
    """Buy captions of what lacks them."""
    studio = context.studio
    job = await studio.auto_captions.submit(
        context.principal, args.text("dataset"), _make_wishes(args), context.key
    )
    title = context.words.say("Captions are on their way")
    return replace(await describe(context, job), title=title, tone=Tone.GOOD, follows=job.id)


@command(
    "caption use",
    N_("Choose which captions are trained with"),
    replace(DATASET, choices=list_own_datasets),
    Param(
        "set",
        N_("Which caption set?"),
        Kind.CHOICE,
        _list_sets,
        empty=N_("No picture has a caption yet."),
    ),
)
async def use(context: Context, args: Args) -> Reply:
    """Make a caption set the one that is shown, edited and trained with."""
    words, studio = context.words, context.studio
    dataset = await studio.datasets.choose_captions(
        context.principal, args.text("dataset"), args.text("set")
    )
    size = await studio.datasets.count_active(dataset.id)
    return Reply(
        words.say("“{name}” has the captions “{set}” now", name=dataset.name, set=args.text("set")),
        words.say("They are shown, edited and trained with. The others are kept."),
        buttons=offer_steps(context, dataset, size),
        tone=Tone.GOOD,
    )


COMMANDS: tuple[Command, ...] = (auto, use)
