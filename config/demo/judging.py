"""Asks for an evaluation of the downloaded file; a process of its own does it, because it needs torch."""

from pathlib import Path

from config.demo.pictures import CONTROLS, TRIGGER_WORD, Picture, Pictures, add_trigger
from config.demo.services import Services
from core.offerings.records import BaseModel, ParamValue
from worker.findings import CaptionedFile, Evaluation, Request
from worker.training.settings import Settings


async def judge(
    services: Services,
    base_model: BaseModel,
    params: dict[str, ParamValue],
    pictures: Pictures,
    folder: Path,
) -> Evaluation:
    """Compare the base model with and without `folder/lora.safetensors`; see worker/evaluation.py."""
    captions = [add_trigger(picture.caption) for picture in pictures.training][:10]
    request = Request(
        base_model=base_model,
        lora=folder / "lora.safetensors",
        dataset=_list_files(pictures.training, folder),
        held_out=_list_files(pictures.held_out, folder),
        prompts=pictures.prompts,
        controls=CONTROLS,
        measured_prompts=tuple(captions),
        plain_prompts=tuple(_take_trigger_out(caption) for caption in captions),
        settings=Settings.model_validate(params),
        out=folder / "pictures",
    )
    return Evaluation.model_validate_json(await services.measure(request))


def _list_files(pictures: tuple[Picture, ...], folder: Path) -> tuple[CaptionedFile, ...]:
    return tuple(
        CaptionedFile(
            file=folder / "dataset" / f"{picture.name}.png", caption=add_trigger(picture.caption)
        )
        for picture in pictures
    )


def _take_trigger_out(caption: str) -> str:
    """Ask for the same without the trigger word; where a noun is needed, for a circle."""
    if caption.startswith(f"{TRIGGER_WORD}, "):
        return caption.removeprefix(f"{TRIGGER_WORD}, ")
    return caption.replace(TRIGGER_WORD, "circle")
