"""Pieces of replies that several commands share: pictures as files, names of states, titles of things."""

from collections.abc import AsyncIterator

from bots.dialog import Button, Context, File, Scalar, Style
from bots.wording import N_, Words
from core.accounts.records import Principal
from core.datasets.records import Item
from core.generations.loras import LORA_FILE
from core.jobs.records import Status, StoredFile
from core.jobs.starting import WEIGHTS_FILE
from core.models.records import TrainedModel
from core.ports import DrawnPicture
from core.studio import Studio

_STATUS = {
    Status.PENDING: N_("waiting"),
    Status.QUEUED: N_("waiting"),
    Status.PREPARING: N_("preparing"),
    Status.RUNNING: N_("training"),
    Status.FINISHING: N_("finishing"),
    Status.COMPLETED: N_("finished"),
    Status.FAILED: N_("failed"),
    Status.CANCELLED: N_("cancelled"),
}
ICONS = {
    Status.QUEUED: "⏳",
    Status.PREPARING: "⚙",
    Status.RUNNING: "▶",
    Status.FINISHING: "⚙",
    Status.COMPLETED: "✓",
    Status.FAILED: "✗",
    Status.CANCELLED: "■",
}


_PLATFORMS = {"discord": "Discord", "telegram": "Telegram", "web": "Web"}


def name_platform(words: Words, platform: str) -> str:
    """Name a platform as people know it."""
    return words.say("Terminal") if platform == "local" else _PLATFORMS.get(platform, platform)


def name_status(words: Words, status: Status) -> str:
    return words.say(_STATUS[status])


def show_status(words: Words, status: Status) -> str:
    """Name a state with its sign."""
    return f"{ICONS.get(status, '·')} {name_status(words, status)}"


def title_item(number: int, item: Item, caption_set: str) -> str:
    """Name a picture by its number and its caption, or else its file's name."""
    text = item.captions.get(caption_set) or (f"[{item.filename}]" if item.filename else "")
    return f"{number}. {text}".rstrip()


def show_drawing(name: str, drawing: DrawnPicture | None, caption: str = "") -> tuple[File, ...]:
    """Hand over a picture that was drawn; nothing when there was nothing to draw."""
    if drawing is None:
        return ()

    async def read() -> AsyncIterator[bytes]:
        yield drawing.body

    return (File(name, drawing.content_type, len(drawing.body), read, caption),)


def show_file(context: Context, file: StoredFile, caption: str = "", link: str = "") -> File:
    """Hand over a stored file, or its address where there is one already."""
    return make_file(context.studio, context.principal, file, caption, link)


def make_file(
    studio: Studio, principal: Principal, file: StoredFile, caption: str = "", link: str = ""
) -> File:
    """Hand over a stored file; its bytes are read, or an address made, when the platform wants them."""

    async def make_link() -> str:
        return link or await studio.downloads.make_link(principal, file)

    return File(
        file.name,
        file.content_type,
        file.bytes,
        lambda: studio.models.read(file),
        caption,
        make_link,
    )


def offer_further(words: Words, model: TrainedModel) -> tuple[Button, ...]:
    """Offer to train a LoRA further, with what it was trained as; nothing for a whole model."""
    if model.find_file(WEIGHTS_FILE) is None:
        return ()
    bound: dict[str, Scalar] = {
        "offering": model.provenance.offering,
        "base_model": model.provenance.base_model,
        "trigger": ", ".join(model.trigger_words),
        "start_from": model.id,
    }
    return (Button(words.say("Train further"), "train", bound),)


def offer_try(words: Words, model: TrainedModel) -> tuple[Button, ...]:
    """Offer to draw a model's own sample prompt with it; nothing for a whole model."""
    if model.find_file(LORA_FILE) is None:
        return ()
    prompt = model.samples[-1].prompt if model.samples else model.trigger_words[0]
    args: dict[str, Scalar] = {"prompt": prompt, "model": model.id}
    return (Button(words.say("Try it"), "generate", args, Style.PRIMARY),)
