"""Signing in by a platform in a browser: from the button to Home, to the page one wanted, and linking another."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import wait_until_ready
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, SIZES, find_breaches, is_wider_than_the_screen
from tests.browser.platforms import Platforms
from tests.browser.yard import Yard
from tests.fake_identity.platform import Someone


def allow(page: Page) -> None:
    """Let the platform tell who one is."""
    expect(page).to_have_url(re.compile("^http://localhost:"))
    page.get_by_role("button", name="Authorize").click()


@pytest.fixture
def stranger(open_page: OpenPage) -> Page:
    """The browser of somebody who is not signed in any more; what was refused is an error there."""
    page = open_page("somebody", provokes=("422",))
    page.context.clear_cookies()
    return page


def test_the_discord_button_leads_home_and_telegram_is_linked_from_the_account(
    yard: Yard, platforms: Platforms, stranger: Page
) -> None:
    page = stranger
    platforms.discord.someone = Someone(2001, "Dora")
    platforms.telegram.someone = Someone(2002, "Dora T")
    page.goto(yard.url)
    page.get_by_role("button", name="Sign in with Discord").click()
    allow(page)
    wait_until_ready(page)
    expect(page).to_have_url(f"{yard.url}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Dora")
    page.goto(f"{yard.url}/account")
    expect(page.get_by_role("heading", name="Discord")).to_be_visible()
    expect(page.get_by_role("button", name="Link Discord")).to_have_count(0)
    page.get_by_role("button", name="Link Telegram").click()
    allow(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Link Telegram to Dora?")
    assert find_breaches(page) == []
    page.get_by_role("button", name="Link them").click()
    wait_until_ready(page)
    expect(page).to_have_url(f"{yard.url}/account")
    expect(page.get_by_role("heading", name="Telegram")).to_be_visible()


def test_who_declines_finds_the_way_back(stranger: Page, yard: Yard) -> None:
    page = stranger
    page.goto(f"{yard.url}/models")
    page.get_by_role("button", name="Sign in with Telegram").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("You did not let Telegram tell who you are")).to_be_visible()
    page.get_by_role("link", name="To the start").click()
    expect(page.get_by_role("button", name="Sign in with Telegram")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_page_of_buttons_is_accessible_and_fits(
    chromium: Browser, yard: Yard, width: int, scheme: str
) -> None:
    context = chromium.new_context(
        viewport=SIZES[width],  # type: ignore[arg-type]  # plain dict for a TypedDict
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(f"{yard.url}/datasets")
    expect(page.get_by_role("button", name="Sign in with Discord")).to_be_visible()
    assert find_breaches(page) == [] and not is_wider_than_the_screen(page)
    context.close()
