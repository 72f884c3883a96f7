"""Work that must end, whoever is cancelled."""

import asyncio

import pytest

from core.endings import finish_anyway


async def test_a_result_or_an_error_is_handed_on() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    async def broken() -> int:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    assert await finish_anyway(work()) == 7
    with pytest.raises(ZeroDivisionError):
        await finish_anyway(broken())


@pytest.mark.parametrize("breaks", [False, True])
async def test_work_ends_before_a_cancellation_is_raised(breaks: bool) -> None:
    done: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0.02)
        done.append("work")
        if breaks:
            raise ZeroDivisionError

    task = asyncio.ensure_future(finish_anyway(work()))
    for _ in range(3):
        await asyncio.sleep(0.002)
        task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert done == ["work"]
