"""A training in conversation: from a dataset over offering, trigger word and settings to a price and a yes."""

from collections.abc import Sequence

from bots.choices import DATASET
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
from bots.settings import read_settings, show_value
from bots.wording import N_
from core.errors import InvalidError, NotFoundError, RefusedError
from core.offerings.dreambooth import check_class_prompt
from core.offerings.records import Status, TrainingSpec
from core.offerings.service import (
    TrainingWishes,
    check_size,
    check_triggers,
)

_SHOWN_SETTINGS = ("steps", "resolution_px", "rank", "learning_rate", "train_batch_size")


async def list_offerings(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    """Offer the trainings that can be bought, those that suit the dataset's size first."""
    words = context.words
    dataset = await context.studio.datasets.get(context.principal, args.text("dataset"))
    size = await context.studio.datasets.count_active(dataset.id)
    fitting: list[Choice] = []
    others: list[Choice] = []
    for offering in context.studio.offerings.list_all():
        if offering.status is not Status.AVAILABLE:
            continue
        suits = offering.min_images <= size <= offering.max_images
        detail = words.known(offering.summary)
        if not suits:
            detail = words.say(
                "needs {least} to {most} pictures",
                least=words.number(offering.min_images),
                most=words.number(offering.max_images),
            )
        choice = Choice(offering.id, offering.name, detail)
        (fitting if suits else others).append(choice)
    return fitting + others


async def list_base_models(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    """Offer the models that the chosen training can begin from."""
    offering = context.studio.offerings.get(args.text("offering"))
    models = (context.studio.offerings.get_base_model(offering, m) for m in offering.base_models)
    return [Choice(model.id, model.name) for model in models]


async def _check_offering(context: Context, args: Args, value: Scalar) -> None:
    """Refuse a training that the dataset is too small or too large for."""
    dataset = await context.studio.datasets.get(context.principal, args.text("dataset"))
    try:
        offering = context.studio.offerings.get(str(value))
        check_size(offering, await context.studio.datasets.count_active(dataset.id))
    except (NotFoundError, RefusedError) as error:
        raise InvalidError(error.message) from error


async def _check_trigger(context: Context, args: Args, value: Scalar) -> None:
    check_triggers(str(value).split(","))


async def _check_class_prompt(context: Context, args: Args, value: Scalar) -> None:
    check_class_prompt(context.studio.offerings.get(args.text("offering")), str(value))


def _takes_class_prompt(context: Context, args: Args) -> bool:
    return context.studio.offerings.get(args.text("offering")).takes_class_prompt


async def _check_settings(context: Context, args: Args, value: Scalar) -> None:
    wishes = _make_wishes(context, Args({**args.values, "settings": value}))
    await context.studio.jobs.quote(context.principal, wishes, args.text("dataset"))


def _make_wishes(context: Context, args: Args) -> TrainingWishes:
    offering = context.studio.offerings.get(args.text("offering"))
    return TrainingWishes(
        offering=offering.id,
        base_model=args.text("base_model"),
        trigger_words=tuple(part for part in args.text("trigger").split(",") if part.strip()),
        class_prompt=args.text("class_prompt"),
        start_from=args.text("start_from"),
        params=read_settings(context.words, offering, args.text("settings")),
    )


async def _confirm(context: Context, args: Args) -> Reply:
    """Show the price beside the balance, and every setting that people change."""
    words, studio = context.words, context.studio
    dataset = await studio.datasets.get(context.principal, args.text("dataset"))
    wishes = _make_wishes(context, args)
    spec, quote = await studio.jobs.quote(context.principal, wishes, dataset.id)
    price = await list_price(context, quote)
    offering = studio.offerings.get(spec.offering)
    shown = [name for name in spec.params if name in _SHOWN_SETTINGS or name in wishes.params]
    further = await _name_start(context, spec)
    facts = [
        *price,
        Fact(words.say("Training"), f"{offering.name}, {spec.base_model.name}"),
        *(Fact(words.say("Trains further"), name) for name in further),
        Fact(words.say("Trigger words"), ", ".join(spec.trigger_words)),
        *(Fact(name, show_value(words, spec.params[name])) for name in shown),
    ]
    return Reply(
        words.say(
            "Train on “{name}” for {points}?", name=dataset.name, points=words.points(quote.points)
        ),
        words.say("What a cancelled training has not used comes back; a failed one costs nothing."),
        tuple(facts),
        buttons=(Button(words.say("Change settings"), "train", args.values, ask="settings"),),
        tone=Tone.CAUTION,
    )


async def _name_start(context: Context, spec: TrainingSpec) -> list[str]:
    """Name the model that is trained further, if one is."""
    if spec.start is None:
        return []
    return [(await context.studio.models.get(context.principal, spec.start.model)).name]


@command(
    "train",
    N_("Train a model on a dataset"),
    DATASET,
    Param(
        "offering",
        N_("Which training?"),
        Kind.CHOICE,
        list_offerings,
        check=_check_offering,
    ),
    Param(
        "base_model", N_("From which base model?"), Kind.CHOICE, list_base_models, takes_only=True
    ),
    Param(
        "trigger",
        N_("Which word shall bring your model into a prompt? Take one that means nothing else."),
        limits=Limits(characters=250),
        example="mycat",
        check=_check_trigger,
    ),
    Param(
        "class_prompt",
        N_("What is your subject one of? Pictures of that are drawn, so that it is not forgotten."),
        limits=Limits(characters=200),
        example="a dog",
        when=_takes_class_prompt,
        check=_check_class_prompt,
    ),
    Param("start_from", "", required=False, hidden=True),
    Param(
        "settings",
        N_("Which settings? Write name=value, as many as you like."),
        required=False,
        example="steps=400 rank=8",
        check=_check_settings,
    ),
    confirm=_confirm,
    yes=N_("Train"),
)
async def train(context: Context, args: Args) -> Reply:
    """Buy the training that was confirmed; the same yes twice buys once."""
    words = context.words
    wishes = _make_wishes(context, args)
    job = await context.studio.jobs.submit(
        context.principal, args.text("dataset"), wishes, context.key
    )
    return Reply(
        words.say("Your training is on its way"),
        words.say("You will hear when it has finished; nothing has to stay open for that."),
        (
            Fact(words.say("Dataset"), job.dataset_name),
            Fact(words.say("Price"), words.points(job.quote.points)),
            Fact(words.say("Steps"), words.number(job.quote.inputs.total_steps)),
        ),
        buttons=(
            Button(words.say("How far is it?"), "job show", {"training": job.id}),
            Button(words.say("Cancel it"), "job cancel", {"training": job.id}),
            Button(words.say("All trainings"), "jobs"),
        ),
        tone=Tone.GOOD,
        follows=job.id,
    )


COMMANDS: tuple[Command, ...] = (train,)
