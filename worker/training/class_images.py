"""Class images: what the base model draws for the class prompt, drawn once and kept as latents."""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from core.datasets.buckets import Size, find_bucket, get_step_px
from core.errors import TrainingError
from worker.base_models import LoadedBase
from worker.messages import TrainingTask
from worker.training.cache import Cache, fingerprint
from worker.training.encoding import Progress, encode_images
from worker.training.images import Picture
from worker.training.sampling import decode_pixels, draw_latents
from worker.training.settings import Settings, read_settings


def list_class_images(
    base: LoadedBase, task: TrainingTask, progress: Progress
) -> tuple[Picture, ...]:
    """List a training's class images, drawing those that the cache does not have.

    Each is kept as soon as it is drawn, and its bits depend on nothing but its key: a drawing that
    was killed goes on where it was, and more images of a known class draw only the new ones.
    Raises TrainingError when one is not finite, and what `progress` raises to stop.
    Source: Ruiz et al. 2022, section 3.3; num_class_images of diffusers' train_dreambooth_lora.py.
    """
    settings = read_settings(task.spec)
    if not settings.class_images:
        return ()
    cache = Cache(task.cache or task.folder / "cache", task.cache_bytes)
    drawer = _Drawer(base, cache, settings, task.spec.class_prompt)
    total = settings.class_images
    pictures = []
    for number in range(total):
        progress(number, total)
        pictures.append(drawer.find_or_draw(number, partial(progress, number, total)))
    progress(total, total)
    return tuple(pictures)


class _Drawer:
    """Draws the class images of one base model, class prompt, seed and size, by number."""

    def __init__(self, base: LoadedBase, cache: Cache, settings: Settings, prompt: str) -> None:
        self._base = base
        self._cache = cache
        self._settings = settings
        self._prompt = prompt
        side_px = settings.resolution_px
        square = Size(side_px, side_px)
        self._size = find_bucket(square, side_px, get_step_px(base.family.name))
        self._drawn_by = self._describe()
        self._vae = fingerprint(base.vae)

    def find_or_draw(self, number: int, check: Callable[[], None]) -> Picture:
        key = f"class image|{self._drawn_by}|{self._settings.seed}|{number}"
        latents = self._find(key)
        if latents is None:
            latents = self._keep(key, self._draw(number, check))
        views = [latents]
        if self._settings.flip:
            mirrored_key = f"{key}|mirrored|{self._vae}"
            mirrored = self._find(mirrored_key)
            if mirrored is None:
                mirrored = self._keep(mirrored_key, self._mirror(latents))
            views.append(mirrored)
        return Picture(
            file=Path(),
            sha256=hashlib.sha256(key.encode()).hexdigest(),
            size=self._size,
            bucket=self._size,
            texts=(self._prompt,),
            weight=self._settings.prior_loss_weight,
            is_own=False,
            views=tuple(views),
        )

    def _describe(self) -> str:
        """Describe all that the latents follow from but seed and number."""
        base, family = self._base, self._base.family
        parts = (
            fingerprint(base.unet, *base.text_encoders),
            base.unet.dtype,
            base.is_mixed,
            type(base.sampler or base.scheduler).__name__,
            family.sample_steps,
            family.guidance_scale,
            f"{self._size.width_px}x{self._size.height_px}",
            self._prompt,
        )
        return "|".join(str(part) for part in parts)

    def _find(self, key: str) -> Tensor | None:
        """Find latents that are whole: of the right shape and finite."""
        found = (self._cache.find(key) or {}).get("latents")
        shape = (4, self._size.height_px // 8, self._size.width_px // 8)
        if found is None or found.shape != shape or not bool(torch.isfinite(found).all()):
            return None
        return found

    def _keep(self, key: str, latents: Tensor) -> Tensor:
        if not bool(torch.isfinite(latents).all()):
            raise TrainingError(
                "The base model drew class images whose numbers are not finite. Set mixed_precision "
                "to no and try again; all points were returned.",
                code="loss_nan",
            )
        return self._cache.keep(key, {"latents": latents})["latents"]

    def _draw(self, number: int, check: Callable[[], None]) -> Tensor:
        """Draw one image's latents, [4, H/8, W/8], which are never brought into pixels.

        One at a time, so that its bits do not depend on what else is drawn.
        """
        digest = hashlib.sha256(f"class image|{self._settings.seed}|{number}".encode()).digest()
        way = (self._size.width_px, int.from_bytes(digest[:6], "big"))
        return draw_latents(self._base, [self._prompt], way, check)[0].float().cpu().clone()

    def _mirror(self, latents: Tensor) -> Tensor:
        """Mirror an image, [4, H/8, W/8]; latents that are only flipped decode to something else."""
        pixels = decode_pixels(self._base, latents[None].clone()).clamp(-1, 1)
        return encode_images(pixels.flip(-1), self._base.vae)[0]
