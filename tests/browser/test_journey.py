"""The whole way of a newcomer: from the bot's link to a dataset, a model, and the first point that it earns."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_datasets import choose, flag, give, make_dataset
from tests.browser.yard import Yard
from tests.worker.people import draw_flag

_WORK_MS = 480_000
_SOON_MS = 60_000


def go(page: Page, name: str) -> None:
    """Follow a link of the navigation; on a narrow screen some are behind a button."""
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name=name)
    if not link.is_visible():
        page.get_by_role("button", name="More", exact=True).click()
    link.click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_from_the_bots_link_to_a_royalty(
    yard: Yard, open_page: OpenPage, tmp_path: Path, width: int, scheme: str
) -> None:
    name, word = f"maker {width}", f"zorgflag{width}"
    link = yard.ask_bot_for_link(name, 100, tmp_path)
    maker = open_page(name, link=link, width=width, scheme=scheme)
    expect(maker.get_by_role("heading", level=1)).to_have_text(f"Hello, {name}")
    gather(maker)
    write_captions(maker)
    train(maker, word)
    compare(maker)
    publish(maker, word)
    model = re.sub(r"\?.*", "", maker.url)
    go(maker, "Points")
    guest = open_page(f"guest {width}", points=20, width=width, scheme=scheme)
    generate(guest, word)
    earned = maker.get_by_role("row").filter(has_text="Earned")
    expect(earned).to_contain_text("+1", timeout=_SOON_MS)  # told live: nothing was loaded anew
    maker.get_by_role("tab", name="Earnings").click()
    row = maker.get_by_role("row").filter(has_text=f"Flags: {word}")
    expect(row.get_by_role("cell").last).to_have_text("1")
    row.get_by_role("link").click()
    expect(maker).to_have_url(model)
    expect(maker.get_by_text("You 4 pictures")).to_be_visible()


def gather(page: Page) -> None:
    """Bring four pictures in by drop, paste and zip."""
    make_dataset(page, "Flags")
    give(page, "drop", flag(1))
    give(page, "paste", flag(2))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("flag 3.png", draw_flag(3))
        archive.writestr("flag 4.png", draw_flag(4))
    choose(page, FilePayload(name="f.zip", mimeType="application/zip", buffer=packed.getvalue()))
    expect(page.get_by_role("option")).to_have_count(4)


def write_captions(page: Page) -> None:
    """Caption all four without touching the mouse."""
    page.get_by_role("option").first.focus()
    page.keyboard.press("Enter")
    editor = page.get_by_role("dialog")
    for number in range(1, 5):
        expect(editor.get_by_text(f"{number} of 4")).to_be_visible()
        expect(editor.get_by_label("Caption in default")).to_be_focused()
        page.keyboard.type(f"a striped flag, number {number}")
        if number < 4:
            page.keyboard.press("Control+Enter")
    page.keyboard.press("Escape")
    expect(editor).to_have_count(0)
    expect(page.get_by_role("option", name=re.compile("number [1-4]$"))).to_have_count(4)


def train(page: Page, word: str) -> None:
    """Buy a short training and watch it to its end, without loading anything anew."""
    page.get_by_role("link", name="Train on this dataset").click()
    page.get_by_label("Trigger words").fill(word)
    page.get_by_role("spinbutton", name=re.compile("^Steps")).fill("10")
    page.get_by_role("spinbutton", name=re.compile("^Samples every")).fill("10")
    page.get_by_role("button", name=re.compile("^Train for . points$")).click()
    expect(page).to_have_url(re.compile(r"/trainings/jb_\w+$"))
    expect(page.get_by_text(re.compile("points are held until it ends"))).to_be_visible()
    ready = page.get_by_role("heading", name=re.compile("is ready"))
    expect(ready).to_be_visible(timeout=_WORK_MS)
    expect(page.get_by_role("progressbar")).to_be_hidden()
    expect(page.get_by_text(re.compile("points were charged"))).to_be_visible()


def compare(page: Page) -> None:
    """Move the line between the first and the last sample, and see it move."""
    slider = page.get_by_label("Where the earlier picture ends")
    slider.focus()
    slider.press("Home")
    stage = page.locator(".compare")
    assert stage.evaluate("(stage) => stage.style.getPropertyValue('--cut')") == "0%"
    expect(stage.get_by_alt_text(re.compile("at step 0$"))).to_have_count(1)
    expect(stage.get_by_alt_text(re.compile("at step 10$"))).to_have_count(1)
    whole = "(images) => Promise.all(images.map((image) => image.decode()))"
    stage.locator("img").evaluate_all(whole)  # raises for a picture that is broken


def publish(page: Page, word: str) -> None:
    """Publish the model, under one word more than it was trained with."""
    page.get_by_role("link", name="Publish").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Trigger words").fill(f"{word}, {word}wave")
    form.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Public", exact=True)).to_be_visible()
    expect(page.get_by_text(f"{word}wave", exact=True)).to_be_visible()


def generate(page: Page, word: str) -> None:
    """Have a picture drawn with somebody else's model, brought in by its word."""
    go(page, "Generate")
    page.get_by_label("Prompt", exact=True).fill(f"a {word}wave on a hill")
    expect(page.get_by_role("slider", name=f"Weight of Flags: {word}")).to_be_visible()
    expect(page.get_by_text("for 1 picture; you have 20 points.")).to_be_visible()
    page.locator("main").get_by_role("button", name="Generate", exact=True).click()
    picture = page.get_by_role("img", name=f"a {word}wave on a hill")
    expect(picture).to_be_visible(timeout=_WORK_MS)
    picture.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"a {word}wave on a hill")
    expect(page.get_by_text("Of it for the makers")).to_be_visible(timeout=_SOON_MS)
