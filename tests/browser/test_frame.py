"""The sandbox's frame: signing in, places, the back button, themes, sizes, and a session that ends."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import sign_in, wait_until_ready
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, find_breaches, is_wider_than_the_screen
from tests.browser.yard import Yard

FIRST_LOAD_BYTES = 150_000


def test_a_newcomer_opens_the_printed_link_and_finds_the_first_step(
    yard: Yard, open_page: OpenPage
) -> None:
    page = open_page("me", link=yard.first_link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, me")
    expect(page.get_by_role("link", name="New dataset").first).to_be_visible()
    expect(page.locator("[data-balance]").first).to_have_text(re.compile(r"\d"))


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_place_is_accessible_and_fits(open_page: OpenPage, width: int, scheme: str) -> None:
    page = open_page("looker", width=width, scheme=scheme)
    places = (
        "/",
        "/datasets",
        "/train",
        "/trainings",
        "/models",
        "/generate",
        "/points",
        "/inbox",
        "/account",
        "/style",
    )
    for place in places:
        page.goto(re.sub(r"(http://[^/]+).*", r"\1", page.url) + place)
        wait_until_ready(page)
        assert find_breaches(page) == [], place
        assert not is_wider_than_the_screen(page), place


def test_links_and_the_back_button_lead_where_they_say(open_page: OpenPage) -> None:
    page = open_page("walker")
    page.get_by_role("link", name="Datasets").first.click()
    expect(page).to_have_url(re.compile("/datasets$"))
    page.get_by_role("link", name="Models").first.click()
    expect(page).to_have_url(re.compile("/models$"))
    page.go_back()
    expect(page).to_have_url(re.compile("/datasets$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Datasets")


def test_what_is_not_there_is_said(open_page: OpenPage) -> None:
    page = open_page("lost", provokes=("404",))
    page.goto(page.url + "datasets/ds_aaaaaaaaaaaaaaaa")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()


def test_the_first_load_is_small_and_soon_ready(open_page: OpenPage) -> None:
    page = open_page("hasty")
    page.goto(page.url)
    wait_until_ready(page)
    page.wait_for_load_state("load")
    loaded: int = page.evaluate(
        """["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
          .reduce((sum, entry) => sum + entry.decodedBodySize, 0)"""
    )
    assert 0 < loaded < FIRST_LOAD_BYTES


def test_a_session_that_ends_in_a_form_loses_nothing(yard: Yard, open_page: OpenPage) -> None:
    page = open_page("sleeper", provokes=("401",))
    page.goto(f"{yard.url}/datasets?new=1")
    name = page.get_by_label("Name").first
    name.fill("What I typed")
    page.context.clear_cookies()
    page.get_by_role("button", name=re.compile("Create|Make")).first.click()
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    other = page.context.new_page()
    sign_in(other, yard.make_link("sleeper"))
    page.bring_to_front()
    page.get_by_role("button", name="I am signed in again").click()
    expect(page.get_by_role("heading", name="What I typed")).to_be_visible()
