"""What a sandbox does with one picture: look, refuse in words, or turn it into what Trainyard keeps."""

import hashlib
import io
import warnings
from typing import Any

import imagehash
import numpy as np
import pillow_heif
from PIL import Image, ImageCms, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF")
MAX_PIXELS = 40_000_000
MAX_SIDE_PX = 16_384
MIN_SIDE_PX = 16
KEPT_SIDE_PX = 2048
THUMBNAIL_SIDE_PX = 320
_ACCEPTED = "Send a JPEG, PNG, WebP, HEIC or AVIF picture."
_LOOKALIKES: tuple[tuple[bytes, str], ...] = (
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"II*\x00", "a TIFF"),
    (b"MM\x00*", "a TIFF"),
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a zip archive"),
    (b"8BPS", "a Photoshop file"),
)


class RefusedImageError(Exception):
    """The picture is not accepted; the message is for the person."""


def prepare() -> None:
    """Teach Pillow HEIC, and make its bomb warning an error."""
    pillow_heif.register_heif_opener()
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def decode(body: bytes) -> tuple[dict[str, Any], bytes, bytes]:
    """Turn untrusted bytes into (facts, picture, thumbnail). Raises RefusedImageError."""
    kind = sniff(body)
    try:
        with Image.open(io.BytesIO(body), formats=FORMATS) as image:
            _check_header(image, kind)
            lossless = image.format == "PNG"
            picture = _normalise(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise RefusedImageError(_too_many_pixels(kind, None)) from error
    except (OSError, SyntaxError, ValueError, EOFError, OverflowError, ArithmeticError) as error:
        raise RefusedImageError(
            f"This {kind} cannot be read: it is damaged or cut short. Save it again and send it anew."
        ) from error
    thumbnail = picture.copy()
    thumbnail.thumbnail((THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX), Image.Resampling.BILINEAR)
    encoded = _encode_png(picture) if lossless else _encode_jpeg(picture)
    facts = {
        "content_type": "image/png" if lossless else "image/jpeg",
        "width_px": picture.width,
        "height_px": picture.height,
        "sha256": hashlib.sha256(encoded).hexdigest(),
        "perceptual_hash": str(imagehash.phash(thumbnail)),
        "sharpness": measure_sharpness(thumbnail),
    }
    small = io.BytesIO()
    thumbnail.save(small, "WEBP", quality=80, method=2)
    return facts, encoded, small.getvalue()


def sniff(body: bytes) -> str:
    """Name the format by its first bytes; names and content types are not looked at."""
    if not body:
        raise RefusedImageError(f"This file is empty. {_ACCEPTED}")
    if body[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if body[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "WebP"
    if body[4:8] == b"ftyp":
        return "AVIF" if b"avif" in body[8:40] else "HEIC"
    for start, name in _LOOKALIKES:
        if body.startswith(start):
            raise RefusedImageError(f"This is {name}, which cannot be trained on. {_ACCEPTED}")
    if b"<svg" in body[:1024].lower():
        raise RefusedImageError(f"This is an SVG drawing, not a picture. {_ACCEPTED}")
    raise RefusedImageError(f"This is not a picture that Trainyard knows. {_ACCEPTED}")


def _check_header(image: Image.Image, kind: str) -> None:
    """Refuse by what the header says, before any pixel is decoded."""
    width, height = image.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE_PX:
        raise RefusedImageError(_too_many_pixels(kind, image.size))
    if min(width, height) < MIN_SIDE_PX:
        raise RefusedImageError(
            f"This {kind} is {width} × {height} px; each side needs at least {MIN_SIDE_PX} px."
        )
    if getattr(image, "n_frames", 1) > 1 and image.format != "HEIF":
        raise RefusedImageError(
            f"This {kind} is animated. Send the one frame that you mean as a still picture."
        )


def _too_many_pixels(kind: str, size: tuple[int, int] | None) -> str:
    known = (
        f" is {size[0]} × {size[1]} px ({size[0] * size[1] / 1e6:.0f} megapixels)" if size else ""
    )
    known = known or " has too many pixels"
    return (
        f"This {kind}{known}; at most {MAX_PIXELS // 1_000_000} megapixels and {MAX_SIDE_PX} px a "
        "side are accepted. Make it smaller and send it again."
    )


def _normalise(image: Image.Image) -> Image.Image:
    """Upright, sRGB, no alpha, at most KEPT_SIDE_PX a side, and free of metadata."""
    if image.format == "JPEG":
        image.draft("RGB", (KEPT_SIDE_PX, KEPT_SIDE_PX))
    profile = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    picture = _to_srgb(upright, profile)
    if max(picture.size) > KEPT_SIDE_PX:
        box = (KEPT_SIDE_PX, KEPT_SIDE_PX)
        picture.thumbnail(box, Image.Resampling.LANCZOS, reducing_gap=3.0)
    clean = Image.new("RGB", picture.size)
    clean.paste(picture)
    return clean


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel: keep the upper eight
        values = np.asarray(image).astype(np.float64)
        image = Image.fromarray((values / 257).clip(0, 255).astype(np.uint8))
    if profile and image.mode in ("RGB", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError):
            pass  # a broken profile is no reason to refuse the picture
    if image.mode in ("RGBA", "LA", "PA", "P") or "transparency" in image.info:
        layered = image.convert("RGBA")
        ground = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(ground, layered).convert("RGB")
    return image.convert("RGB")


def _encode_jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=95, subsampling=0)
    return buffer.getvalue()


def _encode_png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def measure_sharpness(picture: Image.Image) -> float:
    """Measure the variance of the Laplacian of grey values, 0-255 scale; low means blurred.

    Source: Pech-Pacheco et al. 2000.
    """
    grey = np.asarray(picture.convert("L"), np.float32)
    if min(grey.shape) < 3:
        return 0.0
    laplacian = (
        grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    )
    return round(float(laplacian.var()), 3)
