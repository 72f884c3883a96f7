"""Datasets in a browser: filled in every way, captioned by keyboard, checked, shared, and never at a loss."""

import base64
import io
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, Request, Route, expect

from tests.browser.chromium import wait_until_ready
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, find_breaches, is_wider_than_the_screen
from tests.worker.people import draw_flag

_DROP = """([kind, files]) => {
  const transfer = new DataTransfer();
  for (const [name, type, base64] of files) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  const options = { bubbles: true, cancelable: true };
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { ...options, clipboardData: transfer })
    : new DragEvent("drop", { ...options, dataTransfer: transfer });
  document.querySelector("main").dispatchEvent(event);
}"""


def make_dataset(page: Page, name: str) -> None:
    """Make a dataset and wait for its page."""
    page.get_by_role("link", name="Datasets").first.click()
    page.get_by_role("button", name="New dataset").first.click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def flag(index: int) -> FilePayload:
    return {"name": f"flag {index}.png", "mimeType": "image/png", "buffer": draw_flag(index)}


def text(index: int, words: str) -> FilePayload:
    return {"name": f"flag {index}.txt", "mimeType": "text/plain", "buffer": words.encode()}


def give(page: Page, kind: str, *files: FilePayload) -> None:
    """Drop or paste files on the page."""
    packed = [[f["name"], f["mimeType"], base64.b64encode(f["buffer"]).decode()] for f in files]
    page.evaluate(_DROP, [kind, packed])


def choose(page: Page, *files: FilePayload) -> None:
    page.get_by_label("Add pictures").first.set_input_files(list(files))


def list_labels(page: Page) -> list[str]:
    return [tile.get_attribute("aria-label") or "" for tile in page.get_by_role("option").all()]


def test_pictures_come_in_by_drop_paste_choice_and_zip_and_each_file_is_answered_for(
    open_page: OpenPage,
) -> None:
    page = open_page("filler")
    make_dataset(page, "Flags")
    give(page, "drop", flag(1), text(1, "a flag, red"))
    expect(page.get_by_role("option", name="flag 1.png: a flag, red")).to_be_visible()
    give(page, "paste", flag(2))
    expect(page.get_by_role("option")).to_have_count(2)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a/flag 3.png", draw_flag(3))
        archive.writestr("a/flag 3.txt", "a third flag")
    archive_file: FilePayload = {
        "name": "more.zip",
        "mimeType": "application/zip",
        "buffer": packed.getvalue(),
    }
    broken: FilePayload = {"name": "broken.png", "mimeType": "image/png", "buffer": b"\x89PNG no"}
    notes: FilePayload = {"name": "notes.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"}
    choose(page, archive_file, broken, notes, flag(1))
    expect(page.get_by_role("option", name="flag 3.png: a third flag")).to_be_visible()
    queue = page.get_by_role("region", name="Files on their way")
    expect(queue.get_by_text("2 files were refused")).to_be_visible()
    expect(queue.get_by_text("This is neither a picture nor a zip.")).to_be_visible()
    expect(queue.get_by_text("1 was there already")).to_be_visible()
    expect(page.get_by_role("option")).to_have_count(3)
    expect(page.get_by_text("3 of 2,000 pictures")).to_be_visible()


def test_pictures_are_moved_and_removed_by_keyboard_and_a_removal_is_undone(
    open_page: OpenPage,
) -> None:
    page = open_page("mover")
    make_dataset(page, "Order")
    for index in (1, 2, 3):
        choose(page, flag(index))
        expect(page.get_by_role("option")).to_have_count(index)
    page.get_by_role("option").first.focus()
    with page.expect_response(re.compile("/order$")):
        page.keyboard.press("Alt+ArrowRight")
    assert [label[:6] for label in list_labels(page)] == ["flag 2", "flag 1", "flag 3"]
    page.keyboard.press("Delete")
    expect(page.get_by_role("option")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("option")).to_have_count(3)
    page.reload()
    expect(page.get_by_role("option")).to_have_count(3)
    assert [label[:6] for label in list_labels(page)] == ["flag 2", "flag 1", "flag 3"]


def test_captions_are_written_by_keyboard_and_all_changed_after_a_look(
    open_page: OpenPage,
) -> None:
    page = open_page("writer")
    make_dataset(page, "Words")
    choose(page, flag(1), flag(2))
    expect(page.get_by_role("option")).to_have_count(2)
    page.get_by_role("option").first.focus()
    page.keyboard.press("Enter")
    editor = page.get_by_role("dialog")
    editor.get_by_label("Caption in default").fill("one <b>flag</b>")
    page.keyboard.press("Control+Enter")
    expect(editor.get_by_text("2 of 2")).to_be_visible()
    editor.get_by_label("Caption in default").fill("another flag")
    page.go_back()
    expect(editor).to_have_count(0)
    expect(page.get_by_role("option", name=": one <b>flag</b>")).to_be_visible()
    expect(page.get_by_role("option", name=": another flag")).to_be_visible()
    page.get_by_role("tab", name="Captions").click()
    page.get_by_label("Text").fill("myflag")
    expect(page.get_by_text("myflag, another flag")).to_be_visible()
    page.get_by_role("button", name="Change 2 captions").click()
    page.get_by_role("tab", name="Pictures").click()
    expect(page.get_by_role("option", name=": myflag, another flag")).to_be_visible()


