"""What to do next with a dataset, and what to mend in it; apart because several commands offer it."""

from bots.dialog import Button, Context, Style
from bots.wording import Words
from core.datasets.records import Dataset, Report


def offer_pictures(context: Context, dataset: Dataset) -> Button:
    label = context.words.say("Add pictures")
    return Button(label, "dataset add", {"dataset": dataset.id}, Style.PRIMARY)


def offer_steps(context: Context, dataset: Dataset, size: int) -> tuple[Button, ...]:
    """Offer what makes sense next with a dataset of this size."""
    words, bound = context.words, {"dataset": dataset.id}
    if not size:
        delete = Button(words.say("Delete"), "dataset delete", bound, Style.DANGER)
        return (offer_pictures(context, dataset), delete)
    return (
        Button(words.say("Train"), "train", bound, Style.PRIMARY),
        Button(words.say("Look at it"), "dataset show", bound),
        Button(words.say("Check"), "dataset report", bound),
        Button(words.say("Add pictures"), "dataset add", bound),
        Button(words.say("Caption"), "caption set", bound),
        Button(words.say("Caption all"), "caption all", bound),
        *_offer_model(context, dataset),
        Button(words.say("Share"), "dataset share", bound),
        Button(words.say("Download"), "dataset export", bound),
        Button(words.say("Remove a picture"), "dataset remove", bound, Style.DANGER),
    )


def _offer_model(context: Context, dataset: Dataset) -> tuple[Button, ...]:
    """Offer captions by a model, where one is set."""
    if not context.studio.offerings.captions.model:
        return ()
    label = context.words.say("Let a model caption")
    return (Button(label, "caption auto", {"dataset": dataset.id}),)


def advise(words: Words, report: Report) -> list[str]:
    """Say what to mend, the most important first."""
    if not report.items:
        return [words.say("Add some pictures: ten to thirty of one thing are a good start.")]
    return [*_advise_on_captions(words, report), *_advise_on_pictures(words, report)]


def _advise_on_captions(words: Words, report: Report) -> list[str]:
    bare, alike = len(report.uncaptioned), len(report.near_duplicates)
    lines = (
        words.count("{n} picture has no caption.", "{n} pictures have no caption.", bare),
        words.count(
            "{n} pair looks alike; keep the best picture of each.",
            "{n} pairs look alike; keep the best picture of each.",
            alike,
        ),
    )
    return [line for line, number in zip(lines, (bare, alike), strict=True) if number]


def _advise_on_pictures(words: Words, report: Report) -> list[str]:
    counts = (len(report.too_small), len(report.blurred), len(report.extreme_aspect))
    small, blurred, extreme = counts
    lines = (
        words.count(
            "{n} picture is smaller than it is trained at.",
            "{n} pictures are smaller than they are trained at.",
            small,
        ),
        words.count("{n} picture looks blurred.", "{n} pictures look blurred.", blurred),
        words.count(
            "{n} picture is very wide or very tall.",
            "{n} pictures are very wide or very tall.",
            extreme,
        ),
    )
    return [line for line, number in zip(lines, counts, strict=True) if number]
