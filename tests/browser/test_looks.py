"""Every page with something on it, in both sizes and themes: accessible, no wider than the screen, and still."""

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import wait_until_ready
from tests.browser.conftest import OpenPage
from tests.browser.looks import find_breaches, find_shifts, is_wider_than_the_screen, set_look
from tests.browser.seeding import MAKER, Seeded
from tests.browser.yard import Yard

_COLOURS = ("color-contrast", "link-in-text-block")
"""What another theme can break."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_is_accessible_fits_and_stands_still(
    yard: Yard, seeded: Seeded, open_page: OpenPage, width: int
) -> None:
    page = open_page(MAKER, admin=True, width=width, provokes=("404",))
    for name, address in seeded.list_places(page).items():
        set_look(page, width, "light")
        page.goto(yard.url + address)
        wait_until_ready(page)
        expect(page.locator("main [aria-busy=true]")).to_have_count(0)
        page.wait_for_load_state("load")
        assert find_breaches(page) == [], name
        assert not is_wider_than_the_screen(page), name
        assert find_shifts(page) == [], name
        set_look(page, width, "dark")
        assert find_breaches(page, _COLOURS) == [], f"{name}, dark"
