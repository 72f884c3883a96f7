"""Generations that were bought, in conversation: listed, looked at, cancelled and drawn again."""

from dataclasses import replace

from bots.choices import AFTER, ALL, page_buttons, read_page
from bots.dialog import (
    Args,
    Button,
    Choice,
    Command,
    Context,
    Fact,
    File,
    Kind,
    Param,
    Reply,
    Scalar,
    Style,
    Table,
    Tone,
    command,
)
from bots.generation import SEED, SETTINGS, ask_price, list_settings, say_submitted
from bots.job_pieces import END_TONES, draw_share, list_costs
from bots.pieces import make_file, show_status
from bots.settings import read_settings
from bots.wording import N_, Words, shorten
from core.accounts.records import Principal
from core.generations.wishes import GenerationWishes, wish_again
from core.jobs.records import TERMINAL, Job
from core.offerings.service import resolve_params
from core.studio import Studio


async def list_generations(context: Context, args: Args, typed: str) -> list[Choice]:
    """Offer one's generations, the newest first."""
    page = await context.studio.generations.list_own(context.principal, ALL)
    return [
        Choice(
            job.id,
            f"{number}. {shorten(job.generation.typed_prompt, 60)}",
            show_status(context.words, job.status),
            keys=(str(number),),
        )
        for number, job in enumerate(page.items, 1)
    ]


async def list_live_generations(context: Context, args: Args, typed: str) -> list[Choice]:
    """Offer the generations that can still be cancelled."""
    page = await context.studio.generations.list_own(context.principal, ALL)
    live = {job.id for job in page.items if job.status not in TERMINAL}
    return [c for c in await list_generations(context, args, typed) if c.value in live]


GENERATION = Param(
    "generation",
    N_("Which generation?"),
    Kind.CHOICE,
    list_generations,
    empty=N_("You have not generated anything yet."),
    start="generate",
)
_LIVE = replace(
    GENERATION,
    choices=list_live_generations,
    empty=N_("No generation is under way."),
    takes_only=True,
)


@command("generations", N_("List your generations"), AFTER)
async def list_own(context: Context, args: Args) -> Reply:
    """List generations, a page at a time."""
    words = context.words
    page = await context.studio.generations.list_own(context.principal, read_page(args))
    generate = Button(words.say("Generate"), "generate", style=Style.PRIMARY)
    if not page.items and not args.has("after"):
        return Reply(words.say("You have not generated anything yet."), buttons=(generate,))
    rows = tuple(
        (
            shorten(job.generation.typed_prompt, 60),
            show_status(words, job.status),
            words.number(len(job.pictures)),
            words.moment(job.created_at),
        )
        for job in page.items
    )
    columns = (words.say("Prompt"), words.say("State"), words.say("Pictures"), words.say("Since"))
    buttons = [
        Button(shorten(job.generation.typed_prompt, 30), "generation show", {"generation": job.id})
        for job in page.items
    ]
    buttons += page_buttons(context, "generations", args, page.next)
    return Reply(
        words.say("Your generations"), table=Table(columns, rows), buttons=(*buttons, generate)
    )


@command("generation show", N_("Look at a generation"), GENERATION)
async def show(context: Context, args: Args) -> Reply:
    """Show how far a generation is, and its pictures."""
    job = await context.studio.generations.get(context.principal, args.text("generation"))
    images = show_pictures(context.studio, context.principal, job)
    return replace(await describe(context, job), images=images)


def show_pictures(studio: Studio, principal: Principal, job: Job) -> tuple[File, ...]:
    """Hand over a generation's pictures, each with its seed."""
    return tuple(
        make_file(studio, principal, picture.file, f"{picture.index + 1}: {picture.seed}")
        for picture in job.pictures
    )


