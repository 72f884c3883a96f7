"""Shows what LoRAs change, at a glance; worker/measuring.py is asked for it.

Apart from evaluation.py, which measures one LoRA thoroughly: this draws with the base model and with each
of some LoRAs, in the steps that their method samples in.
"""

import time

from diffusers import StableDiffusionPipeline
from torch import Tensor

from core.offerings.records import Method
from worker.base_models import LoadedBase, load_base
from worker.evaluation import (
    draw,
    encode_drawn,
    encode_files,
    make_pipeline,
    measure_distance,
    measure_loss,
)
from worker.findings import Glance, GlanceRequest, Look
from worker.training.acceleration import accelerate
from worker.training.sampling import draw_latents

CLASS_PICTURES = 3
_CLASS_SEED = 50_000
"""Far from the seeds of prompts; those of class images are hashes."""


def look(request: GlanceRequest) -> Glance:
    """Draw the prompts and measure, without a LoRA and then with each."""
    base = load_base(request.base_model)
    if request.method is Method.HYPER_LORA:
        base = accelerate(base, request.base_model)
    pipeline = make_pipeline(base)
    fresh = _draw_class(base, request)
    looks = [_look_once(base, pipeline, fresh, request)]
    for index, lora in enumerate(request.loras, 1):
        pipeline.load_lora_weights(str(lora.parent), weight_name=lora.name)
        looks.append(_look_once(base, pipeline, fresh, request, index))
        pipeline.unload_lora_weights()
    return Glance(looks=tuple(looks))


def _look_once(
    base: LoadedBase,
    pipeline: StableDiffusionPipeline,
    fresh: Tensor | None,
    request: GlanceRequest,
    index: int = 0,
) -> Look:
    began_s = time.perf_counter()
    drawn = draw(pipeline, base, request.prompts, request.settings)
    picture_s = (time.perf_counter() - began_s) / len(drawn)
    files = tuple(request.out / f"{index}-{number}.png" for number in range(len(drawn)))
    for file, picture in zip(files, drawn, strict=True):
        picture.save(file)
    loss, distance = None, None
    if fresh is not None:
        captions = [request.class_prompt] * len(fresh)
        loss = float(measure_loss(base, fresh, captions, request.settings.seed).mean())
    if request.dataset:
        dataset = encode_files(base, request.dataset, request.settings.resolution_px)
        distance = measure_distance(encode_drawn(base, drawn), dataset)
    return Look(pictures=files, picture_s=picture_s, class_loss=loss, distance=distance)


def _draw_class(base: LoadedBase, request: GlanceRequest) -> Tensor | None:
    """Draw pictures of the class that no training had, [CLASS_PICTURES, 4, H/8, W/8]."""
    if not request.class_prompt:
        return None
    way = (request.settings.resolution_px, _CLASS_SEED)
    return draw_latents(base, [request.class_prompt] * CLASS_PICTURES, way, lambda: None).clone()