def test_a_lost_line_loses_neither_files_nor_words(open_page: OpenPage) -> None:
    page = open_page("traveller", provokes=("Failed to load resource",))
    make_dataset(page, "Trains")
    page.context.set_offline(True)
    choose(page, flag(1))
    expect(page.get_by_text("Waits for the connection")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("option").click()
    page.context.set_offline(True)
    words = page.get_by_label("Caption in default")
    words.fill("typed in a tunnel")
    words.blur()
    expect(page.get_by_text("Not saved:")).to_be_visible()
    page.context.set_offline(False)
    page.reload()
    expect(words).to_have_value("typed in a tunnel")
    page.keyboard.press("Escape")
    expect(page.get_by_role("option", name="typed in a tunnel")).to_be_visible()


def test_a_large_file_goes_on_where_the_line_was_cut(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page("hauler", provokes=("Failed to load resource",))
    make_dataset(page, "Large")
    large = tmp_path / "large.zip"
    with zipfile.ZipFile(large, "w") as archive:
        archive.writestr("flag.png", draw_flag(4))
        archive.writestr("padding.bin", bytes(range(256)) * (10 * 4096))
    offsets: list[str] = []

    def cut_the_second(route: Route, request: Request) -> None:
        offsets.append(request.url.rpartition("=")[2])
        if len(offsets) == 2:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(re.compile(r"/uploads/.*offset="), cut_the_second)
    page.get_by_label("Add pictures").first.set_input_files(large)
    expect(page.get_by_role("option")).to_have_count(1)
    part = 4 * 1024**2
    assert offsets == ["0", str(part), str(part), str(2 * part)]


def test_the_check_finds_twins_and_keeps_one(open_page: OpenPage) -> None:
    page = open_page("checker")
    make_dataset(page, "Twins")
    smaller = io.BytesIO()
    Image.open(io.BytesIO(draw_flag(1))).resize((80, 80)).save(smaller, "PNG")
    twin: FilePayload = {"name": "twin.png", "mimeType": "image/png", "buffer": smaller.getvalue()}
    choose(page, flag(1), twin, text(1, "a flag"))
    expect(page.get_by_role("option")).to_have_count(2)
    page.get_by_role("tab", name="Check").click()
    expect(page.get_by_text("80 × 80").first).to_be_visible()
    page.locator("figure").filter(has_text="96 × 96").get_by_role("button").click()
    expect(page.get_by_role("heading", name="Look alike")).to_have_count(0)
    expect(page.get_by_text("1 picture removed.")).to_be_visible()
    page.get_by_role("tab", name="Pictures").click()
    expect(page.get_by_role("option", name="flag 1.png: a flag")).to_be_visible()
    expect(page.get_by_role("option")).to_have_count(1)


def test_a_dataset_is_shared_joined_left_and_deleted(open_page: OpenPage) -> None:
    owner, friend = open_page("owner"), open_page("friend")
    make_dataset(owner, "Ours")
    owner.get_by_role("tab", name="Sharing").click()
    owner.get_by_role("button", name="Make an invitation").click()
    code = owner.locator("strong.code").inner_text()
    friend.goto(re.sub(r"(http://[^/]+).*", r"\1", friend.url) + f"/datasets?join={code}")
    friend.get_by_role("button", name="Join", exact=True).click()
    expect(friend.get_by_role("heading", level=1)).to_have_text("Ours")
    friend.get_by_role("tab", name="Sharing").click()
    expect(friend.get_by_role("button", name="Delete this dataset")).to_have_count(0)
    friend.get_by_role("button", name="Leave this dataset").click()
    friend.get_by_role("button", name="Leave", exact=True).click()
    expect(friend.get_by_text("Your first dataset")).to_be_visible()
    owner.get_by_role("button", name="Delete this dataset").click()
    owner.get_by_role("button", name="Delete for good").click()
    expect(owner.get_by_text("Your first dataset")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_part_of_a_dataset_is_accessible_and_fits(
    open_page: OpenPage, width: int, scheme: str
) -> None:
    page = open_page(f"looker of datasets {width} {scheme}", width=width, scheme=scheme)
    make_dataset(page, "A name as long as people give them when they think of nothing shorter")
    choose(page, flag(1), flag(2), text(1, "a flag, red"))
    expect(page.get_by_role("option")).to_have_count(2)
    place = page.url.partition("?")[0]
    item = page.get_by_role("option").first.get_attribute("data-key")
    for query in ("", f"?item={item}", "?tab=captions", "?tab=report", "?tab=sharing"):
        page.goto(place + query)
        wait_until_ready(page)
        if query == "?tab=report":
            page.get_by_role("heading", name="What it can be trained with").wait_for()
        assert find_breaches(page) == [], query
        assert not is_wider_than_the_screen(page), query
