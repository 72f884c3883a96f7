"""Points in a browser: given once to somebody whose name was shown, and capped by their owner."""

import re

from playwright.sync_api import Page, expect

from tests.browser.chromium import wait_until_ready
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, find_breaches, is_wider_than_the_screen
from tests.browser.yard import Yard


def open_tab(page: Page, yard: Yard, tab: str) -> None:
    page.goto(f"{yard.url}/points?tab={tab}")
    wait_until_ready(page)


def test_points_are_given_once_to_the_one_whose_name_was_shown(
    yard: Yard, open_page: OpenPage
) -> None:
    receiver = open_page("Noor")
    open_tab(receiver, yard, "more")
    account = receiver.locator("code", has_text=re.compile("^ac_")).inner_text()
    giver = open_page("Ilse", points=30, provokes=("404", "422"))
    open_tab(giver, yard, "give")
    to, amount = giver.get_by_label("To whom"), giver.get_by_label("Points", exact=True)
    look = giver.get_by_role("button", name="Give …")
    to.fill("nobody at all")
    amount.fill("31")
    look.click()
    expect(giver.get_by_text("You have 30 points.")).to_be_visible()
    amount.fill("12")
    look.click()
    expect(giver.get_by_text("I know nobody of that name.")).to_be_visible()
    to.fill(account)
    look.click()
    dialog = giver.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Give 12 points to Noor?")).to_be_visible()
    expect(dialog.get_by_text("18 points")).to_be_visible()
    assert find_breaches(giver) == []
    dialog.get_by_role("button", name="Give", exact=True).dblclick()
    expect(giver.get_by_text("Noor has 12 points more.")).to_be_visible()
    expect(giver.locator("[data-balance]").first).to_have_text("18")
    expect(receiver.locator("[data-balance]").first).to_have_text("12")
    open_tab(receiver, yard, "statement")
    expect(receiver.get_by_role("row", name=re.compile(r"Ilse Received \+12 12"))).to_be_visible()


def test_a_cap_of_ones_own_is_kept_and_holds(yard: Yard, open_page: OpenPage) -> None:
    page = open_page("Thrifty", points=30, provokes=("422",))
    open_tab(page, yard, "caps")
    day = page.get_by_label("Points each day")
    day.fill("5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.reload()
    expect(day).to_have_value("5")
    expect(page.get_by_text("0 points spent so far.").first).to_be_visible()
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for tab in ("give", "caps", "more"):
            page.locator(f"[data-name={tab}]").click()
            assert find_breaches(page) == []
            assert not is_wider_than_the_screen(page), tab
    page.set_viewport_size({"width": 1280, "height": 844})
    page.locator("[data-name=caps]").click()
    day.fill("-1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("A cap is a whole number of points")).to_be_visible()
