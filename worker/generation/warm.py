"""The child that drew last, kept with its base model loaded while another generation may come."""

import time

from core.endings import finish_anyway
from worker.supervisor import Child, Nursery


class WarmChild:
    """At most one child; it is taken by the next generation and ended by a training or by time."""

    def __init__(self, idle_s: float) -> None:
        self._idle_s = idle_s
        self._child: Child | None = None
        self._since_s = 0.0

    async def take(self, nursery: Nursery) -> Child:
        """Take the warm child, or a fresh one when there is none."""
        child, self._child = self._child, None
        if child is not None and child.is_alive:
            return child
        return await nursery.take()

    def keep(self, child: Child) -> None:
        """Keep a child that waits for another task."""
        self._child, self._since_s = child, time.monotonic()

    async def end(self) -> None:
        """End the warm child, so that its memory is free."""
        child, self._child = self._child, None
        if child is not None:
            await finish_anyway(child.discard())  # the sweep may be cancelled meanwhile

    async def end_if_idle(self) -> None:
        """End it once nobody has wanted it for long."""
        if time.monotonic() - self._since_s > self._idle_s:
            await self.end()
