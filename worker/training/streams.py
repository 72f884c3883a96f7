"""The dataset and what a method adds to it as separate streams, so that every step has a batch of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.training.batches import Batch, Batches, draw_batch
from worker.training.encoding import Encoded
from worker.training.settings import Settings

_LANE = 1 << 31
"""Above every seed that a person can choose: an added stream shares no draw with the dataset's."""


@dataclass(frozen=True)
class Stream:
    """Pictures of one kind, and the endless sequence of their batches."""

    encoded: Encoded
    settings: Settings
    """With the stream's own seed."""
    batches: Batches

    def choose(self, step: int) -> list[tuple[int, list[int]]]:
        """Choose the batches of a step, as (position, pictures)."""
        count = self.settings.gradient_accumulation_steps
        positions = range(step * count, (step + 1) * count)
        return [(position, self.batches.choose(position)) for position in positions]

    def draw(self, position: int, items: Sequence[int]) -> Batch:
        """Draw a chosen batch's views, texts, timesteps and noise."""
        return draw_batch(self.encoded, items, position, self.settings)


def part_streams(encoded: Encoded, settings: Settings) -> tuple[Stream, ...]:
    """Part the person's pictures from those that a method added; the second stream may be missing.

    They are not put into one batch, because their sizes may differ. The sum of both streams' mean
    losses is what one batch of halves comes to.
    Source: Ruiz et al. 2022, equation 2; the chunked loss of diffusers' train_dreambooth_lora.py.
    """
    own = [i for i, picture in enumerate(encoded.pictures) if picture.is_own]
    added = [i for i, picture in enumerate(encoded.pictures) if not picture.is_own]
    streams = [_make_stream(encoded.take(own), settings)]
    if added:
        apart = settings.model_copy(update={"seed": settings.seed + _LANE})
        streams.append(_make_stream(encoded.take(added), apart))
    return tuple(streams)


def _make_stream(encoded: Encoded, settings: Settings) -> Stream:
    return Stream(encoded, settings, Batches(encoded.pictures, settings))
