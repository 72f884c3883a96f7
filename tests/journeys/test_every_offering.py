"""Every offering of the big families, bought and trained by a real worker on their real classes at a small size."""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from config.settings import Settings
from config.wiring import load_offerings, open_studio
from core.jobs.records import Status
from core.models.records import TrainedModel
from core.offerings.records import Method, Offering, Output, ParamValue
from core.offerings.service import TrainingWishes
from core.studio import Studio
from tests.journeys.conftest import work
from tests.worker import small_sd15, small_sdxl
from tests.worker.people import Person, meet, wait_for

MAKERS: dict[str, Callable[[Path], Path]] = {
    "sd15": small_sd15.make_folder,
    "sdxl": small_sdxl.make_folder,
}
QUICK: dict[str, ParamValue] = {
    "steps": 2,
    "resolution_px": 64,
    "train_batch_size": 1,
    "rank": 2,
    "mixed_precision": "no",
    "lr_warmup_steps": 0,
}
DREAMBOOTH: dict[str, ParamValue] = {"class_images": 1}


def shrink(text: str) -> str:
    """Allow two steps and 64 px, where the catalogue wants no fewer than what is worth its price."""
    text = re.sub(r'(?m)^(steps = \{ kind = "int", default = \d+, min = )\d+', r"\g<1>1", text)
    text = re.sub(r'(resolution_px = \{ kind = "int", default = \d+, min = )\d+', r"\g<1>64", text)
    return re.sub(r"min_images = \d+", "min_images = 3", text)


def move(entry: str, folder: Path, few: Path) -> str:
    """Let a base model lie in a folder and its acceleration LoRA in another, as `lora.safetensors`."""
    base, accelerated = entry.split("[base_model.acceleration]")
    base = re.sub(r'source = "[^"]*"', f'source = "{folder}"', base)
    base = re.sub(r'revision = "[^"]*"\n', "", base)
    accelerated = re.sub(r'source = "[^"]*"', f'source = "{few}"', accelerated)
    accelerated = re.sub(r'weight_name = "[^"]*"', 'weight_name = "lora.safetensors"', accelerated)
    return f"{base}[base_model.acceleration]{accelerated}"


@pytest.fixture(params=list(MAKERS))
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def small(settings: Settings, tmp_path: Path, family: str) -> Settings:
    """Settings whose base model of this family lies in a folder, and its acceleration LoRA in a file."""
    folder = MAKERS[family](tmp_path / "base")
    (tmp_path / "few").mkdir()
    models = tmp_path / "base_models.toml"
    known = settings.base_models_file.read_text().split("[[base_model]]")
    models.write_text(
        "[[base_model]]".join(
            move(part, folder, tmp_path / "few") if f'family = "{family}"' in part else part
            for part in known
        )
    )
    shipped = settings.training_offerings_file.read_text()
    mine = [part for part in shipped.split("[[offering]]") if f'family = "{family}"' in part]
    offerings = tmp_path / "training_offerings.toml"
    offerings.write_text("".join(f"[[offering]]{shrink(part)}" for part in mine))
    return settings.model_copy(
        update={"base_models_file": models, "training_offerings_file": offerings}
    )


@pytest.fixture
async def studio(small: Settings) -> AsyncIterator[Studio]:
    async with open_studio(small) as opened:
        yield opened


async def buy(studio: Studio, person: Person, offering: Offering) -> TrainedModel:
    """Quote, submit and wait; the model must be there, and cost what was said."""
    params = {name: value for name, value in QUICK.items() if offering.find_param(name)}
    if offering.method is Method.DREAMBOOTH:
        params |= DREAMBOOTH
    wishes = TrainingWishes(
        offering=offering.id,
        trigger_words=("flagon",),
        params=params,
        class_prompt="a flag" if offering.method is Method.DREAMBOOTH else "",
    )
    job = await studio.jobs.submit(person.principal, person.dataset, wishes, offering.id)
    done = await wait_for(studio, person, job)
    assert done.status is Status.COMPLETED, (offering.id, done.error)
    assert done.charged_points == job.quote.points
    model = await studio.models.get(person.principal, done.model or "")
    names = {file.name for file in model.files}
    assert "README.md" in names
    if offering.output is Output.CHECKPOINT:
        assert any(name.endswith(".safetensors") for name in names)
        return model
    assert {"lora.safetensors", "lora-diffusers.safetensors"} <= names
    assert (model.sampler is not None) == (offering.method is Method.HYPER_LORA)
    return model


async def test_every_offering_of_a_family_is_trained_and_settled(
    small: Settings, studio: Studio, tmp_path: Path, family: str
) -> None:
    offerings = load_offerings(small).list_all()
    assert {o.method for o in offerings} == {Method.LORA, Method.HYPER_LORA, Method.DREAMBOOTH}
    person = await meet(studio, points=100_000)
    plain_first = sorted(offerings, key=lambda o: (o.method is not Method.LORA, o.id))
    async with work(studio, small, families=(family,)):
        for offering in plain_first:
            model = await buy(studio, person, offering)
            if offering.method is Method.LORA:  # stands for the acceleration LoRA of the others
                await keep_lora(studio, model, tmp_path / "few")
    verdict = await studio.reconciler.reconcile()
    assert verdict.is_sound and verdict.open_holds_points == 0


async def keep_lora(studio: Studio, model: TrainedModel, folder: Path) -> None:
    """Keep a model's weights where the acceleration LoRA is looked for."""
    [file] = [file for file in model.files if file.name == "lora-diffusers.safetensors"]
    with (folder / "lora.safetensors").open("wb") as kept:
        async for chunk in studio.models.read(file):
            kept.write(chunk)
