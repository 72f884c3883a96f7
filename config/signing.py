"""The key that this instance signs with; apart so that a file can be verified without opening a store."""

from adapters.ed25519 import Ed25519Signer, open_key, read_key
from config.settings import Settings


def open_signer(settings: Settings) -> Ed25519Signer:
    """Open this instance's key. Raises InvalidError, DamagedError."""
    given = settings.signing_key.get_secret_value()
    return read_key(given) if given else open_key(settings.signing_key_file)
