"""From a notification to what its person is told; nobody asked for it, so it says all that matters at once."""

from pydantic import JsonValue

from bots.captionings import announce_captions
from bots.dialog import Button, Fact, File, Reply, Style, Tone
from bots.generations import offer_next, show_pictures
from bots.pieces import name_platform, offer_further, offer_try, show_drawing
from bots.stranded import announce_stranded
from bots.wording import Words, shorten
from core.accounts.records import Principal
from core.errors import NotFoundError, UnavailableError
from core.models.records import TrainedModel
from core.notifications.records import NewsKind, Notification
from core.studio import Studio


async def announce(studio: Studio, principal: Principal, words: Words, news: Notification) -> Reply:
    """Put a notification into words, with pictures and next steps."""
    if news.kind is NewsKind.TRAINING_COMPLETED:
        return await _announce_completed(studio, principal, words, news.data)
    if news.kind is NewsKind.JOB_STRANDED:
        return announce_stranded(words, news.data)
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
    if news.kind is NewsKind.POINTS_RECEIVED:
        return _announce_received(words, news.data)
    if news.kind is NewsKind.PICTURE_WITHDRAWN:
        return _announce_withdrawn(words, news.data)
    if news.kind is NewsKind.PAYMENT_REFUNDED:
        return _announce_refunded(words, news.data)
    if news.kind is NewsKind.SIGNED_IN:
        return _announce_signed_in(words, news.data)
    return _announce_ended(words, news)


async def _announce_completed(
    studio: Studio, principal: Principal, words: Words, data: dict[str, JsonValue]
) -> Reply:
    bound = {"model": str(data["model"])}
    name = str(data["model_name"])
    model = await _find_model(studio, principal, str(data["model"]))
    return Reply(
        words.say("“{name}” is ready", name=name),
        words.say("Write a trigger word into a prompt to bring the model in."),
        tuple(_list_facts(words, data)),
        images=await _draw_samples(studio, words, model),
        buttons=(
            *(offer_try(words, model) if model else ()),
            Button(words.say("Look at it"), "mod show", bound, Style.PRIMARY),
            Button(words.say("Download"), "mod download", bound),
            *(offer_further(words, model) if model else ()),
            Button(words.say("The training"), "job show", {"training": str(data["training"])}),
        ),
        tone=Tone.GOOD,
    )


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


async def _find_model(studio: Studio, principal: Principal, model_id: str) -> TrainedModel | None:
    """Find the model; news is told without it rather than not at all."""
    try:
        return await studio.models.get(principal, model_id)
    except (NotFoundError, UnavailableError):
        return None


async def _draw_samples(
    studio: Studio, words: Words, model: TrainedModel | None
) -> tuple[File, ...]:
    """Draw the model's samples where that can be done now."""
    try:
        drawing = await studio.pictures.draw_samples(model.samples) if model else None
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


def _announce_received(words: Words, data: dict[str, JsonValue]) -> Reply:
    points = words.points(int(_number(data["points"])))
    return Reply(
        words.say("{name} gave you {points}", name=str(data["giver"]), points=points),
        buttons=(
            Button(words.say("Points"), "points", style=Style.PRIMARY),
            Button(words.say("Statement"), "statement"),
        ),
        tone=Tone.GOOD,
    )


def _announce_withdrawn(words: Words, data: dict[str, JsonValue]) -> Reply:
    again = {name: str(data[name]) for name in ("dataset", "offering", "trigger")}
    return Reply(
        words.say("A picture of “{name}” was taken back", name=str(data["model_name"])),
        words.say(
            "Somebody has withdrawn a picture that this model learned from. The model and what it "
            "earned stay as they are. You can train it again without the picture."
        ),
        buttons=(
            Button(words.say("Train it again"), "train", again, Style.PRIMARY),
            Button(words.say("Look at it"), "mod show", {"model": str(data["model"])}),
        ),
        tone=Tone.CAUTION,
    )


def _announce_refunded(words: Words, data: dict[str, JsonValue]) -> Reply:
    stars, points = words.number(_number(data["stars"])), words.points(int(_number(data["points"])))
    return Reply(
        words.say("Your {stars} ⭐ were paid back", stars=stars),
        words.say("The {points} of that payment were taken off your balance.", points=points),
        buttons=(Button(words.say("Statement"), "statement"),),
    )


def _announce_signed_in(words: Words, data: dict[str, JsonValue]) -> Reply:
    return Reply(
        words.say("You signed in on the web"),
        words.say("If that was not you, sign out everywhere and tell the operator."),
        (
            Fact(words.say("Browser"), str(data["client"])),
            Fact(words.say("Link shown on"), name_platform(words, str(data["platform"]))),
        ),
        buttons=(Button(words.say("Sign out everywhere"), "logout", style=Style.DANGER),),
        tone=Tone.CAUTION,
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
