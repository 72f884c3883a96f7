"""The training child on the tiny model against a bare loop: steps a second and peak memory, in turns."""

from statistics import median

from config.settings import Settings
from config.wiring import load_offerings
from core.offerings.records import TrainingSpec
from core.offerings.service import TrainingWishes
from tests.bench import yard
from tests.bench.figures import Effort, Reading
from tests.bench.trainers import Loop, Trained, make_task, start_loop, train
from tests.bench.turns import compare

_SKIPPED = 2


async def measure(effort: Effort) -> dict[str, Reading]:
    with yard.make_folder() as folder:
        task = make_task(make_spec(effort), folder)
        async with train(task, _SKIPPED) as trained, start_loop("bare_loop", task) as bare:
            return await _compare(trained, bare, effort)


async def _compare(trained: Trained, bare: Loop, effort: Effort) -> dict[str, Reading]:
    ours_s, bare_s = list[float](), list[float]()
    steps = effort.training_turn_steps
    await trained.run(effort.warmup_steps)
    await bare.run(effort.warmup_steps)
    for _ in range(effort.training_turns):
        ours_s.append(await trained.run(steps))
        bare_s.append(await bare.run(steps))
    ours_mb, bare_mb = await trained.finish(), bare.read_peak_mb()
    ratio, spread = compare(bare_s, ours_s)
    speeds = f"{steps / median(ours_s):.1f} against {steps / median(bare_s):.1f} steps/s"
    sizes = f"{ours_mb:.0f} against {bare_mb:.0f} MB"
    return {
        "training.tiny.step_ratio": Reading(ratio, f"{speeds}; {spread}"),
        "training.tiny.memory_ratio": Reading(ours_mb / bare_mb, sizes),
    }


def make_spec(effort: Effort) -> TrainingSpec:
    """Specify a tiny training with the defaults, long enough to measure, with few samples."""
    turns = effort.training_turns * (effort.training_turn_steps + _SKIPPED + 1)
    wishes = TrainingWishes(
        offering="tiny-lora",
        trigger_words=("bench",),
        sample_prompts=("bench",),
        params={"steps": effort.warmup_steps + turns + 10, "sample_every_steps": 5000},
    )
    return load_offerings(Settings()).specify(wishes)[0]
