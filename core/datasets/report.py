"""The free health check of a dataset, before anything is paid; pure apart from reading the items."""

import heapq
from collections.abc import Sequence

from core.datasets.buckets import Size, count_buckets, get_step_px
from core.datasets.records import Bucket, Dataset, Item, NearDuplicate, OfferingFit, Report
from core.errors import RefusedError
from core.offerings.epochs import count_steps, resolve_steps
from core.offerings.price import make_quote
from core.offerings.records import Offering, Status
from core.offerings.service import check_size, resolve_params

NEAR_DUPLICATE_BITS = 6
"""Of 64: pictures this near are nearly always the same one, resized or re-saved."""
BLURRED_BELOW = 40.0
EXTREME_ASPECT = 3.0
MAX_PAIRS = 200


def make_report(dataset: Dataset, items: Sequence[Item], offerings: Sequence[Offering]) -> Report:
    """Check a dataset against every offering that can be bought."""
    caption_set = dataset.default_caption_set
    available = [o for o in offerings if o.status is Status.AVAILABLE]
    fits = tuple(_fit(offering, items) for offering in available)
    smallest = min((o.price.native_resolution_px for o in available), default=64)
    pairs = find_near_duplicates(items)
    report = Report(
        dataset=dataset.id,
        items=len(items),
        total_bytes=sum(item.bytes for item in items),
        uncaptioned=tuple(item.id for item in items if not item.captions.get(caption_set)),
        near_duplicates=pairs,
        near_duplicate_groups=group_pairs(items, pairs),
        too_small=tuple(i.id for i in items if min(i.width_px, i.height_px) < smallest),
        blurred=tuple(item.id for item in items if item.sharpness < BLURRED_BELOW),
        extreme_aspect=tuple(item.id for item in items if _aspect(item) > EXTREME_ASPECT),
        offerings=fits,
        advice=(),
    )
    return report.model_copy(update={"advice": _advise(report)})


def find_near_duplicates(items: Sequence[Item]) -> tuple[NearDuplicate, ...]:
    """Find pairs whose perceptual hashes differ in few bits, the nearest first, at most MAX_PAIRS."""
    hashes = [int(item.perceptual_hash, 16) for item in items]
    pairs = (
        (distance, one, two)
        for one, a in enumerate(hashes)
        for two in range(one + 1, len(hashes))
        if (distance := (a ^ hashes[two]).bit_count()) <= NEAR_DUPLICATE_BITS
    )
    return tuple(
        NearDuplicate(first=items[one].id, second=items[two].id, distance=distance)
        for distance, one, two in heapq.nsmallest(MAX_PAIRS, pairs)  # frames of a film: millions
    )


def group_pairs(
    items: Sequence[Item], pairs: Sequence[NearDuplicate]
) -> tuple[tuple[str, ...], ...]:
    """Put pairs that share an item together; groups and what is in them are in the items' order."""
    groups = {item.id: {item.id} for item in items}
    for pair in pairs:
        joined = groups[pair.first] | groups[pair.second]
        groups.update(dict.fromkeys(joined, joined))
    order = [item.id for item in items]
    heads = [id_ for id_ in order if id_ == min(groups[id_], key=order.index)]
    return tuple(
        tuple(sorted(groups[id_], key=order.index)) for id_ in heads if len(groups[id_]) > 1
    )


def list_offering_buckets(offering: Offering, items: Sequence[Item]) -> tuple[Bucket, ...]:
    """Count items by the size that an offering trains them at, at its default resolution."""
    resolution = offering.find_param("resolution_px")
    assert resolution is not None  # the catalogue refuses an offering without it
    sizes = (Size(item.width_px, item.height_px) for item in items)
    counts = count_buckets(sizes, int(resolution.default), get_step_px(offering.family))
    return tuple(
        Bucket(width_px=size.width_px, height_px=size.height_px, items=count)
        for size, count in counts
    )


def _aspect(item: Item) -> float:
    return max(item.width_px, item.height_px) / min(item.width_px, item.height_px)


def _fit(offering: Offering, items: Sequence[Item]) -> OfferingFit:
    params, reason = resolve_params(offering, {}), ""
    sizes = [Size(item.width_px, item.height_px) for item in items]
    try:
        check_size(offering, len(items))
        params = resolve_steps(offering, params, sizes)
    except RefusedError as error:
        reason = error.message
    quote = make_quote(offering, params)
    return OfferingFit(
        offering=offering.id,
        name=offering.name,
        fits=not reason,
        reason=reason,
        steps=quote.inputs.total_steps,
        steps_per_epoch=count_steps(offering, params, sizes, 1),
        price_points=quote.points,
        buckets=list_offering_buckets(offering, items),
    )


def _advise(report: Report) -> tuple[str, ...]:
    """Say in words what to mend, the most important first."""
    advice = []
    if not report.items:
        return ("Add some pictures: ten to thirty of one thing are a good start.",)
    if report.uncaptioned:
        advice.append(f"{len(report.uncaptioned)} of {report.items} pictures have no caption.")
    if report.near_duplicates:
        advice.append(
            f"{len(report.near_duplicates)} pairs look alike; keep the best picture of each."
        )
    if report.too_small:
        advice.append(f"{len(report.too_small)} pictures are smaller than the model draws.")
    if report.blurred:
        advice.append(f"{len(report.blurred)} pictures look blurred or empty.")
    if report.extreme_aspect:
        advice.append(f"{len(report.extreme_aspect)} pictures are very wide or very tall.")
    return tuple(advice) or ("Nothing to mend: this dataset is ready.",)
