"""A real Chromium on a real Trainyard; an error in the console or a breach of the policy fails the test."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chromium import ARGUMENTS, find_chromium, sign_in
from tests.browser.looks import SIZES, WATCH_SHIFTS
from tests.browser.platforms import Platforms, serve_both
from tests.browser.seeding import Seeded, seed
from tests.browser.yard import Yard
from tests.core.yard import MEMORY

OpenPage = Callable[..., Page]
expect.set_options(timeout=30_000)  # its own is 5 s, whatever a context has for the rest


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
def seeded(yard: Yard, tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """A Trainyard that has been used; the maker is an admin."""
    return seed(yard, tmp_path_factory.mktemp("seeding"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, yard: Yard) -> Iterator[OpenPage]:
    """Sign somebody new in, in a browser of their own, and return the page they land on.

    `link` signs in instead of one made for them; `provokes` are parts of console errors that the test provokes."""
    with ExitStack() as stack:
        problems: list[str] = []
        expected: list[str] = []

        def open_one(
            name: str,
            *,
            points: int = 0,
            width: int = 1280,
            scheme: str = "light",
            admin: bool = False,
            link: str = "",
            provokes: tuple[str, ...] = (),
        ) -> Page:
            context: BrowserContext = chromium.new_context(
                viewport=SIZES[width],  # type: ignore[arg-type]  # plain dict for a TypedDict
                color_scheme="dark" if scheme == "dark" else "light",
                locale="en-GB",
                reduced_motion="reduce",
            )
            stack.callback(context.close)
            context.set_default_timeout(15_000)
            context.add_init_script(WATCH_SHIFTS)
            expected.extend(provokes)
            context.on("weberror", lambda found: problems.append(str(found.error)))
            context.on(
                "console",
                lambda said: problems.append(said.text) if said.type == "error" else None,
            )
            page = context.new_page()
            sign_in(page, link or yard.make_link(name, points, admin=admin))
            return page

        yield open_one
    assert [p for p in problems if not any(part in p for part in expected)] == []
