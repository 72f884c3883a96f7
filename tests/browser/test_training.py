"""Training in a browser: a form that loses nothing and buys once, a page that follows live, and too few points."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import wait_until_ready
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, find_breaches, is_wider_than_the_screen
from tests.browser.yard import Yard

MAKE_DATASET = """async ([name, pictures]) => {
  const { api } = await import("/static/lib/api.js");
  const made = await api.post("/datasets", { name });
  const form = new FormData();
  for (let index = 0; index < pictures; index += 1) {
    const canvas = Object.assign(document.createElement("canvas"), { width: 96, height: 96 });
    const pen = canvas.getContext("2d");
    for (let stroke = 0; stroke < 40; stroke += 1) {
      pen.fillStyle = `hsl(${(index * 97 + stroke * 53) % 360} 80% 50%)`;
      pen.fillRect((stroke * 31 * (index + 2)) % 96, (stroke * 17) % 96, 24, 18);
    }
    form.append("files", await new Promise((done) => canvas.toBlob(done)), `${index}.png`);
  }
  await api.post(`/datasets/${made.id}/images`, form);
  return made.id;
}"""
_TRAINING_S = 480
_ON_A_TRAINING = re.compile(r"/trainings/jb_\w+$")


def open_form(page: Page, yard: Yard, name: str = "Mira", query: str = "") -> str:
    """Make a dataset of four pictures, open the form for it, and return the dataset's id."""
    dataset = str(page.evaluate(MAKE_DATASET, [name, 4]))
    page.goto(f"{yard.url}/train?dataset={dataset}{query}")
    wait_until_ready(page)
    return dataset


def find_buy(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Train"))


def find_number(page: Page, name: str) -> Locator:
    return page.get_by_role("spinbutton", name=re.compile(f"^{name}"))


@pytest.mark.timeout(600)
def test_a_training_is_bought_once_followed_live_and_right_after_a_lost_line(
    yard: Yard, open_page: OpenPage
) -> None:
    page = open_page("trainer", points=100, provokes=("422", "net::ERR_FAILED"))
    open_form(page, yard)
    buy, words = find_buy(page), page.get_by_label("Trigger words")
    suggested = re.compile(r"^mira[a-z]{2}$")
    expect(words).to_have_value(suggested)
    words.fill("")
    buy.click()
    expect(words).to_be_focused()
    expect(page.get_by_text("Give the word that brings your model in.")).to_be_visible()
    words.fill("zorg:cat")
    expect(page.get_by_text("may not contain brackets")).to_be_visible()
    words.fill("zorgcat")
    expect(page.get_by_text("may not contain brackets")).to_have_count(0)
    find_number(page, "Steps").fill("9")
    expect(page.locator(".field-error", has_text="10 to 5000")).to_be_visible()
    expect(buy).to_be_disabled()
    find_number(page, "Steps").fill("20")
    find_number(page, "Samples every").fill("10")
    expect(buy).to_have_text("Train for 7 points")

    page.reload()
    expect(words).to_have_value("zorgcat")
    expect(buy).to_have_text("Train for 7 points")
    other = page.context.new_page()
    other.goto(page.url)
    expect(find_buy(other)).to_have_text("Train for 7 points")
    buy.dblclick()
    expect(page).to_have_url(_ON_A_TRAINING)
    expect(other.get_by_text("This form has been sent already")).to_be_visible()
    find_buy(other).click()
    expect(other).to_have_url(page.url)
    expect(page.locator("[data-balance]").first).to_have_text("93")

    other.route("**/api/v1/events", lambda route: route.abort())  # a tab whose line is dead
    other.reload()
    wait_until_ready(other)
    ready = page.get_by_role("heading", name=re.compile("is ready"))
    expect(ready).to_be_visible(timeout=_TRAINING_S * 1000)
    expect(page.get_by_text("7 points were charged.")).to_be_visible()
    expect(other.get_by_role("heading", name=re.compile("is ready"))).to_be_hidden()
    other.unroute("**/api/v1/events")
    expect(other.get_by_role("heading", name=re.compile("is ready"))).to_be_visible(timeout=15_000)

    look_at_the_training(page)
    other.get_by_role("link", name="Train it further").click()
    expect(other.get_by_label("Trigger words")).to_have_value("zorgcat")
    expect(find_number(other, "Rank")).to_be_disabled()
    expect(find_buy(other)).to_have_text("Train for 37 points")
    expect(other.get_by_role("radio", name="Tiny DreamBooth checkpoint")).to_be_disabled()
    page.get_by_role("link", name="Trainings", exact=True).click()
    row = page.get_by_role("listitem").filter(has_text="zorgcat")
    expect(row).to_have_count(1)
    expect(row.get_by_text("Done")).to_be_visible()


def look_at_the_training(page: Page) -> None:
    """Compare two samples by keyboard, read the curve as a table, and look at it in every size and theme."""
    slider = page.get_by_label("Where the earlier picture ends")
    slider.focus()
    slider.press("Home")
    expect(slider).to_have_value("0")
    page.get_by_role("button", name="Compare step 10").first.click()
    expect(page.get_by_label("Right")).to_have_value("10")
    page.get_by_text("Show as a table").click()
    expect(page.locator(".chart tbody tr")).to_have_count(20)
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert find_breaches(page) == []
        assert not is_wider_than_the_screen(page)


def test_too_few_points_are_said_before_anything_is_bought(yard: Yard, open_page: OpenPage) -> None:
    page = open_page("poor")
    open_form(page, yard)
    page.get_by_label("Trigger words").fill("zorgcat")
    find_number(page, "Steps").fill("5000")
    expect(page.get_by_text(re.compile("You lack .* points"))).to_be_visible()
    expect(find_buy(page)).to_be_disabled()
    expect(page.get_by_role("link", name="Get points")).to_have_attribute("href", "/points")


def test_what_does_not_fit_says_why_and_each_offering_has_its_own_settings(
    yard: Yard, open_page: OpenPage
) -> None:
    page = open_page("chooser", points=50, provokes=("422",))
    open_form(page, yard)
    page.get_by_text("Stable Diffusion 1.5", exact=False).first.click()
    expect(page.get_by_role("radio", name="SD 1.5 LoRA")).to_be_disabled()
    expect(page.get_by_text("Takes 5 to 1000 pictures; this dataset has 4.").first).to_be_visible()
    find_number(page, "Steps").fill("30")
    page.get_by_text("Tiny DreamBooth", exact=True).click()
    expect(page.get_by_label("Class prompt")).to_be_visible()
    expect(find_number(page, "Steps")).to_have_value("400")
    expect(page).to_have_url(re.compile("offering=dreambooth"))
    page.get_by_label("Trigger words").fill("zorgcat")
    find_buy(page).click()
    expect(page.get_by_text("Say what your subject is one of.")).to_be_visible()
    expect(page.get_by_label("Class prompt")).to_be_focused()
    page.get_by_text("Tiny LoRA", exact=True).click()
    expect(find_number(page, "Steps")).to_have_value("30")
    page.get_by_role("button", name="Reset Steps").click()
    expect(find_number(page, "Steps")).to_have_value("400")


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_form_is_accessible_and_fits(
    yard: Yard, open_page: OpenPage, width: int, scheme: str
) -> None:
    page = open_page("looker", width=width, scheme=scheme)
    open_form(page, yard, "A long name " * 8, "&offering=dreambooth")
    page.get_by_text("Advanced settings").click()
    assert find_breaches(page) == []
    assert not is_wider_than_the_screen(page)
