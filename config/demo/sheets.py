"""Makes the demo's pictures: contact sheet, before and after at the same seeds, loss curve."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont, ImageOps

from adapters.client.models import LossPoint
from config.demo.pictures import TRIGGER_WORD, Pictures
from worker.findings import GENTLE_WEIGHT, BeforeAfter, Evaluation, Glance

CELL_PX = 128
_GAP_PX = 6
_MARGIN_PX = 16
_TEXT_PX = 11
_TITLE_PX = 17
_INK, _PALE = (30, 32, 40), (110, 114, 125)
_SMOOTHING = 0.95


class Page:
    """A white page that fills from the top, and grows with what is put on it."""

    def __init__(self, columns: int) -> None:
        width_px = 2 * _MARGIN_PX + columns * CELL_PX + (columns - 1) * _GAP_PX
        self.image = Image.new("RGB", (width_px, 4000), "white")
        self._pen = ImageDraw.Draw(self.image)
        self._y_px = _MARGIN_PX

    def add_title(self, text: str) -> None:
        font = ImageFont.load_default(_TITLE_PX)
        self._pen.text((_MARGIN_PX, self._y_px), text, fill=_INK, font=font)
        self._y_px += _TITLE_PX + 9

    def add_row(self, pictures: Sequence[Image.Image], words: Sequence[str] = ()) -> None:
        """Add pictures side by side, with words below each, at most four lines."""
        for column, picture in enumerate(pictures):
            x_px = _MARGIN_PX + column * (CELL_PX + _GAP_PX)
            small = max(picture.size) < CELL_PX
            how = Image.Resampling.BICUBIC if small else Image.Resampling.LANCZOS
            cell = ImageOps.fit(picture, (CELL_PX, CELL_PX), how)
            self.image.paste(cell, (x_px, self._y_px))
        self._y_px += CELL_PX + _GAP_PX
        if words:
            self._add_words(words)

    def _add_words(self, words: Sequence[str]) -> None:
        font = ImageFont.load_default(_TEXT_PX)
        most = 0
        for column, text in enumerate(words):
            lines = _wrap(text, font)[:4]
            most = max(most, len(lines))
            for number, line in enumerate(lines):
                x_px = _MARGIN_PX + column * (CELL_PX + _GAP_PX)
                y_px = self._y_px + number * (_TEXT_PX + 3)
                self._pen.text((x_px, y_px), line, fill=_PALE, font=font)
        self._y_px += most * (_TEXT_PX + 3) + 8

    def add_space(self) -> None:
        self._y_px += 10

    def save(self, file: Path) -> None:
        """Save as PNG, in fewer shades: the eye sees no difference and the file is half as large."""
        page = self.image.crop((0, 0, self.image.width, self._y_px + _MARGIN_PX - _GAP_PX))
        page.point([_reduce(value) for value in range(256)] * 3).save(file, optimize=True)


def _reduce(value: int) -> int:
    return 255 if value > 251 else (value + 4) // 8 * 8


def save_contact_sheet(file: Path, pictures: Pictures) -> None:
    """Save the dataset and the held-out pictures with their captions, at most 24 of them."""
    page = Page(6)
    page.add_title(f"The dataset: {len(pictures.training)} pictures")
    shown = pictures.training[:24]
    for start in range(0, len(shown), 6):
        row = shown[start : start + 6]
        page.add_row([p.image for p in row], [p.caption or "(no caption)" for p in row])
    page.add_title("Kept out of it, to measure with")
    page.add_row([p.image for p in pictures.held_out], [p.caption for p in pictures.held_out])
    page.save(file)


def save_before_after(
    file: Path, pictures: Pictures, found: Evaluation, controls: Sequence[str]
) -> None:
    """Save what the base model and the LoRA draw for the same prompts at the same seeds."""
    page = Page(8)
    shown = pictures.training[:8]
    page.add_title(f"Trained on {len(pictures.training)} pictures like these")
    page.add_row([picture.image for picture in shown])
    page.add_space()
    page.add_title(
        f"Prompts with the trigger word “{TRIGGER_WORD}”: base model, then with the LoRA"
    )
    page.add_row(_open(found.prompts.before))
    page.add_row(_open(found.prompts.after), pictures.prompts)
    page.add_title(f"Without it: base model, LoRA at weight {GENTLE_WEIGHT:g}, LoRA at weight 1")
    page.add_row(_open(found.controls.before))
    page.add_row(_open(found.gentle_controls))
    page.add_row(_open(found.controls.after), controls)
    page.save(file)


def save_dreambooth(
    file: Path, subject: Sequence[Path], glance: Glance, prompts: tuple[str, str]
) -> None:
    """Save what base model and LoRAs draw with the trigger word, on the left, and without it."""
    page = Page(8)
    page.add_title(f"{len(subject)} pictures of one subject")
    page.add_row(_open(subject))
    page.add_space()
    count = len(glance.looks[0].pictures)
    half = count // 2
    words = [f"“{prompts[number // half]}”" for number in range(count)]
    titles = ("Base model", "DreamBooth", "Trained without class images: circles turn into it")
    for title, look in zip(titles, glance.looks, strict=True):
        page.add_title(title)
        page.add_row(_open(look.pictures), words)
    page.save(file)


def save_hyper_lora(
    file: Path, glance: Glance, way: tuple[int, Sequence[str]], usual: Sequence[Path]
) -> None:
    """Save what is drawn in few steps before and after, and what the usual LoRA draws in its many."""
    steps, prompts = way
    before, after = glance.looks
    page = Page(8)
    page.add_title(f"Base model, {steps} steps, over the acceleration LoRA")
    page.add_row(_open(before.pictures))
    page.add_title(f"With the Hyper-LoRA, {steps} steps")
    page.add_row(_open(after.pictures))
    page.add_title("For comparison: the LoRA from before, 20 steps with guidance")
    page.add_row(_open(usual), prompts)
    page.save(file)


def save_guest(file: Path, pictures: Sequence[Path], prompt: str) -> None:
    """Save what another account drew."""
    page = Page(8)
    page.add_title(f"Drawn by another account: “{prompt}”")
    page.add_row(_open(pictures))
    page.save(file)


def _open(files: Sequence[Path]) -> list[Image.Image]:
    return [Image.open(file) for file in files]


def save_loss_curve(file: Path, points: Sequence[LossPoint], held_out: BeforeAfter) -> None:
    """Save the training loss, smoothed, and the held-out loss before and after, weighed alike."""
    steps, losses = [point.step for point in points], [point.loss for point in points]
    figure = Figure(figsize=(8, 4.2), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    axes.plot(steps, losses, color="#c9d4ea", linewidth=0.8, label="training, each step")
    axes.plot(steps, smooth(losses), color="#2748b8", linewidth=2, label="training, smoothed")
    ends = ([0, steps[-1]], [held_out.before, held_out.after])
    axes.plot(*ends, "o--", color="#d8631c", label="held-out pictures, before and after")
    for step, loss in zip(*ends, strict=True):
        axes.annotate(f"{loss:.3f}", (step, loss), xytext=(5, 7), textcoords="offset points")
    axes.set(xlabel="step", ylabel="noise prediction loss", ylim=(0, None), title="What it learned")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file)


def smooth(values: Sequence[float]) -> list[float]:
    """Smooth a series by an exponential moving average that does not linger at its start.

    Source: Kingma & Ba 2015 (the bias correction).
    """
    smoothed, mean, weight = [], 0.0, 0.0
    for value in values:
        mean = _SMOOTHING * mean + (1 - _SMOOTHING) * value
        weight = _SMOOTHING * weight + (1 - _SMOOTHING)
        smoothed.append(mean / weight)
    return smoothed


def _wrap(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> list[str]:
    """Break a text into lines that fit below a picture."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= CELL_PX or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
