"""How a command begins: settings read once, the log set up, the data folder there."""

from config.logs import set_up_logging
from config.settings import Settings


def start() -> Settings:
    """Read the settings, and make the data folder, readable by its owner alone."""
    settings = Settings()
    set_up_logging(settings)
    settings.data_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return settings
