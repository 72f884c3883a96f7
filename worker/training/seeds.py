"""Random draws that follow from (seed, position) alone, so that a resume needs no generator's state."""

import torch

_PRIME = 1_000_003


def make_generator(seed: int, position: int) -> torch.Generator:
    """Make the generator of one position: a batch, an epoch, a picture; each purpose counts its own."""
    return torch.Generator().manual_seed(seed * _PRIME + position)


def seed_dropout(seed: int, position: int) -> None:
    """Seed the global generators, from which dropout layers draw."""
    torch.manual_seed(seed * _PRIME + position)
