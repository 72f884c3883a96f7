"""What there is to choose from: one's own datasets, pictures, trainings and models; and their parameters."""

from collections import Counter

from bots.dialog import Args, Button, Choice, Context, Kind, Param
from bots.pieces import name_status, title_item
from bots.wording import N_, shorten
from core.datasets.records import Dataset
from core.jobs.records import TERMINAL, Status
from core.models.service import list_files as list_allowed
from core.records import Cursor, PageRequest

MOST = 1000
ALL = PageRequest(limit=200)
PAGE = 8


async def list_datasets(context: Context, args: Args, typed: str) -> list[Choice]:
    """Offer one's own datasets, then those of others that one has joined."""
    own = await list_own_datasets(context, args, typed)
    return [*own, *await list_joined_datasets(context, args, typed)]


async def list_joined_datasets(context: Context, args: Args, typed: str) -> list[Choice]:
    """Offer the datasets of others that one has joined, the latest first."""
    words = context.words
    page = await context.studio.sharing.list_joined(context.principal, ALL)
    return [Choice(d.id, words.say("{name} (shared)", name=d.name)) for d in page.items]


async def list_own_datasets(context: Context, args: Args, typed: str) -> list[Choice]:
    """Offer one's own datasets, the newest first; those of one name are told apart by their date."""
    found: list[Dataset] = []
    page = await context.studio.datasets.list_own(context.principal, ALL)
    found.extend(page.items)
    while page.next is not None and len(found) < MOST:
        request = PageRequest(limit=200, after=page.next)
        page = await context.studio.datasets.list_own(context.principal, request)
        found.extend(page.items)
    names = Counter(dataset.name for dataset in found)
    return [
        Choice(
            dataset.id,
            dataset.name
            if names[dataset.name] == 1
            else f"{dataset.name} ({context.words.moment(dataset.created_at)})",
        )
        for dataset in found
    ]


async def list_items(context: Context, args: Args, typed: str) -> list[Choice]:
    """Offer a dataset's pictures by number and caption."""
    dataset = await context.studio.datasets.get(context.principal, args.text("dataset"))
    items = await context.studio.datasets.list_active(dataset.id)
    return [
        Choice(
            item.id,
            shorten(title_item(number, item, dataset.default_caption_set), 60),
            keys=(str(number), f"#{number}"),
        )
        for number, item in enumerate(items[:MOST], 1)
    ]


async def list_jobs(context: Context, args: Args, typed: str) -> list[Choice]:
    """Offer one's trainings, the newest first."""
    return await _list_jobs(context, frozenset(Status))


async def list_live_jobs(context: Context, args: Args, typed: str) -> list[Choice]:
    """Offer the trainings that can still be cancelled."""
    return await _list_jobs(context, frozenset(Status) - TERMINAL)


async def list_ended_jobs(context: Context, args: Args, typed: str) -> list[Choice]:
    """Offer the trainings that can be tried again."""
    return await _list_jobs(context, frozenset({Status.FAILED, Status.CANCELLED}))


async def _list_jobs(context: Context, statuses: frozenset[Status]) -> list[Choice]:
    page = await context.studio.jobs.list_own(context.principal, ALL)
    return [
        Choice(
            job.id,
            shorten(
                f"{job.dataset_name}: {job.training.trigger_words[0]}, "
                f"{context.words.moment(job.created_at)}",
                70,
            ),
            name_status(context.words, job.status),
            keys=(str(number),),
        )
        for number, job in enumerate(page.items, 1)
        if job.status in statuses
    ]


async def list_models(context: Context, args: Args, typed: str) -> list[Choice]:
    """Offer one's own models, the newest first; of models with one name each has its number."""
    page = await context.studio.models.list_own(context.principal, ALL)
    names = Counter(model.name for model in page.items)
    return [
        Choice(
            model.id,
            model.name if names[model.name] == 1 else f"{number}. {model.name}",
            keys=(str(number), *(word.casefold() for word in model.trigger_words)),
        )
        for number, model in enumerate(page.items, 1)
    ]


async def list_files(context: Context, args: Args, typed: str) -> list[Choice]:
    """Offer a model's files."""
    model = await context.studio.models.get(context.principal, args.text("model"))
    words = context.words
    return [
        Choice(
            file.name,
            file.name,
            words.say("{size}, for diffusers", size=words.size(file.bytes))
            if "diffusers" in file.name
            else words.say(
                "{size}, for ComfyUI, A1111 and most others", size=words.size(file.bytes)
            ),
        )
        for file in list_allowed(model, context.principal)
        if file in model.files
    ]


DATASET = Param(
    "dataset",
    N_("Which dataset?"),
    Kind.CHOICE,
    list_datasets,
    empty=N_("You have no dataset yet."),
    start="dataset create",
)
ITEM = Param(
    "picture", N_("Which picture?"), Kind.CHOICE, list_items, empty=N_("This dataset is empty.")
)
JOB = Param(
    "training",
    N_("Which training?"),
    Kind.CHOICE,
    list_jobs,
    empty=N_("There is no training yet."),
    start="train",
)
MODEL = Param(
    "model",
    N_("Which model?"),
    Kind.CHOICE,
    list_models,
    empty=N_("You have no model yet. A training makes one."),
    start="train",
)
AFTER = Param("after", "", required=False, hidden=True)


def read_page(args: Args, limit: int = PAGE) -> PageRequest:
    """Return the page that a "more" button asks for, else the first."""
    after = args.text("after")
    return PageRequest(limit=limit, after=Cursor.decode(after) if after else None)


def page_buttons(context: Context, path: str, args: Args, following: Cursor | None) -> list[Button]:
    """Offer the next page, and the way back to the first from any other."""
    words = context.words
    bound = {name: value for name, value in args.values.items() if name != "after"}
    buttons = []
    if following is not None:
        after = {**bound, "after": following.encode()}
        buttons.append(Button(words.say("More"), path, after))
    if args.has("after"):
        buttons.append(Button(words.say("From the start"), path, bound))
    return buttons
