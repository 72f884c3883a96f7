"""Pictures in conversation: added to a dataset as they come, and removed one by one."""

from bots.checking import offer_steps
from bots.choices import DATASET, ITEM
from bots.dialog import Args, Command, Context, Fact, Kind, Param, Reply, Tone, command
from bots.replies import Intake
from bots.wording import N_, Words, shorten
from core.datasets.intake import NewImage
from core.errors import RefusedError

_IMAGES = Param(
    "images", N_("Send the pictures: JPEG, PNG, WebP, HEIC or AVIF, or a zip of them."), Kind.IMAGES
)
MAX_REASONS = 5


@command("dataset add", N_("Add pictures to a dataset"), DATASET, _IMAGES)
async def add(context: Context, args: Args) -> Reply:
    """Take pictures in, one by one; one that is refused spoils none of the others."""
    words, studio = context.words, context.studio
    dataset = await studio.datasets.get_joint(context.principal, args.text("dataset"))
    added, known, refused = 0, 0, list[str]()
    for number, picture in enumerate(args.pictures, 1):
        image = NewImage(filename=picture.filename, source=picture.source, caption=picture.caption)
        try:
            async for taken in studio.imports.add(
                context.principal, dataset.id, picture.open(), image
            ):
                if taken.error is not None:
                    refused.append(_refuse(words, taken.filename, taken.error))
                    continue
                added, known = added + taken.is_new, known + (not taken.is_new)
        except RefusedError as error:
            refused.append(_refuse(words, picture.filename or f"#{number}", error))
            continue
        if len(args.pictures) > 1:
            await context.tell(words.say("{n} of {all}", n=number, all=len(args.pictures)))
    return await tell_intake(context, Intake(dataset.id, added, known, tuple(refused)))


def _refuse(words: Words, filename: str, error: RefusedError) -> str:
    return f"• {shorten(filename, 40)}: {words.known(error.message)}"


async def tell_intake(context: Context, intake: Intake) -> Reply:
    """Say what became of pictures, and offer what to do next with their dataset."""
    words, studio = context.words, context.studio
    dataset = await studio.datasets.get_joint(context.principal, intake.dataset)
    known, refused = intake.known, intake.refused
    lines = [words.count("{n} picture is there already.", "{n} pictures are there already.", known)]
    lines = lines if known else []
    if refused:
        lines += [words.count("{n} was refused:", "{n} were refused:", len(refused))]
        lines += refused[:MAX_REASONS]
    size = await studio.datasets.count_active(dataset.id)
    lines.append(words.say("Send more at any time, or go on:"))
    return Reply(
        words.count(
            "{n} picture added to “{name}”",
            "{n} pictures added to “{name}”",
            intake.added,
            name=dataset.name,
        ),
        "\n".join(lines),
        (Fact(words.say("Pictures"), words.number(size)),),
        buttons=offer_steps(context, dataset, size),
        tone=Tone.BAD if refused and not intake.added else Tone.CAUTION if refused else Tone.GOOD,
        intake=intake,
    )


async def _confirm_remove(context: Context, args: Args) -> Reply:
    words = context.words
    dataset_id, item_id = args.text("dataset"), args.text("picture")
    item = await context.studio.datasets.get_item(context.principal, dataset_id, item_id)
    dataset = await context.studio.datasets.get_joint(context.principal, dataset_id)
    text = item.captions.get(dataset.default_caption_set, "") or item.filename
    return Reply(
        words.say("Remove this picture from “{name}”?", name=dataset.name),
        shorten(text, 200),
        tone=Tone.CAUTION,
    )


@command(
    "dataset remove",
    N_("Remove a picture from a dataset"),
    DATASET,
    ITEM,
    confirm=_confirm_remove,
    yes=N_("Remove"),
)
async def remove(context: Context, args: Args) -> Reply:
    """Take out one picture that was confirmed."""
    words, studio = context.words, context.studio
    dataset = await studio.datasets.get_joint(context.principal, args.text("dataset"))
    await studio.contributions.remove_item(context.principal, dataset.id, args.text("picture"))
    size = await studio.datasets.count_active(dataset.id)
    return Reply(
        words.say("The picture is removed"),
        facts=(Fact(words.say("Pictures"), words.number(size)),),
        buttons=offer_steps(context, dataset, size),
        tone=Tone.GOOD,
    )


COMMANDS: tuple[Command, ...] = (add, remove)
