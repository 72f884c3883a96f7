"""Where and how patiently a worker works, and what it takes."""

from dataclasses import dataclass
from pathlib import Path

from core.jobs.records import Kind


@dataclass(frozen=True)
class Workplace:
    """What a worker is told by its operator."""

    folder: Path
    lease_s: float = 90
    checkpoint_every_s: float = 30
    drain_s: float = 60
    silence_s: float = 1800
    """A child that gets nowhere for this long hangs: it is killed and the job tried again."""
    cache: Path | None = None
    """Where children keep what they compute of pictures and captions; None: it ends with the job."""
    cache_bytes: int = 10 * 1024**3
    base_model_bytes: int = 0
    """How much disk base models from the hub may take; 0: no limit."""
    kinds: frozenset[Kind] = frozenset(Kind)
    name: str = ""
    """What the worker is called; empty: after its machine and process."""
    queues: tuple[str, ...] = ()
    """Where it hears of work; only told to others."""
    memory_gb: int | None = None
    """What counts as its memory; None: what its GPU has, or its machine where there is none."""
    generation_idle_s: float = 300
    """How long a child keeps its base model loaded after a generation."""
