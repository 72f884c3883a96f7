"""A published model in a browser: found while typing, weighed, drawn with, looked at by its maker, withdrawn."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from config.stores import open_stores
from config.wiring import open_studio
from core.jobs.events import job_event
from tests.browser.chromium import sign_in, wait_until_ready
from tests.browser.conftest import OpenPage
from tests.browser.looks import LOOKS, find_breaches, is_wider_than_the_screen
from tests.browser.test_bad_input import EVIL, check_harmless
from tests.browser.test_training import MAKE_DATASET
from tests.browser.yard import Yard, run_apart

WORD = "quillgriffin"
_TRAIN = """async ([dataset, word]) => {
  const { api } = await import("/static/lib/api.js");
  const params = { steps: 10, rank: 2, train_batch_size: 2, sample_every_steps: 10, lr_warmup_steps: 2 };
  const body = { dataset, offering: "tiny-lora", trigger_words: [word], params };
  let job = await api.post("/trainings", body, { key: word });
  while (!["completed", "failed"].includes(job.status) || !job.settled) {
    await new Promise((done) => setTimeout(done, 300));
    job = await api.get(`/trainings/${job.id}`);
  }
  if (!job.model) throw new Error(JSON.stringify(job.error));
  await api.put(`/models/${job.model}/publication`, { access: "public" });
  return job;
}"""
_ORDER = """async ([id]) => {
  const { api } = await import("/static/lib/api.js");
  const { dataset, spec } = await api.get(`/trainings/${id}`);
  const params = { ...spec.params, rank: 4 };
  const body = { dataset, offering: "tiny-lora", trigger_words: ["quillowl"], params };
  return (await api.post("/trainings", body, { key: "second" })).id;
}"""
"""Another training on the same pictures with another rank, which nobody waits for."""
_CANCEL = """async ([id]) => {
  const { api } = await import("/static/lib/api.js");
  await api.post(`/trainings/${id}/cancel`);
}"""
_DRAW_S = 240
_CARD = ("Name", "Description", "Tags")


@dataclass(frozen=True)
class Made:
    """The maker's browser, and what was trained."""

    maker: Page
    training: str
    model: str


