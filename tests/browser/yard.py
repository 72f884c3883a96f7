"""A whole Trainyard, started as a newcomer starts it, and the people who open its pages."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, Self

ROOT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r"http://\S+/login/\S+")


def find_free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _drain(output: IO[str]) -> None:
    with output:
        output.read()


@dataclass
class Yard:
    """`trainyard up` in a data folder: Redis, web and a worker."""

    url: str
    first_link: str
    environment: dict[str, str]
    process: subprocess.Popen[str]

    @classmethod
    def start(cls, data_folder: Path, more: Mapping[str, str] | None = None) -> Self:
        """Start everything, with more settings if there are any, and read the link that it prints."""
        port = find_free_port()
        environment = {
            **os.environ,
            "TRAINYARD_DATA_FOLDER": str(data_folder),
            "TRAINYARD_HTTP_PORT": str(port),
            "TRAINYARD_WORKER_FAMILIES": '["tiny"]',
            "OMP_WAIT_POLICY": "PASSIVE",
            "PYTHONUNBUFFERED": "1",
            **(more or {}),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "config.cli", "up"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        said = ""
        link = ""
        for line in process.stdout:
            said += line
            if found := _LINK.search(line):
                link = found[0]
            if "serving on http" in line:
                break
        assert link, said
        # What it says from now on is read, or a full pipe would stop it.
        Thread(target=_drain, args=(process.stdout,), daemon=True).start()
        return cls(f"http://127.0.0.1:{port}", link, environment, process)

    def make_link(self, name: str, points: int = 0) -> str:
        """Make a sign-in link for somebody, as the command line does."""
        command = [sys.executable, "-m", "config.cli", "login", name, "--points", str(points)]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=True
        )
        found = _LINK.search(done.stdout)
        assert found is not None, done.stdout
        return found[0]

    def stop(self) -> None:
        """End it as Ctrl-C does, and make sure."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
