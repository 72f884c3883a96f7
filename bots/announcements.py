"""From a notification to what its person is told; nobody asked for it, so it says all that matters at once."""

from pydantic import JsonValue

from bots.captionings import announce_captions
from bots.dialog import Button, Fact, File, Reply, Style, Tone
from bots.generations import offer_next, show_pictures
from bots.pieces import name_platform, offer_try, show_drawing
from bots.wording import Words, shorten
from core.accounts.records import Principal
from core.errors import NotFoundError, UnavailableError
from core.notifications.records import NewsKind, Notification
from core.studio import Studio


async def announce(studio: Studio, principal: Principal, words: Words, news: Notification) -> Reply:
    """Put a notification into words, with pictures and next steps."""
    if news.kind is NewsKind.TRAINING_COMPLETED:
        return await _announce_completed(studio, principal, words, news.data)
    if "generation" in news.data:
        return await _announce_generation(studio, principal, words, news)
    if "auto_caption" in news.data:
        costs = tuple(_list_costs(words, news.data))
        return await announce_captions(studio, principal, words, news, costs)
    if news.kind is NewsKind.ACCOUNTS_LINKED:
        return _announce_linked(words, news.data)
    if news.kind is NewsKind.DATASET_JOINED:
        return _announce_joined(words, news.data)
    if news.kind is NewsKind.ROYALTIES_PAID:
        return _announce_paid(words, news.data)
    return _announce_ended(words, news)


async def _announce_completed(
    studio: Studio, principal: Principal, words: Words, data: dict[str, JsonValue]
) -> Reply:
    bound = {"model": str(data["model"])}
    name = str(data["model_name"])
    return Reply(
        words.say("“{name}” is ready", name=name),
        words.say("Write a trigger word into a prompt to bring the model in."),
        tuple(_list_facts(words, data)),
        images=await _draw_samples(studio, principal, words, str(data["model"])),
        buttons=(
            *await _offer_try(studio, principal, words, str(data["model"])),
            Button(words.say("Look at it"), "mod show", bound, Style.PRIMARY),
            Button(words.say("Download"), "mod download", bound),
            Button(words.say("The training"), "job show", {"training": str(data["training"])}),
        ),
        tone=Tone.GOOD,
    )


async def _offer_try(
    studio: Studio, principal: Principal, words: Words, model_id: str
) -> tuple[Button, ...]:
    """Offer to draw with the model where that can be done now."""
    try:
        return offer_try(words, await studio.models.get(principal, model_id))
    except (NotFoundError, UnavailableError):
        return ()


async def _announce_generation(
    studio: Studio, principal: Principal, words: Words, news: Notification
) -> Reply:
    """Hand over pictures, those of a cancelled generation too, or say why there are none."""
    data = news.data
    job = await studio.generations.get(principal, str(data["generation"]))
    count = len(job.pictures)
    title, tone = (
        words.count("Your picture is ready", "Your {n} pictures are ready", count),
        Tone.GOOD,
    )
    if news.kind is NewsKind.GENERATION_FAILED:
        title, tone = words.say("Your pictures could not be drawn"), Tone.BAD
    if news.kind is NewsKind.GENERATION_CANCELLED:
        title, tone = words.say("Your pictures were cancelled"), Tone.CAUTION
    lines = [str(data["error"])] if data["error"] else list(job.generation.warnings)
    return Reply(
        title,
        "\n".join([shorten(job.generation.typed_prompt, 300), *map(words.known, lines)]),
        (Fact(words.say("Seed"), str(job.generation.seed)), *_list_costs(words, data)),
        images=show_pictures(studio, principal, job),
        buttons=offer_next(words, job),
        tone=tone,
    )


async def _draw_samples(
    studio: Studio, principal: Principal, words: Words, model_id: str
) -> tuple[File, ...]:
    """Draw the model's samples; news is told without them rather than not at all."""
    try:
        model = await studio.models.get(principal, model_id)
        drawing = await studio.pictures.draw_samples(model.samples)
    except (NotFoundError, UnavailableError):
        return ()
    return show_drawing("samples.png", drawing, words.say("Samples, by step"))


def _announce_linked(words: Words, data: dict[str, JsonValue]) -> Reply:
    known = data["platforms"]
    found = known if isinstance(known, list) else []
    places = [name_platform(words, str(place)) for place in found]
    return Reply(
        words.say("You are one person now"),
        words.say(
            "Datasets, trainings, models and points of both are together. If that was not you, "
            "take the other platform off and tell the operator."
        ),
        (Fact(words.say("Known on"), words.listing(places)),),
        buttons=(
            Button(words.say("Who am I?"), "whoami"),
            Button(words.say("Take it off"), "unlink", style=Style.DANGER),
        ),
        tone=Tone.CAUTION,
    )


def _announce_joined(words: Words, data: dict[str, JsonValue]) -> Reply:
    bound = {"dataset": str(data["dataset"])}
    who, name = str(data["member"]), str(data["dataset_name"])
    return Reply(
        words.say("{member} has joined “{name}”", member=who, name=name),
        words.say("They can add pictures and write captions."),
        buttons=(
            Button(words.say("Look at it"), "dataset show", bound, Style.PRIMARY),
            Button(words.say("Remove a member"), "dataset expel", bound, Style.DANGER),
        ),
        tone=Tone.GOOD,
    )


def _announce_paid(words: Words, data: dict[str, JsonValue]) -> Reply:
    return Reply(
        words.say(
            "Your models have earned {points}", points=words.points(int(_number(data["points"])))
        ),
        words.say("Others generated with them; the points are yours to spend."),
        buttons=(
            Button(words.say("Earnings"), "earnings", style=Style.PRIMARY),
            Button(words.say("Statement"), "statement"),
        ),
        tone=Tone.GOOD,
    )


def _announce_ended(words: Words, news: Notification) -> Reply:
    data = news.data
    failed = news.kind is NewsKind.TRAINING_FAILED
    dataset = str(data["dataset_name"])
    title = (
        words.say("The training on “{name}” failed", name=dataset)
        if failed
        else words.say("The training on “{name}” was cancelled", name=dataset)
    )
    bound = {"training": str(data["training"])}
    return Reply(
        title,
        words.known(str(data["error"])) if data["error"] else "",
        tuple(_list_facts(words, data)),
        buttons=(
            Button(words.say("Try again"), "job retry", bound, Style.PRIMARY),
            Button(words.say("The training"), "job show", bound),
        ),
        tone=Tone.BAD if failed else Tone.CAUTION,
    )


def _list_facts(words: Words, data: dict[str, JsonValue]) -> list[Fact]:
    triggers = data["trigger_words"]
    shown = ", ".join(str(word) for word in triggers) if isinstance(triggers, list) else ""
    return [
        Fact(words.say("Trigger words"), shown),
        *_list_costs(words, data),
    ]


def _list_costs(words: Words, data: dict[str, JsonValue]) -> list[Fact]:
    return [
        Fact(words.say("Took"), words.duration(_number(data["duration_s"]))),
        Fact(words.say("Charged"), words.points(int(_number(data["charged_points"])))),
        Fact(words.say("Given back"), words.points(int(_number(data["refunded_points"])))),
    ]


def _number(value: JsonValue) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
