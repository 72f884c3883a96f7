"""Intake of pictures through real sandbox processes."""

import io
import random
from collections.abc import AsyncIterator, Callable

import numpy as np
import pillow_heif
import psutil
import pytest
from PIL import Image, ImageCms

from adapters.images.pool import SandboxedImages
from core.errors import UnreadableImageError


@pytest.fixture
async def images() -> AsyncIterator[SandboxedImages]:
    pool = SandboxedImages(size=1)
    yield pool
    await pool.close()


def picture(width: int = 96, height: int = 64, mode: str = "RGB") -> Image.Image:
    values = np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)
    values[: height // 2] = (200, 30, 40)
    return Image.fromarray(values).convert(mode)


def save(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


async def test_the_same_bytes_give_the_same_picture(images: SandboxedImages) -> None:
    body = save(picture(), "JPEG")
    first, second = await images.normalise(body), await images.normalise(body)
    assert first == second
    assert (first.width_px, first.height_px, first.content_type) == (96, 64, "image/jpeg")
    assert len(first.perceptual_hash) == 16
    with Image.open(io.BytesIO(first.thumbnail)) as thumbnail:
        assert thumbnail.format == "WEBP"


async def test_no_metadata_survives(images: SandboxedImages) -> None:
    exif = Image.Exif()
    exif[0x0110] = "SecretCamera"
    exif[0x0112] = 6
    body = save(picture(), "JPEG", exif=exif, comment=b"SecretComment") + b"PK\x03\x04SecretZip"
    result = await images.normalise(body)
    assert b"Secret" not in result.body + result.thumbnail
    assert (result.width_px, result.height_px) == (64, 96), "turned upright"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty", "empty"),
        ("text", "not a picture"),
        ("svg", "SVG"),
        ("gif", "GIF"),
        ("tiff", "TIFF"),
        ("truncated", "cut short"),
        ("bomb", "81 megapixels"),
        ("animated", "animated"),
        ("sliver", "at least"),
        ("wide", "16384 px"),
    ],
)
async def test_a_bad_picture_is_refused_in_words(
    images: SandboxedImages, name: str, words: str
) -> None:
    frames = [picture(), picture().rotate(90, expand=False), picture().rotate(180)]
    bodies: dict[str, Callable[[], bytes]] = {
        "empty": lambda: b"",
        "text": lambda: b"hello, I am no picture" * 10,
        "svg": lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>',
        "gif": lambda: save(picture(), "GIF"),
        "tiff": lambda: save(picture(), "TIFF"),
        "truncated": lambda: save(picture(800, 600), "JPEG")[:9000],
        "bomb": lambda: save(Image.new("1", (9000, 9000)), "PNG"),
        "animated": lambda: save(frames[0], "WEBP", save_all=True, append_images=frames[1:]),
        "sliver": lambda: save(picture(4, 900), "PNG"),
        "wide": lambda: save(Image.new("1", (20000, 100)), "PNG"),
    }
    with pytest.raises(UnreadableImageError, match=words):
        await images.normalise(bodies[name]())
    assert (await images.normalise(save(picture(), "PNG"))).width_px == 96


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "RGBA", "LA", "I;16"])
async def test_every_mode_becomes_rgb(images: SandboxedImages, mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(np.full((64, 64), 30_000, np.uint16))
    else:
        image = picture(mode="L").convert(mode) if mode == "LA" else picture(mode=mode)
    kind = "JPEG" if mode == "CMYK" else "PNG"
    result = await images.normalise(save(image, kind))
    with Image.open(io.BytesIO(result.body)) as kept:
        assert kept.mode == "RGB"
        if mode == "I;16":
            assert abs(kept.getpixel((9, 9))[0] - 117) <= 1  # type: ignore[index]  # RGB


async def test_transparency_becomes_white_and_profiles_are_applied(images: SandboxedImages) -> None:
    clear = await images.normalise(save(Image.new("RGBA", (64, 64), (0, 0, 0, 0)), "PNG"))
    with Image.open(io.BytesIO(clear.body)) as kept:
        assert kept.getpixel((5, 5)) == (255, 255, 255)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    result = await images.normalise(save(picture(), "PNG", icc_profile=profile))
    assert b"iCCP" not in result.body


async def test_heic_is_accepted_and_large_pictures_are_made_smaller(
    images: SandboxedImages,
) -> None:
    pillow_heif.register_heif_opener()
    result = await images.normalise(save(picture(2600, 1300), "HEIF"))
    assert (result.width_px, result.height_px) == (2048, 1024)


async def test_a_sandbox_that_dies_costs_one_picture_only() -> None:
    pool = SandboxedImages(size=1)
    body = save(picture(), "PNG")
    await pool.normalise(body)
    pool._idle[0].process.kill()
    pool._idle[0].process.wait()
    with pytest.raises(UnreadableImageError, match="too long or too much"):
        await pool.normalise(body)
    assert (await pool.normalise(body)).width_px == 96
    await pool.close()


async def test_mutated_pictures_only_ever_give_a_refusal_or_a_result() -> None:
    pool = SandboxedImages(size=2)
    rng = random.Random(5)
    seeds = [save(picture(), kind) for kind in ("JPEG", "PNG", "WEBP")]
    own = psutil.Process()
    rss_before = own.memory_info().rss
    for _ in range(300):
        body = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(1, 20)):
            body[rng.randrange(len(body))] = rng.randrange(256)
        try:
            assert (await pool.normalise(bytes(body))).width_px > 0
        except UnreadableImageError as error:
            assert error.message.endswith(".")
    assert own.memory_info().rss - rss_before < 32 * 1024**2
    await pool.close()
    assert not [child for child in own.children() if "sandbox" in " ".join(child.cmdline())]
