"""Images by a small pool of sandboxes; the server hands over bytes and never decodes any itself."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from adapters.images.frames import pack, read_frame
from core.endings import finish_anyway
from core.errors import UnavailableError, UnreadableImageError
from core.ports import DrawnPicture, NormalisedImage, SheetTile

WALL_S = 15.0
IMAGES_PER_CHILD = 200
MEMORY_BYTES = 2 * 1024**3
MAX_WAITING = 64
MAX_TILES = 24
_ROOT = Path(__file__).resolve().parents[2]
_KILLED = "This picture takes too long or too much memory to decode. Save it anew, smaller, and send it again."


class _Child:
    """One sandbox process and how many pictures it has seen."""

    def __init__(self, memory_bytes: int) -> None:
        self.seen = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "adapters.images.sandbox", str(memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
        )

    def ask(self, header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Send one piece of work and wait for the answer. Raises EOFError or OSError when the child dies."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.seen += 1
        self.process.stdin.write(pack(header, body))
        self.process.stdin.flush()
        return read_frame(self.process.stdout)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue


class SandboxedImages:
    """Keeps at most `size` sandboxes, each given one picture at a time and replaced when it dies."""

    def __init__(self, size: int | None = None, memory_bytes: int = MEMORY_BYTES) -> None:
        self._size = size or min(4, os.cpu_count() or 1)
        self._memory_bytes = memory_bytes
        self._threads = ThreadPoolExecutor(self._size, thread_name_prefix="images")
        self._free = asyncio.Semaphore(self._size)
        self._idle: list[_Child] = []
        self._waiting = 0

    async def normalise(self, body: bytes) -> NormalisedImage:
        header, answer = await self._ask_in_turn({}, body)
        cut = len(answer) - int(header["thumbnail_bytes"])
        return NormalisedImage(body=answer[:cut], thumbnail=answer[cut:], **header["facts"])

    async def draw_sheet(self, tiles: Sequence[SheetTile]) -> DrawnPicture:
        labels = [[len(tile.body), tile.label[:12]] for tile in tiles[:MAX_TILES]]
        body = b"".join(tile.body for tile in tiles[:MAX_TILES])
        return await self._draw({"draw": "sheet", "tiles": labels}, body)

    async def draw_curve(self, points: Sequence[tuple[float, float]]) -> DrawnPicture:
        return await self._draw({"draw": "curve"}, json.dumps(list(points)).encode())

    async def _draw(self, header: dict[str, Any], body: bytes) -> DrawnPicture:
        try:
            facts, picture = await self._ask_in_turn(header, body)
        except UnreadableImageError as error:
            raise UnavailableError("This picture cannot be drawn right now.") from error
        return DrawnPicture(body=picture, **facts["facts"])

    async def _ask_in_turn(
        self, header: dict[str, Any], body: bytes
    ) -> tuple[dict[str, Any], bytes]:
        """Wait for a free sandbox and its answer. Raises UnavailableError, UnreadableImageError."""
        if self._waiting >= MAX_WAITING:
            raise UnavailableError("Many pictures are being taken in right now; try again shortly.")
        self._waiting += 1
        try:
            async with self._free:
                answered, answer = await self._ask(header, body)
        finally:
            self._waiting -= 1
        if "refused" in answered:
            raise UnreadableImageError(str(answered["refused"]))
        return answered, answer

    async def close(self) -> None:
        """End every sandbox."""
        while self._idle:
            await asyncio.to_thread(self._idle.pop().end)
        self._threads.shutdown(wait=True)

    async def _ask(self, header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        loop = asyncio.get_running_loop()
        while not self._idle:
            await finish_anyway(self._start())
        child = self._idle.pop()
        reusable = False
        try:
            asked = loop.run_in_executor(self._threads, child.ask, header, body)
            answer = await asyncio.wait_for(asyncio.shield(asked), WALL_S)
            reusable = child.seen < IMAGES_PER_CHILD
            return answer
        except (EOFError, OSError, ValueError) as error:  # TimeoutError is an OSError
            raise UnreadableImageError(_KILLED) from error
        finally:
            if reusable:
                self._idle.append(child)
            else:
                await finish_anyway(asyncio.to_thread(child.end))

    async def _start(self) -> None:
        """Start a sandbox; a caller that is cancelled meanwhile leaves it to the next."""
        loop = asyncio.get_running_loop()
        self._idle.append(await loop.run_in_executor(self._threads, _Child, self._memory_bytes))
