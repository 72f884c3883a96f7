"""What is meant to do harm, in a browser: markup is text, what cannot be a picture is refused, links work once."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.chromium import wait_until_ready
from tests.browser.conftest import OpenPage
from tests.browser.test_datasets import choose, give, make_dataset
from tests.browser.yard import Yard
from tests.worker.people import draw_flag

EVIL = '<img src=x onerror="window.harm=1">'


def check_harmless(page: Page) -> None:
    """The markup stands there as text, and has made nothing and done nothing."""
    expect(page.locator("main").get_by_text(EVIL).first).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
    assert page.evaluate("window.harm") is None


def test_markup_in_names_captions_words_and_prompts_is_text(
    yard: Yard, open_page: OpenPage
) -> None:
    page = open_page(EVIL, points=20)
    check_harmless(page)
    make_dataset(page, EVIL)
    choose(page, FilePayload(name=f"{EVIL}.png", mimeType="image/png", buffer=draw_flag(1)))
    page.get_by_role("option").click()
    page.get_by_label("Caption in default").fill(EVIL)
    page.keyboard.press("Escape")
    expect(page.get_by_role("option", name=f": {EVIL}")).to_be_visible()
    dataset = page.url
    for query in ("", "?tab=captions", "?tab=report", "?tab=sharing"):
        page.goto(dataset + query)
        wait_until_ready(page)
        check_harmless(page)
    page.goto(f"{yard.url}/datasets")
    wait_until_ready(page)
    check_harmless(page)
    page.goto(f"{yard.url}/generate")
    page.get_by_label("Prompt", exact=True).fill(f"a cat {EVIL}")
    expect(page.get_by_text("for 1 picture")).to_be_visible()
    assert page.evaluate("window.harm") is None
    page.goto(f"{yard.url}/account")
    expect(page.get_by_label("Name").first).to_have_value(EVIL)
    assert page.evaluate("window.harm") is None


def test_what_cannot_be_a_picture_is_refused_and_what_is_too_large_is_not_even_sent(
    open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page("smuggler")
    make_dataset(page, "Contraband")
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)
    files = []
    for name, size_bytes in (("huge.zip", 3 * 1024**3), ("huge.png", 33 * 1024**2)):
        files.append(tmp_path / name)
        with files[-1].open("wb") as file:
            file.truncate(size_bytes)  # a hole: no disk is filled with it
    page.get_by_label("Add pictures").first.set_input_files(files)
    queue = page.get_by_role("region", name="Files on their way")
    expect(queue.get_by_text("A zip has at most 1 GiB; send it in parts.")).to_be_visible()
    expect(queue.get_by_text("A picture has at most 32 MiB; make it smaller.")).to_be_visible()
    assert sent == []
    page_of_html = FilePayload(name="a.png", mimeType="image/png", buffer=EVIL.encode())
    program = FilePayload(name="b.exe", mimeType="image/png", buffer=b"MZ\x90\0")
    give(page, "drop", page_of_html, program)
    expect(queue.get_by_text("4 files were refused")).to_be_visible()
    expect(page.get_by_role("option")).to_have_count(0)


Spoil = Callable[[str], str]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda link: link,
        lambda link: link[:-4] + ("aaaa" if not link.endswith("aaaa") else "bbbb"),
        lambda link: re.sub(r"[^/]+$", "x" * 43, link),
        lambda link: re.sub(r"[^/]+$", "%3Cscript%3E", link),
    ],
    ids=["used", "changed", "invented", "markup"],
)
def test_a_link_that_was_used_or_forged_signs_nobody_in(
    spoil: Spoil, yard: Yard, chromium: Browser, open_page: OpenPage
) -> None:
    link = yard.make_link("locksmith")
    open_page("locksmith", link=link)
    with chromium.new_context() as context:
        page = context.new_page()
        answer = page.goto(spoil(link))
        assert answer is not None and answer.status in (404, 410)
        expect(page.get_by_role("heading")).to_have_text("That did not work")
        expect(page.get_by_role("button")).to_have_count(0)
        assert context.cookies() == []
        page.goto(yard.url)
        expect(page.get_by_role("heading")).to_have_text("You are not signed in")
