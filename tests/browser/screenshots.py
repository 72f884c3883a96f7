"""`make screenshots`: a picture of every page in both sizes and themes, from a Trainyard that has been used."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from config.demo.plan import PARAMS
from tests.browser.chromium import ARGUMENTS, find_chromium, sign_in, wait_until_ready
from tests.browser.looks import LOOKS, SIZES
from tests.browser.seeding import MAKER, Seeded, seed
from tests.browser.yard import Yard


def take_screenshots(out: Path) -> int:
    """Write `PAGE-WIDTH-THEME.png` of every page, and return how many there are."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ty-") as folder, sync_playwright() as playwright:
        (pictures := Path(folder) / "pictures").mkdir()
        yard = Yard.start(Path(folder))
        try:
            seeded = seed(yard, pictures, PARAMS)
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
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
        page.screenshot(path=out / f"{name}-{width}-{scheme}.png", full_page=True)
    context.close()
    return len(places)


def _settle(page: Page) -> None:
    """Wait until everything that the page asked for is there, and the pictures are drawn.

    The stream of events never ends, so the network is never idle: what counts is what is asked for."""
    wait_until_ready(page)
    page.wait_for_function(
        """() => !document.querySelector("[aria-busy=true]")
          && [...document.images].every((image) => image.loading === "lazy" || image.complete)"""
    )
    page.wait_for_timeout(400)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    print(f"{take_screenshots(folder)} pictures in {folder}")
