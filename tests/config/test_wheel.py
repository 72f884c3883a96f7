"""The wheel: it holds every file that a process reads, and a server starts from it without what only workers have."""

import asyncio
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import aiohttp
import pytest

from config.processes import end_process, find_free_port
from config.settings import Settings
from tests.bench.yard import wait_for_http
from tests.conftest import ROOT
from tests.wheels import PACKAGES, build_wheel

NOT_SHIPPED = ("config/deploy/", "worker/tiny_sd/README.md")
BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocker())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*"))
    ours = {
        str(file.relative_to(ROOT))
        for file in files
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert len(ours) > 300
    assert {name for name in ours - held if not name.startswith(NOT_SHIPPED)} == set()


def test_no_extra_but_the_workers_names_torch() -> None:
    extras = read_extras()
    everywhere = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    for name in ("torch", "diffusers", "transformers", "peft", "accelerate", "safetensors"):
        assert name in extras["worker"]
        assert name not in everywhere
        assert name not in extras["server"]


async def test_a_server_starts_from_the_wheel_without_what_only_workers_have(
    wheel: Path, settings: Settings, tmp_path: Path
) -> None:
    site, empty = tmp_path / "site", tmp_path / "empty"
    zipfile.ZipFile(wheel).extractall(site)
    empty.mkdir()
    (site / "sitecustomize.py").write_text(
        BLOCKER.format(names=list_modules("worker", "gpu", "embedded"))
    )
    port = find_free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(site),
        "TRAINYARD_DATA_FOLDER": "data",
        "TRAINYARD_REDIS_URL": settings.get_redis_url(),
        "TRAINYARD_HTTP_PORT": str(port),
    }
    program = [sys.executable, "-m", "config.cli"]
    token = await run([*program, "token", "ada"], empty, environment)
    process = await asyncio.create_subprocess_exec(*program, "serve", cwd=empty, env=environment)
    try:
        await use(f"http://127.0.0.1:{port}", token.strip())
    finally:
        await end_process(process, 20)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("module", "extra", "others"),
    [
        ("config.commands.work", "worker", ("server", "embedded")),
        ("config.commands.serve", "server", ("worker", "embedded")),
    ],
)
def test_a_process_imports_what_its_own_extra_has(
    module: str, extra: str, others: tuple[str, ...], tmp_path: Path
) -> None:
    blocked = list_modules(*others) - list_modules(extra)
    (tmp_path / "sitecustomize.py").write_text(BLOCKER.format(names=blocked))
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, len(blocked) > 0) == (0, True), done.stderr


async def use(url: str, token: str) -> None:
    """Wait for the server, and ask for what needs files of the wheel or the sandbox for pictures."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        await wait_for_http(f"{url}/readyz")
        for path in ("/", "/static/app.js", "/static/locales/de.js", "/static/design.css"):
            async with session.get(f"{url}{path}") as answer:
                assert answer.status == 200, path
        async with session.get(f"{url}/api/v1/training-offerings") as answer:
            assert "tiny-lora" in await answer.text()
        async with session.post(f"{url}/api/v1/datasets", json={"name": "ghosts"}) as answer:
            dataset = (await answer.json())["id"]
        form = aiohttp.FormData()
        picture = (ROOT / "docs/images/tiny_sd.png").read_bytes()
        form.add_field("files", picture, filename="one.png", content_type="image/png")
        async with session.post(f"{url}/api/v1/datasets/{dataset}/images", data=form) as answer:
            assert '"item"' in await answer.text(), await answer.text()


async def run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return said.decode()


def read_extras() -> dict[str, list[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    return extras


def list_modules(*names: str) -> set[str]:
    """List the modules of extras; rich comes with typer."""
    extras = read_extras()
    wanted = {wanted for name in names for wanted in extras[name]}
    return {name.replace("-", "_") for name in wanted if "[" not in name} - {"rich"}
