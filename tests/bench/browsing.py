"""The sandbox in a real Chromium: what a first visit loads, and how soon and how smoothly a large dataset shows."""

import re
from asyncio import timeout
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from statistics import median
from typing import Any

from playwright.async_api import Page, async_playwright, expect

from config.wiring import open_studio
from core.studio import Studio
from tests.bench.figures import Effort, Reading
from tests.bench.people import Person, make_dataset, meet
from tests.bench.yard import Yard, open_yard
from tests.browser.chromium import ARGUMENTS, find_chromium

_READY_MS = "performance.getEntriesByName('ready')[0].startTime"
_TILES_MS = """count => new Promise((done) => {
  const look = () => {
    const tiles = [...document.querySelectorAll('.tiles > .tile')];
    const seen = tiles.filter((tile) => tile.getBoundingClientRect().top < innerHeight);
    const stands = tiles.length >= count && seen.every((tile) => tile.querySelector('img').complete);
    if (stands) done(performance.now());
    else requestAnimationFrame(look);
  };
  look();
})"""
_SCROLL = """px_s => new Promise((done) => {
  const frames = [];
  const began = performance.now();
  const whole = document.documentElement.scrollHeight - innerHeight;
  const step = (now) => {
    frames.push(now);
    const top = (performance.now() - began) / 1000 * px_s;
    scrollTo(0, Math.min(whole, top));
    if (top < whole) requestAnimationFrame(step);
    else done(frames);
  };
  requestAnimationFrame(step);
})"""
_STANDS_S = 60
_BRISK_PX_S = 2_000
_HURRIED_PX_S = 6_500


async def measure(effort: Effort) -> dict[str, Reading]:
    async with open_yard() as yard, open_studio(yard.settings) as studio:
        person = await meet(studio)
        dataset = await make_dataset(studio, person, pictures=effort.grid_pictures)
        await yard.serve()
        loads, stood, rates = [], [], []
        for _ in range(effort.page_loads):
            loads.append(await _load_first(yard, await _offer(studio, person)))
            for speeds in ((_BRISK_PX_S, _HURRIED_PX_S), (_HURRIED_PX_S,)):
                link = await _offer(studio, person)
                async with _open_grid(yard, link, dataset, effort) as (page, stood_s):
                    stood.append(stood_s)
                    rates.append([await _scroll(page, speed) for speed in speeds])
    kb = max(load[0] for load in loads) / 1000
    note = f"{loads[0][1]} answers; the page stood {median(s for _, _, s in loads):.2f} s after it was asked for"
    return {
        "web.first_load_kb": Reading(kb, note),
        "web.dataset_1000_s": Reading(median(stood), _describe_scroll(rates)),
    }


async def _offer(studio: Studio, person: Person) -> str:
    """Make the secret of a link; an earlier one is void."""
    return await studio.sessions.offer_link(person.principal, "bench")


def _describe_scroll(rates: list[list[float]]) -> str:
    brisk, again = (median(both[turn] for both in rates[::2]) for turn in (0, 1))
    hurried = median(alone[0] for alone in rates[1::2])
    return (
        f"scrolled from end to end at {_BRISK_PX_S} px/s, every picture fetched meanwhile: {brisk:.0f} frames/s; "
        f"at {_HURRIED_PX_S} px/s {hurried:.0f}, and {again:.0f} once they are there"
    )


async def _load_first(yard: Yard, secret: str) -> tuple[int, int, float]:
    """Sign in with an empty cache; return what was sent over the wire in all, in how many answers, and
    after how many seconds the sandbox stood."""
    async with _open_page() as page:
        session = await page.context.new_cdp_session(page)
        await session.send("Network.enable")
        sizes: dict[str, int] = {}
        session.on("Network.dataReceived", lambda told: _add(sizes, told, "encodedDataLength"))
        session.on(
            "Network.loadingFinished",
            lambda told: sizes.update({told["requestId"]: int(told["encodedDataLength"])}),
        )
        stood_s = await _sign_in(yard, page, secret)
        await expect(page.locator("[data-balance]").first).to_have_text(re.compile(r"\d"))
        return sum(sizes.values()), len(sizes), stood_s


def _add(sizes: dict[str, int], told: dict[str, Any], key: str) -> None:
    sizes[told["requestId"]] = sizes.get(told["requestId"], 0) + int(told[key])


async def _sign_in(yard: Yard, page: Page, secret: str) -> float:
    """Open a link and press its button; return after how many seconds the page behind it stood."""
    await page.goto(f"{_get_root(yard)}/login/{secret}")
    await page.get_by_role("button", name="Sign in").click()
    await page.locator("body[data-ready] main h1").first.wait_for()
    return float(await page.evaluate(_READY_MS)) / 1000


@asynccontextmanager
async def _open_grid(
    yard: Yard, secret: str, dataset: str, effort: Effort
) -> AsyncIterator[tuple[Page, float]]:
    """Open a dataset's page in a browser that has none of its pictures, and tell how many seconds its grid took."""
    async with _open_page() as page:
        await _sign_in(yard, page, secret)
        await page.goto(f"{_get_root(yard)}/datasets/{dataset}", wait_until="commit")
        async with timeout(_STANDS_S):
            stood_ms = float(await page.evaluate(_TILES_MS, effort.grid_pictures))
        yield page, stood_ms / 1000


async def _scroll(page: Page, px_s: int) -> float:
    """Scroll from the top to the end and return the frames a second."""
    frames: list[float] = await page.evaluate(_SCROLL, px_s)
    gaps = [b - a for a, b in pairwise(frames)]
    return 1000 * len(gaps) / sum(gaps)


def _get_root(yard: Yard) -> str:
    return f"http://127.0.0.1:{yard.settings.http_port}"


@asynccontextmanager
async def _open_page() -> AsyncIterator[Page]:
    """Open a page of a browser that has seen nothing."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(), args=list(ARGUMENTS)
        )
        try:
            page = await browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(60_000)
            yield page
        finally:
            await browser.close()
