"""Where a process writes what happens to it; apart so that every command says it the same way."""

import logging
from pathlib import Path

from config.settings import Settings

_NOISY = ("arq", "aiohttp.access")


def set_up_logging(settings: Settings, file: Path | None = None) -> None:
    """Log to standard error, or to a file where the terminal is for a conversation."""
    logging.basicConfig(
        force=True,  # importing honcho has set up logging already
        filename=file,
        level=settings.log_level,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
