"""What goes wrong while a page is open: a server that dies, a session that is ended, and two tabs at odds."""

import re
import zipfile
from pathlib import Path
from typing import cast

from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.chromium import sign_in, wait_until_ready
from tests.browser.conftest import OpenPage
from tests.browser.test_datasets import choose, flag, make_dataset
from tests.browser.yard import Yard
from tests.worker.people import draw_flag

_RESTART_MS = 90_000


def open_beside(page: Page, address: str) -> Page:
    """Open another tab in the same browser."""
    tab = page.context.new_page()
    tab.goto(address)
    wait_until_ready(tab)
    return tab


def write(page: Page, text: str) -> None:
    """Write the caption of the picture that is open, and leave the field."""
    field = page.get_by_label("Caption in default")
    field.fill(text)
    field.blur()


def open_picture(page: Page) -> None:
    page.get_by_role("option").first.click()
    expect(page.get_by_label("Caption in default")).to_be_visible()


def test_a_server_that_dies_in_an_upload_is_waited_for_and_events_go_on(
    yard: Yard, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page("survivor", provokes=("Failed to load resource", "net::ERR_", "502"))
    inbox = open_beside(page, f"{yard.url}/inbox")
    news = inbox.get_by_text("You signed in on the web")
    expect(news).to_have_count(1)
    make_dataset(page, "Unsinkable")
    large = tmp_path / "large.zip"
    with zipfile.ZipFile(large, "w") as archive:
        archive.writestr("flag.png", draw_flag(4))
        archive.writestr("padding.bin", bytes(range(256)) * (10 * 4096))
    offsets: list[int] = []

    def kill_before_the_second(route: Route, request: Request) -> None:
        offsets.append(int(request.url.rpartition("=")[2]))
        if len(offsets) == 2:
            yard.kill_web_server()
        route.continue_()

    page.route(re.compile(r"/uploads/.*offset="), kill_before_the_second)
    page.get_by_label("Add pictures").first.set_input_files(large)
    expect(page.get_by_role("option")).to_have_count(1, timeout=_RESTART_MS)
    assert offsets[:3] == [0, 4 * 1024**2, 4 * 1024**2], "what had arrived was not sent again"
    open_page("survivor")
    expect(news).to_have_count(2, timeout=_RESTART_MS)  # told by the new server, in the old page


def test_a_session_that_is_ended_elsewhere_loses_no_word_and_opens_nothing_any_more(
    yard: Yard, open_page: OpenPage
) -> None:
    page = open_page("roamer", provokes=("401",))
    make_dataset(page, "Roads")
    choose(page, flag(1))
    open_picture(page)
    old = page.context.cookies()
    elsewhere = open_page("roamer")
    elsewhere.goto(f"{yard.url}/account")
    elsewhere.get_by_role("button", name="Sign out everywhere").click()
    dialog = elsewhere.get_by_role("dialog")
    dialog.get_by_role("button", name="Sign out everywhere").click()
    expect(elsewhere.get_by_role("heading", name="You are not signed in")).to_be_visible()
    write(page, "typed after the end")
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    sign_in(page.context.new_page(), yard.make_link("roamer"))
    page.bring_to_front()
    page.get_by_role("button", name="I am signed in again").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.context.clear_cookies()
    page.context.add_cookies(cast(list[SetCookieParam], old))
    page.goto(yard.url)
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
    assert page.request.get(f"{yard.url}/api/v1/me").status == 401


def test_two_tabs_show_each_others_changes_and_never_write_over_them_in_silence(
    open_page: OpenPage,
) -> None:
    first = open_page("juggler", provokes=("412",))
    make_dataset(first, "Tabs")
    choose(first, flag(1))
    expect(first.get_by_role("option")).to_have_count(1)
    second = open_beside(first, first.url)
    choose(second, flag(2))
    expect(first.get_by_role("option")).to_have_count(2)

    open_picture(first)
    open_picture(second)
    write(first, "from the first")
    expect(second.get_by_label("Caption in default")).to_have_value("from the first")
    theirs = first.get_by_label("Caption in default")
    theirs.fill("typed in the first, not saved")
    write(second, "from the second")
    conflict = first.get_by_text("meanwhile it was changed to “from the second”")
    expect(conflict).to_be_visible()
    theirs.blur()
    first.get_by_role("button", name="Keep mine").click()
    expect(first.get_by_text("Saved.")).to_be_visible()
    mine = second.get_by_label("Caption in default")
    expect(mine).to_have_value("typed in the first, not saved")
    first.keyboard.press("Escape")
    expect(first.get_by_role("option", name=": typed in the first, not saved")).to_be_visible()


def test_a_caption_changed_by_somebody_else_unheard_is_not_written_over(
    yard: Yard, open_page: OpenPage
) -> None:
    page = open_page("partner", provokes=("412",))
    make_dataset(page, "Common")
    choose(page, flag(1))
    open_picture(page)
    path = re.sub(r"/datasets/(\w+)\?item=(\w+)", r"/api/v1/datasets/\1/items/\2/caption", page.url)
    token = page.request.get(f"{yard.url}/api/v1/me/session").json()["csrf_token"]
    said = page.request.put(
        path,
        data={"text": "by somebody else"},
        headers={"X-CSRF-Token": token, "Sec-Fetch-Site": "same-origin"},
    )
    assert said.ok, said.text()
    write(page, "by me")
    expect(page.get_by_text("meanwhile it was changed to “by somebody else”")).to_be_visible()
    page.get_by_role("button", name="Take the other").click()
    expect(page.get_by_label("Caption in default")).to_have_value("by somebody else")
    page.reload()
    expect(page.get_by_label("Caption in default")).to_have_value("by somebody else")
