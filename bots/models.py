"""Models in conversation: browsed, looked at, liked, and their files."""

from collections.abc import Sequence
from dataclasses import replace

from bots.choices import AFTER, MODEL, list_files, list_models, page_buttons, read_page
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
    Style,
    Table,
    Tone,
    command,
)
from bots.pieces import offer_further, offer_try, show_drawing, show_file
from bots.wording import N_, shorten
from core.errors import NotFoundError
from core.models.browsing import Order, Search, Show
from core.models.records import ModelAccess, ModelState, TrainedModel
from core.models.service import list_files as list_allowed

_VIEWS = {
    "mine": (Search(), N_("Your models")),
    "popular": (Search(show=Show.PUBLIC, order=Order.POPULAR), N_("Popular models")),
    "newest": (Search(show=Show.PUBLIC), N_("Newest models")),
    "favourites": (Search(show=Show.FAVOURITES), N_("Your favourites")),
}
_ACCESS = {
    ModelAccess.PRIVATE: N_("only you"),
    ModelAccess.UNLISTED: N_("whoever knows its name"),
    ModelAccess.PUBLIC: N_("everybody"),
}


async def list_views(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    """Offer the ways to look at models."""
    return [Choice(view, context.words.say(title)) for view, (_, title) in _VIEWS.items()]


async def list_families(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    """Offer the families of base models."""
    offered = context.studio.offerings.list_all()
    return [Choice(family, family) for family in dict.fromkeys(o.family for o in offered)]


async def list_visible(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    """Offer one's own models, and the one of anybody whose short name was typed."""
    found = await list_models(context, args, typed)
    try:
        model = await context.studio.models.get_by_slug(context.principal, typed.strip())
    except NotFoundError:
        return found
    others = [choice for choice in found if choice.value != model.id]
    return [Choice(model.id, model.name, keys=(typed.strip().casefold(),)), *others]


ANY_MODEL = replace(MODEL, choices=list_visible)


@command(
    "mods",
    N_("Look for models"),
    Param("show", N_("Which models?"), Kind.CHOICE, list_views, required=False),
    Param("family", N_("For which family?"), Kind.CHOICE, list_families, required=False),
    Param("tag", N_("With which tag?"), required=False, limits=Limits(characters=30)),
    Param("text", N_("What shall they be called?"), required=False, limits=Limits(characters=100)),
    AFTER,
)
async def browse(context: Context, args: Args) -> Reply:
    """List models, a page at a time: one's own, popular and new ones, and favourites."""
    words, view = context.words, args.text("show", "mine")
    search, title = _VIEWS[view]
    wanted = {name: args.text(name) for name in ("family", "tag", "text")}
    search = search.model_copy(update=wanted)
    page = await context.studio.browsing.list(context.principal, search, read_page(args))
    turning = page_buttons(context, "mods", args, page.next)
    views = [
        Button(words.say(other_title), "mods", {"show": other})
        for other, (_, other_title) in _VIEWS.items()
        if other != view
    ]
    if not page.items and not args.has("after"):
        if view == "mine" and not any(wanted.values()):
            train = Button(words.say("Train"), "train", style=Style.PRIMARY)
            nothing = words.say("You have no model yet. A training makes one.")
            return Reply(nothing, buttons=(train, *views))
        return Reply(words.say("No model was found."), buttons=tuple(views))
    buttons = [Button(shorten(m.name, 30), "mod show", {"model": m.id}) for m in page.items]
    return Reply(
        words.say(title),
        table=_tabulate(context, page.items),
        buttons=(*buttons, *turning, *views),
    )


def _tabulate(context: Context, models: Sequence[TrainedModel]) -> Table:
    words = context.words
    rows = tuple(
        (
            model.name,
            ", ".join(model.trigger_words),
            model.family,
            words.number(model.favourites),
            words.number(model.generations),
        )
        for model in models
    )
    columns = (
        words.say("Model"),
        words.say("Trigger words"),
        words.say("Family"),
        words.say("Liked by"),
        words.say("Used"),
    )
    return Table(columns, rows)


@command("mod show", N_("Look at a model"), ANY_MODEL)
async def show(context: Context, args: Args) -> Reply:
    """Show a model with its samples and trigger words."""
    words, studio = context.words, context.studio
    model = await studio.models.get(context.principal, args.text("model"))
    samples = await studio.pictures.draw_samples(model.samples)
    return Reply(
        model.name,
        model.description or words.say("Write a trigger word into a prompt to bring the model in."),
        tuple(_list_facts(context, model)),
        images=show_drawing("samples.png", samples, words.say("Samples, by step")),
        buttons=(*await _offer(context, model), Button(words.say("All models"), "mods")),
    )


def _list_facts(context: Context, model: TrainedModel) -> list[Fact]:
    words, made = context.words, model.provenance
    facts = [
        Fact(words.say("Trigger words"), ", ".join(model.trigger_words)),
        Fact(words.say("Old words that still work"), ", ".join(o.word for o in model.old_words)),
        Fact(words.say("As a tag"), f"<lora:{model.slug}:{model.default_weight:g}>"),
        Fact(words.say("Weight"), words.measure(model.default_weight)),
        Fact(words.say("Tags"), ", ".join(model.tags)),
        Fact(words.say("Base model"), made.base_model),
        Fact(words.say("Steps"), words.number(made.steps)),
        Fact(words.say("Liked by"), words.number(model.favourites)),
        Fact(words.say("Used"), words.number(model.generations)),
        Fact(words.say("Made"), words.moment(model.created_at)),
    ]
    if model.owner == context.principal.account:
        can_use = _ACCESS[model.access]
        if model.state is ModelState.FROZEN:
            can_use = N_("nobody: an admin has frozen it")
        facts.insert(1, Fact(words.say("Who can use it"), words.say(can_use)))
    return [fact for fact in facts if fact.value]


async def _offer(context: Context, model: TrainedModel) -> list[Button]:
    """Offer what this person may do with the model."""
    words, bound = context.words, {"model": model.id}
    buttons = [*offer_try(words, model)] if model.is_usable else []
    if any(file in model.files for file in list_allowed(model, context.principal)):
        buttons.append(Button(words.say("Download"), "mod download", bound, Style.PRIMARY))
    if model.owner == context.principal.account:
        training = {"training": model.provenance.job}
        buttons.append(Button(words.say("The training"), "job show", training))
        if model.access is not ModelAccess.PUBLIC:
            buttons.append(Button(words.say("Publish"), "mod publish", bound))
        if model.access is not ModelAccess.PRIVATE:
            buttons.append(Button(words.say("Withdraw"), "mod withdraw", bound))
        buttons.append(Button(words.say("Change trigger words"), "mod words", bound))
        buttons += offer_further(words, model)
    if await context.studio.favourites.has(context.principal, model.id):
        label, liked = words.say("No favourite any more"), {**bound, "liked": "no"}
    else:
        label, liked = words.say("Make it a favourite"), {**bound, "liked": "yes"}
    buttons.append(Button(label, "mod favourite", liked))
    return buttons


@command(
    "mod favourite",
    N_("Make a model a favourite"),
    ANY_MODEL,
    Param("liked", N_("Is it a favourite?"), Kind.TOGGLE, required=False),
)
async def favourite(context: Context, args: Args) -> Reply:
    """Make a model a favourite, or no longer one; the same button twice does it once."""
    words, model_id = context.words, args.text("model")
    favourites = context.studio.favourites
    liked = bool(args.values.get("liked", True))
    if liked:
        await favourites.add(context.principal, model_id)
    else:
        await favourites.remove(context.principal, model_id)
    return Reply(
        words.say("It is a favourite now") if liked else words.say("It is no favourite any more"),
        buttons=(
            Button(words.say("The model"), "mod show", {"model": model_id}),
            Button(words.say("Your favourites"), "mods", {"show": "favourites"}),
        ),
        tone=Tone.GOOD,
    )


@command(
    "mod download",
    N_("Download a model"),
    ANY_MODEL,
    Param(
        "file",
        N_("Which file?"),
        Kind.CHOICE,
        list_files,
        takes_only=True,
        empty=N_("Its owner hands no files out; write its trigger word into a prompt."),
    ),
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


COMMANDS: tuple[Command, ...] = (browse, show, favourite, download)
