"""A real Chromium on a real Trainyard; an error in the console or a breach of the policy fails the test."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.chromium import ARGUMENTS, find_chromium
from tests.browser.platforms import Platforms, serve_both
from tests.browser.yard import Yard
from tests.core.yard import MEMORY

OpenPage = Callable[..., Page]
SIZES = {390: {"width": 390, "height": 844}, 1280: {"width": 1280, "height": 900}}
LOOKS = ((390, "light"), (390, "dark"), (1280, "light"), (1280, "dark"))


@pytest.fixture(scope="session")
def platforms() -> Iterator[Platforms]:
    with serve_both() as served:
        yield served


@pytest.fixture(scope="session")
def yard(platforms: Platforms) -> Iterator[Yard]:
    with tempfile.TemporaryDirectory(prefix="ty-", dir=MEMORY) as folder:
        started = Yard.start(Path(folder), platforms.settings)
        yield started
        started.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, yard: Yard) -> Iterator[OpenPage]:
    """Sign somebody new in, in a browser of their own, and return the page they land on.

    `expected` are beginnings of console errors that the test provokes."""
    with ExitStack() as stack:
        problems: list[str] = []
        expected: list[str] = []

        def open_one(
            name: str,
            *,
            points: int = 0,
            width: int = 1280,
            scheme: str = "light",
            provokes: tuple[str, ...] = (),
        ) -> Page:
            context: BrowserContext = chromium.new_context(
                viewport=SIZES[width],  # type: ignore[arg-type]  # plain dict for a TypedDict
                color_scheme="dark" if scheme == "dark" else "light",
                locale="en-GB",
                reduced_motion="reduce",
            )
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(15_000)
            expected.extend(provokes)
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on(
                "console",
                lambda said: problems.append(said.text) if said.type == "error" else None,
            )
            sign_in(page, yard.make_link(name, points))
            return page

        yield open_one
    assert [p for p in problems if not any(part in p for part in expected)] == []


def sign_in(page: Page, link: str) -> None:
    """Open a link, confirm, and wait for the sandbox."""
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    wait_until_ready(page)


def wait_until_ready(page: Page) -> None:
    """Wait until the frame and the first page stand."""
    page.locator("body[data-ready] main h1").first.wait_for()
