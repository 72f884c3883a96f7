"""A few-step LoRA from submission to a picture that a stranger draws by its card, with a real worker."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from PIL import Image

from config.settings import Settings
from config.wiring import open_studio
from core.jobs.records import Job, Status, StoredFile
from core.offerings.service import TrainingWishes
from core.studio import Studio
from tests.journeys.conftest import work
from tests.worker.people import QUICK, Person, meet, wait_for
from worker.tiny_sd import ACCELERATION_FILE, WEIGHTS_FOLDER
from worker.training.hashes import compute_hashes

PROMPT = "a flagon on a blue background"


async def submit_hyper(studio: Studio, person: Person) -> Job:
    wishes = TrainingWishes(
        offering="hyper-lora",
        trigger_words=("flagon",),
        sample_prompts=(PROMPT,),
        params={**QUICK, "learning_rate": 0.002},
    )
    return await studio.jobs.submit(person.principal, person.dataset, wishes, "hyper")


async def test_a_stranger_draws_in_four_steps_what_the_owner_saw(
    studio: Studio, settings: Settings, tmp_path: Path
) -> None:
    person = await meet(studio)
    async with work(studio, settings):
        done = await wait_for(studio, person, await submit_hyper(studio, person))
    assert done.status is Status.COMPLETED, done.error
    model = await studio.models.get(person.principal, done.model or "")
    assert model.sampler is not None
    assert (model.sampler.steps, model.sampler.guidance_scale) == (4, 1.0)
    assert model.sampler.acceleration == "tiny-sd-4-steps"
    assert model.sampler.acceleration_sha256 == compute_hashes(ACCELERATION_FILE).sha256
    (lora,) = [file for file in model.files if file.name == "lora.safetensors"]
    sample = await _read(studio, model.samples[-1].file)
    seen = np.asarray(Image.open(io.BytesIO(sample)), np.float32)
    plain, drawn = _draw(await _read(studio, lora), tmp_path, done.training.get_int("seed"))
    assert np.abs(seen - drawn).mean() < 1.0
    assert np.abs(seen - plain).mean() > 3 * np.abs(seen - drawn).mean()


async def test_without_the_acceleration_lora_the_points_come_back(
    settings: Settings, tmp_path: Path
) -> None:
    models = tmp_path / "base_models.toml"
    known = settings.base_models_file.read_text()
    at = known.index("[base_model.acceleration]")
    moved = known[at:].replace("builtin:tiny_sd", str(tmp_path / "nowhere"), 1)
    models.write_text(known[:at] + moved)
    changed = settings.model_copy(update={"base_models_file": models})
    async with open_studio(changed) as studio:
        person = await meet(studio)
        async with work(studio, changed):
            done = await wait_for(studio, person, await submit_hyper(studio, person))
        assert done.status is Status.FAILED and done.error is not None
        assert done.error.code == "acceleration_missing"
        assert "Nothing was charged" in done.error.message
        assert done.attempts == 1
        assert await studio.points.get_balance(person.principal.account) == 1000


def _draw(lora: bytes, folder: Path, seed: int) -> Iterator[npt.NDArray[np.float32]]:
    """Draw as the model's card says, with diffusers alone: without the LoRA, and then with it."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        WEIGHTS_FOLDER, dtype=torch.float32, safety_checker=None
    )
    pipeline.load_lora_weights(ACCELERATION_FILE.parent, weight_name=ACCELERATION_FILE.name)
    pipeline.fuse_lora()
    pipeline.unload_lora_weights()
    pipeline.scheduler = DDIMScheduler.from_config(
        pipeline.scheduler.config, timestep_spacing="trailing"
    )
    yield _draw_once(pipeline, seed)
    (folder / "lora.safetensors").write_bytes(lora)
    pipeline.load_lora_weights(folder, weight_name="lora.safetensors")
    yield _draw_once(pipeline, seed)


def _draw_once(pipeline: StableDiffusionPipeline, seed: int) -> npt.NDArray[np.float32]:
    size = {"height": 64, "width": 64}
    generator = [torch.Generator().manual_seed(seed)]
    way = {"num_inference_steps": 4, "guidance_scale": 1}
    (picture,) = pipeline([PROMPT], generator=generator, **size, **way).images
    return np.asarray(picture, np.float32)


async def _read(studio: Studio, file: StoredFile) -> bytes:
    return b"".join([chunk async for chunk in studio.models.read(file)])
