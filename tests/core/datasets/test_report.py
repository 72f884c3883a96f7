"""The health report stays small and names what to mend."""

from core.datasets.report import MAX_PAIRS
from tests.core.yard import Yard, make_item


async def test_likenesses_are_bounded_and_the_nearest_come_first(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 60)
    report = await yard.studio.report(mira, dataset)
    assert len(report.near_duplicates) == MAX_PAIRS
    distances = [pair.distance for pair in report.near_duplicates]
    assert distances == sorted(distances)
    assert distances[0] == 1


async def test_a_report_says_what_fits_and_what_to_mend(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 0)
    assert "Add some pictures" in (await yard.studio.report(mira, dataset)).advice[0]
    poor = make_item(yard.clock, mira, dataset, 1)
    update = {"sharpness": 1.0, "width_px": 300, "height_px": 20, "captions": {}}
    item = await yard.stores.items.insert(poor.model_copy(update=update))
    report = await yard.studio.report(mira, dataset)
    named = (report.uncaptioned, report.blurred, report.too_small, report.extreme_aspect)
    assert named == ((item.id,),) * 4
    tiny = next(fit for fit in report.offerings if fit.offering == "tiny-lora")
    assert not tiny.fits
    assert "this dataset has 1" in tiny.reason


async def test_a_report_counts_the_sizes_that_each_offering_trains_at(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 2)
    wide = make_item(yard.clock, mira, dataset, 7)
    await yard.stores.items.insert(wide.model_copy(update={"width_px": 1920, "height_px": 1080}))
    report = await yard.studio.report(mira, dataset)
    found = {fit.offering: fit.buckets for fit in report.offerings}
    assert sum(bucket.items for bucket in found["tiny-lora"]) == 3
    assert any((b.width_px, b.height_px) == (80, 48) for b in found["tiny-lora"])
    assert any((b.width_px, b.height_px) == (640, 384) for b in found["sd15-lora"])
