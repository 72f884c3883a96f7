"""Trained models in conversation: one's own, their samples and trigger words, and their files."""

from bots.choices import AFTER, MODEL, list_files, page_buttons, read_page
from bots.dialog import (
    Args,
    Button,
    Command,
    Context,
    Fact,
    Kind,
    Param,
    Reply,
    Style,
    Table,
    Tone,
    command,
)
from bots.pieces import offer_try, show_drawing, show_file
from bots.wording import N_, shorten


@command("mods", N_("List your models"), AFTER)
async def list_own(context: Context, args: Args) -> Reply:
    """List models, a page at a time."""
    words = context.words
    page = await context.studio.models.list_own(context.principal, read_page(args))
    train = Button(words.say("Train"), "train", style=Style.PRIMARY)
    if not page.items and not args.has("after"):
        return Reply(words.say("You have no model yet. A training makes one."), buttons=(train,))
    rows = tuple(
        (model.name, ", ".join(model.trigger_words), model.family, words.moment(model.created_at))
        for model in page.items
    )
    columns = (
        words.say("Model"),
        words.say("Trigger words"),
        words.say("Family"),
        words.say("Made"),
    )
    buttons = [Button(shorten(m.name, 30), "mod show", {"model": m.id}) for m in page.items]
    buttons += page_buttons(context, "mods", args, page.next)
    return Reply(words.say("Your models"), table=Table(columns, rows), buttons=tuple(buttons))


@command("mod show", N_("Look at a model"), MODEL)
async def show(context: Context, args: Args) -> Reply:
    """Show a model with its samples and trigger words."""
    words, studio = context.words, context.studio
    model = await studio.models.get(context.principal, args.text("model"))
    samples = await studio.pictures.draw_samples(model.samples)
    made = model.provenance
    bound = {"model": model.id}
    return Reply(
        model.name,
        words.say("Write a trigger word into a prompt to bring the model in."),
        (
            Fact(words.say("Trigger words"), ", ".join(model.trigger_words)),
            Fact(words.say("Weight"), words.measure(model.default_weight)),
            Fact(words.say("Base model"), made.base_model),
            Fact(words.say("Steps"), words.number(made.steps)),
            Fact(words.say("Files"), words.number(len(model.files))),
            Fact(words.say("Made"), words.moment(model.created_at)),
        ),
        images=show_drawing("samples.png", samples, words.say("Samples, by step")),
        buttons=(
            *offer_try(words, model),
            Button(words.say("Download"), "mod download", bound, Style.PRIMARY),
            Button(words.say("The training"), "job show", {"training": made.job}),
            Button(words.say("All models"), "mods"),
        ),
    )


@command(
    "mod download",
    N_("Download a model"),
    MODEL,
    Param("file", N_("Which file?"), Kind.CHOICE, list_files, takes_only=True),
)
async def download(context: Context, args: Args) -> Reply:
    """Hand over one of a model's files."""
    words, studio = context.words, context.studio
    model = await studio.models.get(context.principal, args.text("model"))
    file = await studio.models.find_file(context.principal, model.id, args.text("file"))
    return Reply(
        file.name,
        facts=(
            Fact(words.say("Size"), words.size(file.bytes)),
            Fact(words.say("Trigger words"), ", ".join(model.trigger_words)),
            Fact("SHA-256", file.sha256),
        ),
        files=(show_file(context, file, model.name),),
        buttons=(Button(words.say("The model"), "mod show", {"model": model.id}),),
        tone=Tone.GOOD,
    )


COMMANDS: tuple[Command, ...] = (list_own, show, download)
