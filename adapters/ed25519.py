"""The instance's Ed25519 key, made once in a file that only its owner reads; and the check of signatures."""

import os
import uuid
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.errors import DamagedError, InvalidError

_KEY_BYTES = 32
_SIGNATURE_BYTES = 64


class Ed25519Signer:
    """Signs with a private key in memory. Source: RFC 8032."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self._public_key = private_key.public_key().public_bytes_raw().hex()

    @property
    def public_key(self) -> str:
        return self._public_key

    def sign(self, message: bytes) -> str:
        return self._private_key.sign(message).hex()


def read_key(text: str) -> Ed25519Signer:
    """Read a private key, 64 hexadecimal digits. Raises InvalidError, which does not repeat it."""
    seed = _read_hex(text.strip(), _KEY_BYTES)
    if seed is None:
        raise InvalidError("A signing key has 64 hexadecimal digits.")
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(seed))


def open_key(file: Path) -> Ed25519Signer:
    """Read the key in a file, or make it; processes that start together end up with one key.

    The new key is written aside and linked into its place, which only one of them can do, and
    nobody sees it half-written. Raises DamagedError when the file holds no key.
    """
    if not file.exists():
        _make(file)
    try:
        return read_key(file.read_text("ascii"))
    except (InvalidError, UnicodeDecodeError) as error:
        raise DamagedError(
            f"{file} holds no signing key. Put it back from a backup; or delete it, and what is "
            "signed from then on has a new key."
        ) from error


def is_signed(public_key: str, message: bytes, signature: str) -> bool:
    """Tell whether a signature is this key's of this message; what is no key or signature is not.

    Both are lower-case hex, as they are written: one text for each, so that no changed letter passes."""
    key, signed = _read_hex(public_key, _KEY_BYTES), _read_hex(signature, _SIGNATURE_BYTES)
    if key is None or signed is None or (key.hex(), signed.hex()) != (public_key, signature):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signed, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _make(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    seed = Ed25519PrivateKey.generate().private_bytes_raw()
    aside = file.with_name(f".{file.name}-{uuid.uuid4().hex}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as out:
            out.write(f"{seed.hex()}\n")
            out.flush()
            os.fsync(out.fileno())
        os.link(aside, file)
    except FileExistsError:  # another process was faster: its key is the one
        return
    finally:
        aside.unlink(missing_ok=True)


def _read_hex(text: str, length: int) -> bytes | None:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        return None
    return found if len(found) == length and len(text) == 2 * length else None
