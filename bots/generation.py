"""Pictures in conversation: from a prompt over a base model and settings to a price and a yes."""

from collections.abc import Sequence

from bots.choices import list_models
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
from bots.settings import read_settings
from bots.wording import N_, shorten
from core.generations.loras import MAX_WEIGHT
from core.generations.records import GenerationSpec
from core.generations.wishes import (
    MAX_PROMPT_CHARACTERS,
    MAX_SEED,
    GenerationWishes,
    LoraWish,
    check_prompt,
)
from core.jobs.records import Job
from core.offerings.generation import GenerationOffer
from core.offerings.service import resolve_params

_TYPED_CHARACTERS = 4000
"""Above what core takes, so that core says what is too long."""


async def list_base_models(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    """Offer the base models that pictures can be generated with."""
    return [Choice(model.id, model.name) for model in context.studio.offerings.list_generations()]


async def _check_prompt(context: Context, args: Args, value: Scalar) -> None:
    check_prompt(str(value))


async def _check_settings(context: Context, args: Args, value: Scalar) -> None:
    offer = await _find_offer(context, args)
    resolve_params(offer, read_settings(context.words, offer, str(value)))


async def _find_offer(context: Context, args: Args) -> GenerationOffer:
    chosen = args.text("base_model")
    if not chosen and args.has("model"):
        model = await context.studio.models.get(context.principal, args.text("model"))
        chosen = model.provenance.base_model
    return context.studio.offerings.get_generation(chosen)[1]


async def _make_wishes(context: Context, args: Args) -> GenerationWishes:
    offer = await _find_offer(context, args)
    weight = float(args.values["weight"]) if args.has("weight") else None
    return GenerationWishes(
        prompt=args.text("prompt"),
        negative_prompt=args.text("negative"),
        base_model=args.text("base_model"),
        loras=(LoraWish(model=args.text("model"), weight=weight),) if args.has("model") else (),
        seed=int(args.values["seed"]) if args.has("seed") else None,
        params=read_settings(context.words, offer, args.text("settings")),
    )


async def _confirm(context: Context, args: Args) -> Reply:
    """Show the price beside the balance, and what will be drawn."""
    words = context.words
    wishes = await _make_wishes(context, args)
    buttons = (
        Button(words.say("Change settings"), "generate", args.values, ask="settings"),
        Button(words.say("Change the prompt"), "generate", args.values, ask="prompt"),
    )
    return await ask_price(context, wishes, buttons)


async def ask_price(
    context: Context, wishes: GenerationWishes, buttons: tuple[Button, ...]
) -> Reply:
    """Show what a generation costs and what it draws, before it is bought."""
    words = context.words
    spec, quote = await context.studio.generations.quote(context.principal, wishes)
    price = await list_price(context, quote)
    points = words.points(quote.points)
    hint = words.say("What is not drawn costs nothing. It may wait for a training that runs.")
    return Reply(
        words.count(
            "Draw a picture for {points}?",
            "Draw {n} pictures for {points}?",
            spec.count,
            points=points,
        ),
        "\n".join([*map(words.known, spec.warnings), hint]),
        (
            *price,
            *list_settings(context, spec),
            Fact(
                words.say("Seed"), words.say("a new one") if wishes.seed is None else str(spec.seed)
            ),
        ),
        buttons=buttons,
        tone=Tone.CAUTION,
    )


def list_settings(context: Context, spec: GenerationSpec) -> list[Fact]:
    """List what a generation draws and how, but for its seed."""
    words = context.words
    facts = [Fact(words.say("Prompt"), shorten(spec.prompt, 300))]
    if spec.negative_prompt:
        facts.append(Fact(words.say("Without"), shorten(spec.negative_prompt, 200)))
    used = [f"{lora.name} ({words.measure(lora.weight)})" for lora in spec.loras]
    if used:
        facts.append(Fact(words.say("Models"), words.listing(used)))
    return [
        *facts,
        Fact(words.say("Base model"), spec.base_model.name),
        Fact(words.say("Size"), f"{spec.width_px} × {spec.height_px}"),
        Fact(words.say("Steps"), words.number(spec.steps)),
        Fact(words.say("Guidance"), f"{spec.guidance_scale:g}"),
    ]


SEED = Param(
    "seed",
    N_("Which seed? The same one draws the same picture."),
    Kind.NUMBER,
    required=False,
    named=True,
    limits=Limits(least=0, most=MAX_SEED),
)
SETTINGS = Param(
    "settings",
    N_("Which settings? Write name=value, as many as you like."),
    required=False,
    named=True,
    example="count=4 steps=30",
    check=_check_settings,
)


@command(
    "generate",
    N_("Generate pictures from a prompt"),
    Param(
        "prompt",
        N_("What shall the picture show?"),
        limits=Limits(characters=_TYPED_CHARACTERS),
        example=N_("mycat on a blue background"),
        check=_check_prompt,
    ),
    Param(
        "model",
        N_("With which model?"),
        Kind.CHOICE,
        list_models,
        required=False,
        named=True,
        empty=N_("You have no model yet. A training makes one."),
        start="train",
    ),
    Param(
        "base_model",
        N_("With which base model?"),
        Kind.CHOICE,
        list_base_models,
        named=True,
        takes_only=True,
        when=lambda context, args: not args.has("model"),
    ),
    Param(
        "negative",
        N_("What shall not be in the picture?"),
        required=False,
        named=True,
        limits=Limits(characters=MAX_PROMPT_CHARACTERS),
    ),
    Param(
        "weight",
        N_("How strong shall the model be? 1 is usual."),
        Kind.NUMBER,
        required=False,
        named=True,
        limits=Limits(least=-MAX_WEIGHT, most=MAX_WEIGHT, whole=False),
    ),
    SEED,
    SETTINGS,
    confirm=_confirm,
    yes=N_("Draw"),
)
async def generate(context: Context, args: Args) -> Reply:
    """Buy the pictures that were confirmed; the same yes twice buys once."""
    wishes = await _make_wishes(context, args)
    return say_submitted(
        context, await context.studio.generations.submit(context.principal, wishes, context.key)
    )


def say_submitted(context: Context, job: Job) -> Reply:
    """Say that pictures were bought."""
    words, bound = context.words, {"generation": job.id}
    return Reply(
        words.say("Your pictures are on their way"),
        words.say("They come to you when they are drawn; nothing has to stay open for that."),
        (
            Fact(words.say("Prompt"), shorten(job.generation.typed_prompt, 300)),
            Fact(words.say("Price"), words.points(job.quote.points)),
            Fact(words.say("Seed"), str(job.generation.seed)),
        ),
        buttons=(
            Button(words.say("How far is it?"), "generation show", bound),
            Button(words.say("Cancel it"), "generation cancel", bound),
            Button(words.say("All generations"), "generations"),
        ),
        tone=Tone.GOOD,
        follows=job.id,
    )


COMMANDS: tuple[Command, ...] = (generate,)
