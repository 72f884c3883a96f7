"""The public price formula, pure and versioned, so that anybody can compute a quote again."""

from decimal import ROUND_CEILING, Decimal, localcontext

from core.offerings.records import (
    CaptionInputs,
    GenerationInputs,
    Offering,
    ParamValue,
    Quote,
    QuoteInputs,
)

FORMULA_VERSION = 3
"""2 counts gradient_accumulation_steps, 3 class images; without either it is as 1."""
GENERATION_FORMULA_VERSION = 1
CAPTION_FORMULA_VERSION = 1


def compute_points(inputs: QuoteInputs, steps: int) -> int:
    """Compute base + work/1000 × rate × (resolution/native)^exponent, rounded up.

    work = steps × batch × accumulation + class images × class_image_steps. With class images a step
    has a second batch, of them, so its batch counts twice.
    """
    with localcontext(prec=28):
        scale = Decimal(inputs.resolution_px) / Decimal(inputs.native_resolution_px)
        scale = scale ** Decimal(str(inputs.resolution_exponent))
        pictures = inputs.train_batch_size * inputs.gradient_accumulation_steps
        batches = 2 if inputs.class_images else 1
        work = steps * pictures * batches + inputs.class_images * inputs.class_image_steps
        total = inputs.base_points + Decimal(work) / 1000 * inputs.points_per_1000_steps * scale
        return int(total.to_integral_value(rounding=ROUND_CEILING))


def compute_generation_points(inputs: GenerationInputs, steps: int) -> int:
    """Compute base + steps/1000 × rate × (width × height / native²)^(exponent/2), rounded up.

    `steps` are those of all pictures together.
    """
    with localcontext(prec=28):
        area = Decimal(inputs.width_px * inputs.height_px)
        scale = area / Decimal(inputs.native_resolution_px**2)
        scale = scale ** (Decimal(str(inputs.resolution_exponent)) / 2)
        total = inputs.base_points + Decimal(steps) / 1000 * inputs.points_per_1000_steps * scale
        return int(total.to_integral_value(rounding=ROUND_CEILING))


def quote_generation(inputs: GenerationInputs) -> Quote:
    """Price a generation."""
    points = compute_generation_points(inputs, inputs.total_steps)
    return Quote(formula_version=GENERATION_FORMULA_VERSION, inputs=inputs, points=points)


def compute_caption_points(inputs: CaptionInputs, captions: int) -> int:
    """Compute captions × rate / 100, rounded up."""
    return -(-captions * inputs.points_per_100_pictures // 100)


def quote_captions(inputs: CaptionInputs) -> Quote:
    """Price captions by a model."""
    points = compute_caption_points(inputs, inputs.pictures)
    return Quote(formula_version=CAPTION_FORMULA_VERSION, inputs=inputs, points=points)


def make_quote(offering: Offering, params: dict[str, ParamValue]) -> Quote:
    """Price a training with resolved parameters."""
    inputs = QuoteInputs(
        steps=int(params["steps"]),
        train_batch_size=int(params["train_batch_size"]),
        resolution_px=int(params["resolution_px"]),
        gradient_accumulation_steps=int(params.get("gradient_accumulation_steps", 1)),
        class_images=int(params.get("class_images", 0)),
        **offering.price.model_dump(),
    )
    points = compute_points(inputs, inputs.steps)
    return Quote(formula_version=FORMULA_VERSION, inputs=inputs, points=points)


def compute_charge(quote: Quote, steps_done: int) -> int:
    """Compute what unique steps cost: nothing for none, never more than was quoted."""
    if steps_done <= 0:
        return 0
    inputs, steps = quote.inputs, min(steps_done, quote.inputs.total_steps)
    if isinstance(inputs, GenerationInputs):
        return min(quote.points, compute_generation_points(inputs, steps))
    if isinstance(inputs, CaptionInputs):
        return min(quote.points, compute_caption_points(inputs, steps))
    return min(quote.points, compute_points(inputs, steps))
