"""DreamBooth by a real worker, and that its class images keep the base model from forgetting the class."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel

from core.jobs.records import Status
from core.offerings.records import Method, ParamValue, QuoteInputs
from core.offerings.service import TrainingWishes
from core.studio import Studio
from tests.worker.conftest import Running
from tests.worker.people import QUICK, meet, wait_for
from tests.worker.training.tasks import TINY, make_spec, train
from worker.base_models import FAMILIES, LoadedBase, load_base
from worker.evaluation import make_pipeline, measure_loss
from worker.messages import TaskImage, TrainingTask
from worker.tiny_sd import WEIGHTS_FOLDER
from worker.tiny_sd.check import read_scene
from worker.tiny_sd.scenes import Scene, draw_scene
from worker.training.sampling import draw_latents, draw_samples

CLASS, SUBJECT = "a circle", "a flagon circle"
SCENE = Scene("circle", "purple", "orange", "large", "left", "dotted")
STEPS, CLASS_IMAGES, JUDGED = 70, 10, 8
LORA = ("rank", "network_alpha", "network_dropout", "target_modules")


@pytest.fixture
def sparing() -> Iterator[None]:
    """One thread, and half the usual sampling steps: circles need no more."""
    threads, tiny = torch.get_num_threads(), FAMILIES["tiny"]
    torch.set_num_threads(1)
    FAMILIES["tiny"] = replace(tiny, sample_steps=10)
    yield
    torch.set_num_threads(threads)
    FAMILIES["tiny"] = tiny


@dataclass(frozen=True)
class Seen:
    """What is left of the class, and what of the subject was learned."""

    loss: float
    """On fresh pictures of the class that the base model drew."""
    subject: float
    """Share of pictures of the subject that have its shape and colours."""


def see(base: LoadedBase, fresh: torch.Tensor) -> Seen:
    def count(prompt: str, seed: int) -> list[bool]:
        drawn = draw_samples(base, [prompt] * JUDGED, (64, seed), lambda: None)
        colours = SCENE.foreground, SCENE.background
        return [(r.foreground, r.background) == colours for r in map(read_scene, drawn)]

    loss = float(measure_loss(base, fresh, [CLASS] * len(fresh), 5).mean())
    return Seen(loss, sum(count(SUBJECT, 300)) / JUDGED)


def learn(place: Path, class_images: int) -> LoadedBase:
    """Train on four uncaptioned pictures of one subject, and load the file as its user would."""
    (place / "images").mkdir(parents=True)
    images = [TaskImage(file=f"images/{n}.png", caption="", sha256="") for n in range(4)]
    for seed, image in enumerate(images):
        draw_scene(SCENE, seed).save(place / image.file)
    params: dict[str, ParamValue] = {"steps": STEPS, "learning_rate": 0.006, "rank": 8}
    more: dict[str, ParamValue] = {"network_alpha": 8.0, "caption_dropout": 0.0, "seed": 3}
    spec = make_spec(**params, **more, class_images=class_images)
    spec = spec.model_copy(update={"method": Method.DREAMBOOTH, "class_prompt": CLASS})
    told = train(TrainingTask(job="jb_test", spec=spec, images=tuple(images), folder=place))
    base = load_base(TINY)
    make_pipeline(base).load_lora_weights(str(place / "out"), weight_name=told.done.files[0].name)
    return base


@pytest.mark.usefixtures("sparing")
def test_the_class_survives_with_class_images_and_is_lost_without(tmp_path: Path) -> None:
    base = load_base(TINY)
    fresh = draw_latents(base, [CLASS] * JUDGED, (64, 50_000), lambda: None).clone()
    before = see(base, fresh)
    without = see(learn(tmp_path / "without", 0), fresh)
    kept = see(learn(tmp_path / "with", CLASS_IMAGES), fresh)
    assert without.subject >= 0.75 and kept.subject >= 0.75  # both learned the subject
    assert without.loss > 2 * before.loss
    assert kept.loss - before.loss < 0.3 * (without.loss - before.loss)


async def test_a_checkpoint_goes_from_submission_to_a_model_that_loads(
    studio: Studio, running: Running, tmp_path: Path
) -> None:
    person = await meet(studio)
    wishes = TrainingWishes(
        offering="dreambooth-checkpoint",
        trigger_words=("flagon",),
        class_prompt="a star",
        params={**{k: v for k, v in QUICK.items() if k not in LORA}, "class_images": 2},
    )
    async with running():
        job = await studio.jobs.submit(person.principal, person.dataset, wishes, "first")
        done = await wait_for(studio, person, job)
    assert done.status is Status.COMPLETED, done.error
    assert done.training.sample_prompts == ("a flagon star",)
    model = await studio.models.get(person.principal, done.model or "")
    for file in model.files:
        body = b"".join([chunk async for chunk in studio.models.read(file)])
        (tmp_path / file.name).write_bytes(body)
    folder = UNet2DConditionModel.from_pretrained(tmp_path)
    single = StableDiffusionPipeline.from_single_file(
        str(tmp_path / "model.safetensors"), config=str(WEIGHTS_FOLDER), torch_dtype=torch.float32
    )
    found = single.unet.state_dict()
    assert all(torch.equal(v.float(), found[k]) for k, v in folder.state_dict().items())
    charged = 1000 - await studio.points.get_balance(person.principal.account)
    assert charged == job.quote.points == 5 + -(-(12 * 2 * 2 + 2 * 10) * 20 // 1000)
    assert (await studio.reconciler.reconcile()).is_sound


@pytest.mark.parametrize("name", ["dreambooth", "sd15-dreambooth", "sdxl-dreambooth"])
async def test_a_class_prompt_is_part_of_what_is_bought(name: str, studio: Studio) -> None:
    wishes = TrainingWishes(
        offering=name, trigger_words=("sks",), class_prompt=" a  photo of a dog "
    )
    spec, quote = studio.offerings.specify(wishes)
    assert spec.class_prompt == "a photo of a dog"
    assert spec.sample_prompts == ("a photo of a sks dog",)
    assert isinstance(quote.inputs, QuoteInputs)
    assert quote.inputs.class_images > 0 and quote.inputs.class_image_steps == 10
    changed = wishes.model_copy(update={"class_prompt": "a photo of a cat"})
    assert changed.hash_for("ds_a") != wishes.hash_for("ds_a")
