"""kill -9 of a worker that writes captions; apart because its model is made with torch."""

from core.auto_captions.records import CaptionWishes
from tests.faults.ground import Ground, open_yard
from tests.faults.killed import CAPTION_POINTS, kill_in_turn
from tests.faults.rows import Row


async def kill_captions(ground: Ground, times: int) -> Row:
    """Write captions of four pictures; the worker is killed between writing one and counting it, and later."""
    row = Row(f"worker that writes captions: kill -9 at each of {len(CAPTION_POINTS)} named writes")
    for _ in range(times):
        await kill_captioning(ground, CAPTION_POINTS, row)
    return row


async def kill_captioning(ground: Ground, points: tuple[str, ...], row: Row) -> None:
    """Kill the workers of one job of captions, each at its point."""
    from tests.worker.small_captioners import save_small_blip  # imports torch

    settings = ground.make_settings()
    ground.folder.mkdir(exist_ok=True)
    prices = ground.folder / "captioning.toml"
    prices.write_text("points_per_100_pictures = 100\n")
    model = str(save_small_blip(ground.folder / "blip").resolve())
    settings = settings.model_copy(update={"caption_model": model, "captioning_file": prices})
    async with open_yard(settings, images=4) as yard:
        studio, person = yard.studio, yard.person
        job = await studio.auto_captions.submit(
            person.principal, person.dataset, CaptionWishes(prefix=""), "first"
        )
        yard.ids.append(job.id)
        await kill_in_turn(yard, points, row)
        items = await studio.datasets.list_active(person.dataset)
        row.expect("captions", sum(bool(item.captions.get("auto")) for item in items), 4)
        done = await studio.leases._jobs.get(job.id)
        row.expect("points charged", done.charged_points or 0, 4)
