"""Which pictures a batch holds and with which noise; every draw follows from (seed, position)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.datasets.epochs import count_batches
from worker.training.encoding import Encoded
from worker.training.images import Picture
from worker.training.seeds import make_generator
from worker.training.settings import Settings

TIMESTEPS = 1000
"""Of every Stable Diffusion's noise schedule."""


@dataclass(frozen=True)
class Batch:
    """What one forward pass takes; all its pictures have one size."""

    clean: Tensor
    """Latents, [N, 4, h, w]."""
    noise: Tensor
    times: Tensor
    """Timesteps, [N]."""
    given: dict[str, Tensor]
    """What the UNet is conditioned on, see conditioning.py."""
    weights: Tensor
    """Of each picture's loss, [N]."""

    def split(self, parts: int) -> list["Batch"]:
        """Split into smaller batches with the same draws."""
        if parts == 1:
            return [self]
        size = -(-len(self.times) // parts)
        cut = [torch.split(t, size) for t in (self.clean, self.noise, self.times, self.weights)]
        given = [
            {name: value[start : start + size] for name, value in self.given.items()}
            for start in range(0, len(self.times), size)
        ]
        return [
            Batch(clean, noise, times, some, weights)
            for clean, noise, times, weights, some in zip(*cut, given, strict=True)
        ]


class Batches:
    """The endless sequence of batches: epochs are permutations, and no batch mixes sizes.

    Each epoch has every picture `repeats` times; a bucket's last batch may be smaller.
    Source: BucketManager of kohya's library/train_util.py.
    """

    def __init__(self, pictures: Sequence[Picture], settings: Settings) -> None:
        self._size = settings.train_batch_size
        self._seed = settings.seed
        self._buckets: dict[tuple[int, int], list[int]] = {}
        for index, picture in enumerate(pictures):
            times = picture.repeats * settings.repeats
            self._buckets.setdefault(picture.bucket, []).extend([index] * times)
        self.per_epoch = count_batches(map(len, self._buckets.values()), self._size)
        self._epoch = -1
        self._batches: list[list[int]] = []

    def choose(self, position: int) -> list[int]:
        """Choose the pictures of a batch, counted from 0 over all epochs."""
        epoch, place = divmod(position, self.per_epoch)
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, self._plan(epoch)
        return self._batches[place]

    def _plan(self, epoch: int) -> list[list[int]]:
        generator = make_generator(self._seed, -1 - epoch)
        batches = []
        for bucket in sorted(self._buckets):
            items = self._buckets[bucket]
            order = torch.randperm(len(items), generator=generator).tolist()
            mixed = [items[index] for index in order]
            batches += [mixed[at : at + self._size] for at in range(0, len(mixed), self._size)]
        return [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]


def draw_batch(encoded: Encoded, items: Sequence[int], position: int, settings: Settings) -> Batch:
    """Draw a batch's views, texts, timesteps and noise.

    Source: Ho & Salimans 2022 (caption dropout); Guttenberg 2023 (noise offset); Ho et al. 2020
    (uniform timesteps).
    """
    generator = make_generator(settings.seed, position)
    size = len(items)
    rolled = torch.rand(3, size, generator=generator).tolist()
    latents, texts = [], []
    for item, view, variant, dropped in zip(items, *rolled, strict=True):
        views, names = encoded.latents[item], encoded.pictures[item].texts
        latents.append(views[int(view * len(views))])
        name = "" if dropped < settings.caption_dropout else names[int(variant * len(names))]
        texts.append(encoded.texts[name])
    clean = torch.stack(latents)
    noise = torch.randn(clean.shape, generator=generator)
    if settings.noise_offset:
        shift = torch.randn(size, clean.shape[1], 1, 1, generator=generator)
        noise = noise + settings.noise_offset * shift
    times = torch.randint(TIMESTEPS, (size,), generator=generator)
    return make_batch(encoded, items, (clean, noise, times), texts)


def make_batch(
    encoded: Encoded,
    items: Sequence[int],
    drawn: tuple[Tensor, Tensor, Tensor],
    texts: Sequence[dict[str, Tensor]],
) -> Batch:
    """Put a batch together from latents, noise, timesteps and one text a picture."""
    given = {name: torch.stack([text[name] for text in texts]) for name in texts[0]}
    pictures = [encoded.pictures[item] for item in items]
    given["time_ids"] = torch.tensor([p.time_ids for p in pictures], dtype=torch.float32)
    return Batch(*drawn, given, torch.tensor([picture.weight for picture in pictures]))
