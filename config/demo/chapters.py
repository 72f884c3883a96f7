"""The demo's two short chapters after the story: DreamBooth, and a Hyper-LoRA that draws in four steps."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from adapters.client import Picture, TrainyardClient
from adapters.client.models import NewDataset, NewTraining
from config.demo import checks, figures, sheets
from config.demo.pictures import TRIGGER_WORD
from config.demo.screen import Screen
from config.demo.services import Services
from config.demo.waiting import wait_until_settled
from core.errors import TrainyardError
from core.offerings.records import BaseModel, Method, ParamValue
from core.records import Value
from worker.findings import Glance, GlanceRequest
from worker.tiny_sd.scenes import Scene, draw_scene
from worker.training.settings import Settings

Params = dict[str, ParamValue]
SUBJECT, CLASS = "flumph", "a circle"
SCENE = Scene("circle", "purple", "orange", "large", "left", "dotted")
SUBJECT_PICTURES = 4
DRAWN = 4
"""Pictures with the trigger word, and as many without."""
DREAMBOOTH_PARAMS: Params = {
    "steps": 60,
    "train_batch_size": 2,
    "learning_rate": 0.008,
    "lr_scheduler": "constant",
    "lr_warmup_steps": 0,
    "caption_dropout": 0.0,
    "sample_every_steps": 5000,
    "class_images": 8,
}
HYPER_PARAMS: Params = {
    "steps": 250,
    "learning_rate": 0.003,
    "rank": 16,
    "network_alpha": 16.0,
    "flip": False,
    "sample_every_steps": 5000,
}


@dataclass(frozen=True)
class Stage:
    """What a chapter is told with."""

    person: TrainyardClient
    services: Services
    screen: Screen
    base_model: BaseModel
    out: Path


class Chapter(Value):
    """What a chapter bought and found."""

    took_s: float
    trainings: tuple[figures.Bought, ...]
    glance: Glance

    def to_json(self) -> dict[str, JsonValue]:
        looks = [look.model_dump(exclude={"pictures"}) for look in self.glance.looks]
        return {
            "took_s": self.took_s,
            "points": [{**bought.get_points()} for bought in self.trainings],
            "looks": [*looks],
        }


async def tell_dreambooth(stage: Stage, params: Params) -> Chapter:
    """Teach one subject with and without class images, and see what is left of its class."""
    began_s = time.monotonic()
    screen, out = stage.screen, stage.out
    screen.begin_chapter("DreamBooth: one subject, and what it is one of is not forgotten")
    folder = out / "subject"
    folder.mkdir(exist_ok=True)
    files = [folder / f"{SUBJECT}-{index + 1}.png" for index in range(SUBJECT_PICTURES)]
    for seed, file in enumerate(files):
        draw_scene(SCENE, seed).save(file)
    screen.say(
        f"Drew {len(files)} pictures of one purple circle, the “{SUBJECT}”; no captions, but a class: "
        f"“{CLASS}”."
    )
    dataset = await stage.person.create_dataset(
        NewDataset(name="Subject", description="What DreamBooth is shown with.")
    )
    await stage.person.upload_pictures(dataset.id, map(Picture, files))
    order = NewTraining(
        dataset=dataset.id,
        offering="dreambooth",
        trigger_words=[SUBJECT],
        class_prompt=CLASS,
        params=params,
    )
    count = params["class_images"]
    screen.say(f"With {count} pictures of circles that the base model draws for itself:")
    kept = await _buy(stage, order)
    screen.say("The same without them, to compare:")
    without = order.model_copy(update={"params": {**params, "class_images": 0}})
    lost = await _buy(stage, without)
    loras = [await _download(stage, kept, "dreambooth"), await _download(stage, lost, "forgetful")]
    subject = CLASS.replace("a ", f"a {SUBJECT} ")
    request = GlanceRequest(
        base_model=stage.base_model,
        method=Method.DREAMBOOTH,
        loras=tuple(loras),
        prompts=(*[subject] * DRAWN, *[CLASS] * DRAWN),
        class_prompt=CLASS,
        settings=Settings.model_validate(kept.training.spec.params),
        out=out / "pictures" / "dreambooth",
    )
    glance = Glance.model_validate_json(await stage.services.measure(request))
    figures.show_forgetting(glance, CLASS, screen)
    checks.check_forgetting(glance)
    sheets.save_dreambooth(out / "dreambooth.png", files, glance, (subject, CLASS))
    return _end(began_s, (kept, lost), glance)


async def tell_hyper_lora(
    stage: Stage, params: Params, dataset: str, prompts: Sequence[str], usual: Sequence[Path]
) -> Chapter:
    """Teach the story's dataset over the acceleration LoRA; `usual` is what the story's LoRA drew."""
    began_s = time.monotonic()
    screen, out = stage.screen, stage.out
    given = stage.base_model.acceleration
    assert given is not None
    screen.begin_chapter(f"Hyper-LoRA: the same pictures, drawn in {given.steps} steps")
    screen.say("Trained over the frozen acceleration LoRA that ships with the small model:")
    order = NewTraining(
        dataset=dataset, offering="hyper-lora", trigger_words=[TRIGGER_WORD], params=params
    )
    bought = await _buy(stage, order)
    request = GlanceRequest(
        base_model=stage.base_model,
        method=Method.HYPER_LORA,
        loras=(await _download(stage, bought, "hyper-lora"),),
        prompts=tuple(prompts),
        dataset=tuple(sorted((out / "dataset").glob("*.png"))),
        settings=Settings.model_validate(bought.training.spec.params),
        out=out / "pictures" / "hyper-lora",
    )
    glance = Glance.model_validate_json(await stage.services.measure(request))
    figures.show_four_steps(glance, given.steps, screen)
    sheets.save_hyper_lora(out / "hyper-lora.png", glance, (given.steps, prompts), usual)
    return _end(began_s, (bought,), glance)


async def _buy(stage: Stage, order: NewTraining) -> figures.Bought:
    """Buy a training, follow it to its end, and say what became of the points."""
    person, screen = stage.person, stage.screen
    before_points = (await person.get_balance()).balance_points
    training = await person.submit_training(order)
    await screen.follow(person.follow_training(training.id), parts=0)
    training = await wait_until_settled(person.wait_for_training(training.id))
    if training.status != "completed":
        reason = training.error.message if training.error else f"It was {training.status}."
        raise TrainyardError(f"The training did not succeed: {reason}")
    bought = figures.Bought(
        training=training,
        statement=tuple(await person.get_statement().collect()),
        balance_points=(await person.get_balance()).balance_points,
        losses=(),
    )
    checks.check_points(bought, before_points)
    figures.tell_points(bought, screen)
    return bought


async def _download(stage: Stage, bought: figures.Bought, name: str) -> Path:
    assert bought.training.model is not None
    model = await stage.person.get_model(bought.training.model)
    (announced,) = [file for file in model.files if file.name == "lora.safetensors"]
    file = stage.out / f"{name}.safetensors"
    await stage.person.download_file(model.id, announced.name, to=file)
    figures.check_download(file, announced)
    return file


def _end(began_s: float, trainings: tuple[figures.Bought, ...], glance: Glance) -> Chapter:
    took_s = round(time.monotonic() - began_s, 1)
    return Chapter(took_s=took_s, trainings=trainings, glance=glance)
