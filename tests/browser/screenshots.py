"""`make screenshots`: a picture of every page in both sizes and themes, from a Trainyard that has been used."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from config.demo.plan import PARAMS
from tests.browser.chromium import ARGUMENTS, find_chromium, sign_in, wait_until_ready
from tests.browser.looks import LOOKS, SIZES
from tests.browser.seeding import MAKER, Seeded, seed
from tests.browser.yard import Yard

_MAX_HEIGHT_PX = 4000
_QUIET_MS = 300
_WAIT_MS = 30_000
_AWAIT_QUIET = """(quiet_ms) => new Promise((done) => {
  let timer = setTimeout(done, quiet_ms);
  new PerformanceObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(done, quiet_ms);
  }).observe({ type: "resource" });
})"""
"""Until nothing has come for a while; a polled function would break the pages' policy."""
_AWAIT_PICTURES = """async (wait_ms) => {
  const seen = [...document.images].filter((image) =>
    image.checkVisibility() && image.getBoundingClientRect().top < innerHeight);
  const late = new Promise((_, fail) =>
    setTimeout(() => fail(new Error("a picture did not come")), wait_ms));
  await Promise.race([Promise.all(seen.map((image) => image.decode().catch(() => null))), late]);
}"""
"""Those below the window load when they are scrolled to, maybe never."""


def take_screenshots(out: Path) -> int:
    """Write `PAGE-WIDTH-THEME.png` of every page, and return how many there are."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ty-") as folder, sync_playwright() as playwright:
        (pictures := Path(folder) / "pictures").mkdir()
        yard = Yard.start(Path(folder))
        try:
            seeded = seed(yard, pictures, PARAMS)
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), args=list(ARGUMENTS)
            )
            return sum(_take(browser, yard, seeded, look, out) for look in LOOKS)
        finally:
            yard.stop()


def _take(browser: Browser, yard: Yard, seeded: Seeded, look: tuple[int, str], out: Path) -> int:
    width, scheme = look
    context = browser.new_context(
        viewport=SIZES[width],  # type: ignore[arg-type]  # plain dict for a TypedDict
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
        reduced_motion="reduce",
    )
    page = context.new_page()
    sign_in(page, yard.make_link(MAKER, admin=True))
    places = seeded.list_places(page)
    for name, address in places.items():
        page.goto(yard.url + address)
        _settle(page)
        _make_room(page, width)
        page.screenshot(path=out / f"{name}-{width}-{scheme}.png")
    context.close()
    return len(places)


def _make_room(page: Page, width: int) -> None:
    """Make the window as high as the page, so that what stands at its foot does so in the picture."""
    page.set_viewport_size(SIZES[width])  # type: ignore[arg-type]  # plain dict for a TypedDict
    height: int = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": min(height, _MAX_HEIGHT_PX)})
    page.evaluate(_AWAIT_PICTURES, _WAIT_MS)


def _settle(page: Page) -> None:
    """Wait until all that the page asked for has come; its stream of events never ends."""
    wait_until_ready(page)
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=_WAIT_MS)
    page.evaluate(_AWAIT_QUIET, _QUIET_MS)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    print(f"{take_screenshots(folder)} pictures in {folder}")
