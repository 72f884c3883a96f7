"""`trainyard up`: every process that Trainyard needs, on one machine."""

import asyncio
import os
import sys

from honcho.manager import Manager

from config.accounts import make_login_link
from config.commands.kept import KEPT
from config.commands.starting import start
from config.naming import name_program

_START_POINTS = 500


def up() -> None:
    """Serve everything on this machine: Redis, web and a worker, each started again when it dies."""
    settings = start()
    link = asyncio.run(make_login_link(settings, "me", points=_START_POINTS, admin=True))
    print(f"Trainyard serves on {settings.get_public_url()} - Ctrl-C ends it.")
    print(f"Sign in, once and within five minutes:  {link}")
    print(f"For another link: {name_program()} login me. For a token: {name_program()} token me")
    chosen = settings.log_format
    if chosen == "auto":  # honcho reads what they write through pipes
        chosen = "text" if sys.stderr.isatty() else "json"
    given = os.environ | {"PYTHONUNBUFFERED": "1", "TRAINYARD_LOG_FORMAT": chosen}
    manager = Manager()
    for name in KEPT if settings.runs_own_redis else KEPT[1:]:
        command = f'exec "{sys.executable}" -m config.cli keep {name}'
        manager.add_process(name, command, env=given)
    manager.loop()
    sys.exit(manager.returncode)
