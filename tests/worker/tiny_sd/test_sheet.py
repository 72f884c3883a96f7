"""The sheet: every sample is on it, and a wrong one is told apart."""

from PIL import Image

from worker.tiny_sd.sheet import Sample, make_sheet


def test_a_sheet_shows_every_picture_and_marks_a_wrong_prompt_in_red() -> None:
    greens = [Image.new("RGB", (64, 64), (0, 90 + 10 * n, 0)) for n in range(9)]
    samples = [Sample(green, "a green square", n != 8) for n, green in enumerate(greens)]

    sheet = make_sheet(samples, columns=8).convert("RGB")

    shown = {colour for _, colour in sheet.getcolors(1 << 16) or []}
    assert {(0, 90 + 10 * n, 0) for n in range(9)} <= shown
    first, last = (sheet.crop((0, top, 148, top + 40)) for top in (138, 342))
    assert not any(has_red(colour) for _, colour in first.getcolors(1 << 16) or [])
    assert any(has_red(colour) for _, colour in last.getcolors(1 << 16) or [])


def has_red(colour: object) -> bool:
    return isinstance(colour, tuple) and colour[0] > 150 and colour[1] < 60
