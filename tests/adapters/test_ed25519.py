"""The instance's key: made once, kept from others, and the check of what it signed."""

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.ed25519 import is_signed, open_key, read_key
from core.errors import DamagedError, InvalidError


def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "data" / "signing.key"
    key = open_key(file)
    assert open_key(file).public_key == key.public_key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["signing.key"]
    assert read_key(file.read_text()).public_key == key.public_key


def test_those_that_open_it_together_have_one_key(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def open_together(file: Path) -> str:
        together.wait()
        return open_key(file).public_key

    with ThreadPoolExecutor(8) as pool:
        for attempt in range(50):
            file = tmp_path / f"{attempt}" / "signing.key"
            assert len(set(pool.map(open_together, [file] * 8))) == 1


def test_the_signature_is_that_of_the_standard() -> None:
    """The second test vector of RFC 8032, section 7.1."""
    key = read_key("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    assert key.public_key == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    signature = key.sign(b"\x72")
    assert signature.startswith("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da")
    assert is_signed(key.public_key, b"\x72", signature)
    assert not is_signed(key.public_key, b"\x73", signature)
    assert not is_signed(read_key("07" * 32).public_key, b"\x72", signature)


@pytest.mark.parametrize("text", ["", "no", "00" * 31, "0" * 63, "00 " * 32, "zz" * 32])
def test_what_is_no_key_is_refused_and_signs_nothing(text: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidError):
        read_key(text)
    assert not is_signed(text, b"", "00" * 64) and not is_signed("00" * 32, b"", text)
    file = tmp_path / "signing.key"
    file.write_text(text)
    with pytest.raises(DamagedError, match="Put it back from a backup"):
        open_key(file)
    assert file.read_text() == text
