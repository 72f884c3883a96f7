"""Intake: one image in, checked, normalised, paid for in quota, and kept once; the same for every door."""

import contextlib
from collections.abc import AsyncIterator

from core.accounts.records import Principal, Scope
from core.accounts.service import Accounts
from core.accounts.tokens import require_scope
from core.datasets.records import Dataset, Item, ItemState, Source
from core.datasets.service import Datasets
from core.datasets.texts import check_caption, clean_filename
from core.endings import finish_anyway
from core.errors import (
    AlreadyExistsError,
    InvalidError,
    NotFoundError,
    StaleError,
    TooLargeError,
)
from core.metering import Measure, Meter, timed
from core.ports import Blobs, Clock, Documents, Images, NormalisedImage
from core.records import Condition, Value, new_id

MAX_IMAGE_BYTES = 32 * 1024**2


class NewImage(Value):
    """What a door knows of an image besides its bytes."""

    filename: str = ""
    caption: str = ""
    source: Source = Source.UPLOAD


class Intake:
    """Takes images into datasets."""

    def __init__(
        self,
        datasets: Datasets,
        items: Documents[Item],
        blobs: Blobs,
        images: Images,
        accounts: Accounts,
        clock: Clock,
        meter: Meter,
    ) -> None:
        self._datasets = datasets
        self._items = items
        self._blobs = blobs
        self._images = images
        self._accounts = accounts
        self._clock = clock
        self._meter = meter

    async def add_image(
        self, principal: Principal, dataset_id: str, body: AsyncIterator[bytes], image: NewImage
    ) -> tuple[Item, bool]:
        """Take in one image; return its item, and whether it is new. The same bytes are the same item.

        Raises UnreadableImageError, TooLargeError, InvalidError, NotFoundError; then nothing is kept.
        """
        require_scope(principal, Scope.WRITE)
        with timed(self._meter, self._clock, Measure.UPLOAD_S, source=image.source):
            return await self._add(principal, dataset_id, body, image)

    async def _add(
        self, principal: Principal, dataset_id: str, body: AsyncIterator[bytes], image: NewImage
    ) -> tuple[Item, bool]:
        dataset = await self._datasets.get_joint(principal, dataset_id)
        caption = check_caption(image.caption)
        account = await self._accounts.get(principal)
        most = account.quotas.max_items_per_dataset
        if await self._datasets.count_active(dataset.id) >= most:
            raise _full(most)
        normalised = await self._images.normalise(await read_capped(body))
        known = await self._find_same(dataset.id, normalised.sha256)
        if known is not None:
            return known, False
        item = self._make_item(principal, dataset, image, normalised, caption)
        try:
            item = await self._keep(item, normalised)
        except AlreadyExistsError:
            known = await self._find_same(dataset.id, normalised.sha256)
            if known is None:
                raise
            return known, False
        await self._check_place(principal, item, most)
        return item, True

    async def take_back(self, principal: Principal, dataset_id: str, item_id: str) -> Item:
        """Undo the removal of an item, by whoever may remove it; one that is there stays as it is.

        Possible while its bytes are kept, which is GRACE at least (see `Retention`).
        Raises NotFoundError, RefusedError, TooLargeError.
        """
        require_scope(principal, Scope.WRITE)
        dataset = await self._datasets.get_joint(principal, dataset_id)
        most = (await self._accounts.get(principal)).quotas.max_items_per_dataset
        while True:
            item = await self._datasets.find_kept(principal, dataset, item_id)
            if item.state is ItemState.ACTIVE:
                return item
            known = await self._find_same(dataset.id, item.sha256)
            if known is not None:
                return known
            if await self._datasets.count_active(dataset.id) >= most:
                raise _full(most)
            now = self._clock.now()
            with contextlib.suppress(StaleError, AlreadyExistsError):
                item = await self._items.replace(
                    item.changed(now, state=ItemState.ACTIVE, alive=True)
                )
                await self._check_place(principal, item, most)
                return item

    async def _keep(self, item: Item, normalised: NormalisedImage) -> Item:
        """Reserve quota, keep the bytes, insert the item; when one fails the others are undone, once."""
        is_reserved = False

        async def reserve() -> None:
            nonlocal is_reserved
            await self._accounts.reserve_storage(item.contributor, item.bytes)
            is_reserved = True

        try:
            await finish_anyway(reserve())
            await self._keep_bytes(item, normalised)
            return await self._items.insert(item)
        except BaseException:  # a cancellation too, and another one while this is undone
            if is_reserved:
                await finish_anyway(self._forget(item))
            raise

    async def _check_place(self, principal: Principal, item: Item, most: int) -> None:
        """Take the item out again when its dataset was deleted or filled up while it came in.

        Looked at after the insert, so of two racing uploads at least one sees the other. Its bytes
        go with the sweep: a submission may have seen it already.
        """
        try:
            await self._datasets.get_joint(principal, item.dataset)
            if await self._datasets.count_active(item.dataset) > most:
                raise _full(most)
        except (NotFoundError, TooLargeError):
            await finish_anyway(self._datasets.withdraw(item))
            raise

    async def _find_same(self, dataset_id: str, sha256: str) -> Item | None:
        where: dict[str, Condition] = {"dataset": dataset_id, "sha256": sha256, "alive": True}
        found = await self._items.find(where, limit=1)
        return found[0] if found else None

    def _make_item(
        self,
        principal: Principal,
        dataset: Dataset,
        image: NewImage,
        normalised: NormalisedImage,
        caption: str,
    ) -> Item:
        now = self._clock.now()
        item_id = new_id("it")
        folder = f"datasets/{dataset.id}/{item_id}"
        return Item(
            id=item_id,
            created_at=now,
            updated_at=now,
            dataset=dataset.id,
            contributor=principal.account,
            position=int(now.timestamp() * 1_000_000),
            blob_key=f"{folder}/image",
            thumbnail_key=f"{folder}/thumbnail",
            sha256=normalised.sha256,
            content_type=normalised.content_type,
            perceptual_hash=normalised.perceptual_hash,
            sharpness=normalised.sharpness,
            width_px=normalised.width_px,
            height_px=normalised.height_px,
            bytes=len(normalised.body) + len(normalised.thumbnail),
            source=image.source,
            filename=clean_filename(image.filename),
            captions={dataset.default_caption_set: caption} if caption else {},
        )

    async def _keep_bytes(self, item: Item, normalised: NormalisedImage) -> None:
        await self._blobs.put(
            item.blob_key,
            stream_once(normalised.body),
            content_type=item.content_type,
            if_absent=True,
        )
        await self._blobs.put(
            item.thumbnail_key, stream_once(normalised.thumbnail), content_type="image/webp"
        )

    async def _forget(self, item: Item) -> None:
        """Undo an intake that was not finished.

        The insert may have been stored although its answer did not arrive; then the item is
        withdrawn, and the sweep deletes its bytes and gives the quota back.
        """
        try:
            stored = await self._items.get(item.id)
        except NotFoundError:
            stored = None
        if stored is not None:
            await self._datasets.withdraw(stored)
            return
        await self._blobs.delete(item.blob_key)
        await self._blobs.delete(item.thumbnail_key)
        await self._accounts.reserve_storage(item.contributor, -item.bytes)


def _full(most: int) -> TooLargeError:
    return TooLargeError(f"A dataset holds at most {most} images; remove some first.")


async def read_capped(body: AsyncIterator[bytes], cap_bytes: int = MAX_IMAGE_BYTES) -> bytes:
    """Read a stream that may be endless. Raises TooLargeError as soon as the cap is passed."""
    parts: list[bytes] = []
    size = 0
    async for chunk in body:
        size += len(chunk)
        if size > cap_bytes:
            raise TooLargeError(
                f"This image is larger than {cap_bytes // 1024**2} MiB. Make it smaller and send it again."
            )
        parts.append(chunk)
    if not size:
        raise InvalidError("This file is empty. Send a JPEG, PNG, WebP, HEIC or AVIF picture.")
    return b"".join(parts)


async def stream_once(body: bytes) -> AsyncIterator[bytes]:
    """Stream bytes that are in memory already."""
    yield body
