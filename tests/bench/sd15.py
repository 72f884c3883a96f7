"""The training child on Stable Diffusion 1.5 at its real size, against a bare loop and diffusers' algorithm."""

from statistics import median

from config.settings import Settings
from config.wiring import load_offerings
from core.offerings.records import BaseModel, ParamValue, TrainingSpec
from core.offerings.service import TrainingWishes
from tests.bench import yard
from tests.bench.figures import Effort, Reading
from tests.bench.full_size import make_base
from tests.bench.trainers import Loop, Trained, make_task, start_loop, train
from tests.bench.turns import compare

_PARAMS: dict[str, ParamValue] = {
    "resolution_px": 256,
    "rank": 16,
    "mixed_precision": "no",
    "optimizer": "adamw",
}
_LARGE_BATCH = 4
_PICTURES = 4


async def measure(effort: Effort) -> dict[str, Reading]:
    turns, steps = effort.large_turns, effort.large_turn_steps
    planned = 2 + 3 * turns * (steps + 1)
    with yard.make_folder() as folder:
        model = make_base("sd15", folder / "base")
        spec = make_spec("sd15-lora", model, **_PARAMS, train_batch_size=1, steps=planned + 1)
        task = make_task(spec, folder / "one", _PICTURES)
        more = make_spec("sd15-lora", model, **_PARAMS, train_batch_size=_LARGE_BATCH)
        async with train(task) as trained:
            await trained.run(1)
            async with start_loop("bare_loop", task) as bare:
                found = await _compare_steps(trained, bare, effort)
            async with start_loop("diffusers_loop", task) as other:
                found |= await _compare_with_diffusers(trained, other, effort)
                other_mb = other.read_peak_mb()
            async with train(make_task(more, folder / "four", _PICTURES)) as four:
                found |= await _compare_batches(trained, four, effort)
            ours_mb = await trained.finish()
    sizes = f"{ours_mb / 1e3:.1f} against {other_mb / 1e3:.1f} GB"
    return found | {"training.vs_diffusers_memory_ratio": Reading(ours_mb / other_mb, sizes)}


async def _compare_steps(trained: Trained, bare: Loop, effort: Effort) -> dict[str, Reading]:
    ours_s, bare_s = await _take_turns(trained, bare, effort)
    ratio, spread = compare(bare_s, ours_s)
    times = f"{_word(ours_s, effort)} against {_word(bare_s, effort)} s a step"
    return {"training.sd15.step_ratio": Reading(ratio, f"{times}; {spread}")}


async def _compare_with_diffusers(
    trained: Trained, other: Loop, effort: Effort
) -> dict[str, Reading]:
    ours_s, other_s = await _take_turns(trained, other, effort)
    ratio, spread = compare(other_s, ours_s)
    times = f"{_word(ours_s, effort)} against {_word(other_s, effort)} s an image"
    return {"training.vs_diffusers_ratio": Reading(ratio, f"{times}; {spread}")}


async def _compare_batches(one: Trained, four: Trained, effort: Effort) -> dict[str, Reading]:
    one_s, four_s = await _take_turns(one, four, effort)
    per_image_s = [took_s / _LARGE_BATCH for took_s in four_s]
    ratio, spread = compare(one_s, per_image_s)
    times = f"{_word(per_image_s, effort)} against {_word(one_s, effort)} s an image"
    return {"training.sd15.batch4_ratio": Reading(ratio, f"{times}; {spread}")}


async def _take_turns(
    one: Trained, other: Trained | Loop, effort: Effort
) -> tuple[list[float], list[float]]:
    """Let two sides make the same number of steps in turns, after one step of the other's to warm up."""
    one_s, other_s = list[float](), list[float]()
    await other.run(1)
    for _ in range(effort.large_turns):
        one_s.append(await one.run(effort.large_turn_steps))
        other_s.append(await other.run(effort.large_turn_steps))
    return one_s, other_s


def _word(turns_s: list[float], effort: Effort) -> str:
    return f"{median(turns_s) / effort.large_turn_steps:.2f}"


def make_spec(offering: str, model: BaseModel, **params: ParamValue) -> TrainingSpec:
    """Specify a training with an offering's defaults but for `params`, on another base model and unsampled.

    Samples would take minutes on a CPU.
    """
    wishes = TrainingWishes(offering=offering, trigger_words=("bench",))
    spec = load_offerings(Settings()).specify(wishes)[0]
    more = {"base_model": model, "sample_prompts": (), "params": {**spec.params, **params}}
    return spec.model_copy(update=more)