@pytest.fixture(scope="module")
def made(chromium: Browser, yard: Yard) -> Iterator[Made]:
    context = chromium.new_context(locale="en-GB", reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(300_000)
    sign_in(page, yard.make_link("maker", 200))
    dataset = page.evaluate(MAKE_DATASET, ["Griffins", 4])
    job = page.evaluate(_TRAIN, [dataset, WORD])
    page.set_default_timeout(15_000)
    yield Made(page, job["id"], job["model"])
    context.close()


def look(page: Page) -> None:
    """Look at a page in every size and theme."""
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert find_breaches(page) == []
        assert not is_wider_than_the_screen(page)


def open_generate(page: Page, yard: Yard, query: str = "") -> Locator:
    page.goto(f"{yard.url}/generate{query}")
    wait_until_ready(page)
    return page.get_by_label("Prompt")


@pytest.mark.timeout(600)
def test_a_trigger_word_is_offered_taken_by_keyboard_and_weighed(
    made: Made, yard: Yard, open_page: OpenPage
) -> None:
    page = open_page("guest", points=50)
    prompt = open_generate(page, yard)
    below = page.get_by_role("button", name="Generate", exact=True)
    before = below.bounding_box()
    prompt.press_sequentially("a qui")
    option = page.get_by_role("option", name=re.compile(WORD))
    expect(option).to_have_attribute("aria-selected", "true")
    assert below.bounding_box() == before
    look(page)
    prompt.press("Escape")
    expect(option).to_be_hidden()
    prompt.press("l")
    expect(option).to_be_visible()
    prompt.press("Enter")
    expect(prompt).to_have_value(f"a {WORD} ")
    weight = page.get_by_role("slider", name=re.compile("^Weight of Griffins"))
    expect(weight).to_have_value("1")
    prompt.press_sequentially("on a chair <lora:nobodys:1>")
    expect(page.get_by_text("There is no model “nobodys”")).to_be_visible()
    weight.fill("0.6")
    expect(page.get_by_text(f"Drawn as: a {WORD} on a chair", exact=True)).to_be_visible()
    expect(page.get_by_text("for 1 picture; you have 50 points.")).to_be_visible()
    look(page)

    page.reload()
    expect(weight).to_have_value("0.6")
    prompt.press("Control+Enter")
    page.get_by_role("link", name=re.compile(WORD)).filter(has=page.locator("img")).click(
        timeout=_DRAW_S * 1000
    )
    expect(page.get_by_role("definition").filter(has_text="· 0.6")).to_be_visible()
    page.get_by_role("link", name="Vary it").click()
    wait_until_ready(page)
    expect(weight).to_have_value("0.6")
    expect(page.get_by_label("Seed")).to_have_value(re.compile(r"\d+"))
    weight.fill("0")
    expect(page.get_by_text("No trigger word in it")).to_be_visible()
    expect(weight).to_have_value("0")


def test_a_model_is_picked_without_its_word_and_taken_out_again(made: Made, yard: Yard) -> None:
    prompt = open_generate(made.maker, yard)
    made.maker.get_by_label("Add a model").select_option(label=f"Griffins: {WORD}")
    weight = made.maker.get_by_role("slider", name=re.compile("^Weight of Griffins"))
    expect(weight).to_have_value("1")
    prompt.fill("a chair")
    expect(made.maker.get_by_text("for 1 picture")).to_be_visible()
    expect(weight).to_be_visible()
    made.maker.get_by_role("button", name=re.compile("^Take Griffins")).click()
    expect(made.maker.get_by_text("No trigger word in it")).to_be_visible()
    expect(weight).to_be_hidden()


def test_publishing_says_first_what_comes_of_it_and_can_be_undone(made: Made, yard: Yard) -> None:
    page = made.maker
    page.goto(f"{yard.url}/models/{made.model}")
    wait_until_ready(page)
    page.get_by_text("Checked and signed").click()
    expect(page.get_by_text("trainyard verify lora.safetensors --key")).to_be_visible()
    expect(page.get_by_role("button", name=f"Copy “{WORD}”")).to_be_visible()
    expect(page.get_by_role("heading", name="Earnings")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    page.get_by_role("button", name="Publish").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(f"Its words are free: {WORD}")).to_be_visible()
    expect(dialog.get_by_text("100%")).to_be_visible()
    words, send = dialog.get_by_label("Trigger words"), dialog.get_by_role("button", name="Publish")
    words.fill("chair")
    expect(dialog.locator(".field-error", has_text="“chair”")).to_be_visible()
    expect(send).to_be_disabled()
    words.fill(WORD)
    expect(send).to_be_enabled()
    assert find_breaches(page) == []
    send.click()
    expect(page.get_by_role("button", name="Withdraw")).to_be_visible()


def test_a_training_that_was_read_before_it_was_settled_shows_its_model_in_the_end(
    made: Made, yard: Yard
) -> None:
    """News of the end comes before the training names its model; the last event says no more than its status."""
    page = made.maker
    unsettled = {"model": None, "charged_points": None, "settled": False}
    page.route(
        f"**/api/v1/trainings/{made.training}",
        lambda route: route.fulfill(json=route.fetch().json() | unsettled),
    )
    page.goto(f"{yard.url}/trainings/{made.training}")
    wait_until_ready(page)
    expect(page.get_by_text("Its model is on its way.")).to_be_visible()
    page.unroute_all(behavior="wait")
    run_apart(_tell_where_it_stands(yard, made.training))
    expect(page.get_by_role("heading", name="is ready")).to_be_visible()
    expect(page.get_by_text("points were charged")).to_be_visible()


async def _tell_where_it_stands(yard: Yard, training: str) -> None:
    """Say it once more to everybody who listens."""
    async with open_studio(yard.settings) as studio, open_stores(yard.settings) as stores:
        await studio.events.publish(job_event(await stores.jobs.get(training)))


def test_two_trainings_are_compared_and_all_samples_are_downloaded(made: Made, yard: Yard) -> None:
    page = made.maker
    second = page.evaluate(_ORDER, [made.training])
    page.goto(f"{yard.url}/trainings/{made.training}")
    wait_until_ready(page)
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download all").click()
    with zipfile.ZipFile(downloading.value.path()) as archive:
        assert len(archive.namelist()) == 2 and archive.testzip() is None
    page.get_by_role("link", name="Compare", exact=True).click()
    expect(page).to_have_url(re.compile(rf"/compare\?a={made.training}&b={second}$"))
    rank = page.get_by_role("row", name=re.compile("^Rank"))
    expect(rank.get_by_role("cell")).to_have_text(["2", "4"])
    expect(page.get_by_role("row", name=re.compile("^Resolution"))).to_have_count(0)
    expect(page.get_by_text("at step 10")).to_be_visible()
    page.get_by_label("How far the trainings are").fill("0")
    expect(page.get_by_text("at step 0")).to_be_visible()
    look(page)
    page.evaluate(_CANCEL, [second])


def test_markup_on_a_models_card_is_text_and_ten_thousand_tags_are_refused(
    made: Made, yard: Yard
) -> None:
    page = made.maker
    page.goto(f"{yard.url}/models/{made.model}")
    wait_until_ready(page)
    page.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog")
    before = [dialog.get_by_label(label).input_value() for label in _CARD]
    dialog.get_by_label("Tags").fill(", ".join(f"tag {n}" for n in range(10_000)))
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("A model has at most 10 tags")).to_be_visible()
    expect(dialog).to_be_visible()
    for label, text in zip(_CARD, (EVIL, EVIL, "<img src=x>"), strict=True):
        dialog.get_by_label(label).fill(text)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    for address in (f"/models/{made.model}", "/models", "/models?view=mine"):
        page.goto(f"{yard.url}{address}")
        wait_until_ready(page)
        check_harmless(page)
    open_generate(page, yard)
    expect(page.get_by_role("option", name=EVIL)).to_have_count(1)
    assert page.evaluate("window.harm") is None
    page.goto(f"{yard.url}/models/{made.model}")
    page.get_by_role("button", name="Edit").click()
    for label, text in zip(_CARD, before, strict=True):
        dialog.get_by_label(label).fill(text)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
