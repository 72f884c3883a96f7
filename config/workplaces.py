"""What settings make of a worker; apart so that a chat with a worker of its own imports no web server."""

from config.settings import Settings
from worker.workplace import Workplace


def make_workplace(settings: Settings) -> Workplace:
    """Make what a worker of this machine is told."""
    return Workplace(
        folder=settings.scratch_folder,
        lease_s=settings.lease_s,
        checkpoint_every_s=settings.checkpoint_every_s,
        drain_s=settings.drain_s,
        kinds=frozenset(settings.worker_kinds),
        name=settings.worker_name,
        queues=settings.list_queues(),
        memory_gb=settings.worker_vram_gb,
        generation_idle_s=settings.generation_idle_s,
        cache=settings.cache_folder,
        cache_bytes=settings.cache_bytes,
        base_model_bytes=settings.base_model_bytes,
    )