async def describe(context: Context, job: Job) -> Reply:
    """Say how far a generation is, in words alone: a message can be edited with it again and again."""
    words, text = context.words, draw_share(context.words, job)
    if job.error is not None:
        text = words.known(job.error.message)
    drawn = f"{words.number(len(job.pictures))} / {words.number(job.generation.count)}"
    facts = [
        Fact(words.say("State"), show_status(words, job.status)),
        Fact(words.say("Pictures"), drawn),
        *list_settings(context, job.generation),
        Fact(words.say("Seed"), str(job.generation.seed)),
        *list_costs(words, job),
    ]
    return Reply(
        shorten(job.generation.typed_prompt, 100),
        "\n".join([text, *map(words.known, job.generation.warnings)]),
        tuple(facts),
        buttons=(*offer_next(words, job), Button(words.say("All generations"), "generations")),
        tone=END_TONES.get(job.status, Tone.PLAIN),
        follows="" if job.status in TERMINAL else job.id,
    )


def offer_next(words: Words, job: Job) -> tuple[Button, ...]:
    """Offer what can be done next with a generation."""
    bound: dict[str, Scalar] = {"generation": job.id}
    if job.status not in TERMINAL:
        return (
            Button(words.say("Look again"), "generation show", bound, Style.PRIMARY),
            Button(words.say("Cancel it"), "generation cancel", bound, Style.DANGER),
        )
    seeded: dict[str, Scalar] = {**bound, "seed": job.generation.seed}
    same = words.say("Same seed, change settings")
    return (
        Button(words.say("Again"), "generation again", bound, Style.PRIMARY),
        Button(same, "generation again", seeded, ask="settings"),
    )


async def _confirm_cancel(context: Context, args: Args) -> Reply:
    words = context.words
    job = await context.studio.generations.get(context.principal, args.text("generation"))
    return Reply(
        words.say("Cancel these pictures?"),
        words.say("Pictures that are ready stay and are charged, the rest comes back."),
        (Fact(words.say("Prompt"), shorten(job.generation.typed_prompt, 300)),),
        tone=Tone.CAUTION,
    )


@command(
    "generation cancel",
    N_("Cancel a generation"),
    _LIVE,
    confirm=_confirm_cancel,
    yes=N_("Cancel the pictures"),
)
async def cancel(context: Context, args: Args) -> Reply:
    """Ask a generation to stop."""
    words = context.words
    job = await context.studio.generations.cancel(context.principal, args.text("generation"))
    is_over = job.status in TERMINAL
    return Reply(
        words.say("The generation is cancelled") if is_over else words.say("The generation stops"),
        "" if is_over else words.say("It ends with the step that it is at."),
        buttons=(*offer_next(words, job), Button(words.say("All generations"), "generations")),
        tone=Tone.GOOD,
    )


async def _wish_again(context: Context, args: Args) -> GenerationWishes:
    """Wish for the same once more, with what is given now in the place of what was."""
    studio = context.studio
    job = await studio.generations.get(context.principal, args.text("generation"))
    wishes = wish_again(job.generation)
    _, offer = studio.offerings.get_generation(wishes.base_model)
    changed = read_settings(context.words, offer, args.text("settings"))
    seed = int(args.values["seed"]) if args.has("seed") else None
    return wishes.model_copy(update={"params": {**wishes.params, **changed}, "seed": seed})


async def _check_changes(context: Context, args: Args, value: Scalar) -> None:
    job = await context.studio.generations.get(context.principal, args.text("generation"))
    _, offer = context.studio.offerings.get_generation(job.generation.base_model.id)
    resolve_params(offer, read_settings(context.words, offer, str(value)))


async def _confirm_again(context: Context, args: Args) -> Reply:
    label = context.words.say("Change settings")
    change = Button(label, "generation again", args.values, ask="settings")
    return await ask_price(context, await _wish_again(context, args), (change,))


@command(
    "generation again",
    N_("Draw a prompt again"),
    GENERATION,
    SEED,
    replace(SETTINGS, named=False, check=_check_changes),
    confirm=_confirm_again,
    yes=N_("Draw"),
)
async def again(context: Context, args: Args) -> Reply:
    """Buy the same once more, with another seed unless one is given."""
    wishes = await _wish_again(context, args)
    return say_submitted(
        context, await context.studio.generations.submit(context.principal, wishes, context.key)
    )


COMMANDS: tuple[Command, ...] = (list_own, show, cancel, again)
