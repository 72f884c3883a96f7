"""The files that others start Trainyard with: they speak of settings, ports, paths and queues that there are."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.arq_queue import name_queue
from adapters.web.probes import PROBES
from config.settings import Settings
from core.jobs.records import Kind
from tests.conftest import ROOT

DEPLOY = ROOT / "config" / "deploy"
NOT_SETTINGS = {"TRAINYARD_TEST_MONGODB_URL", "TRAINYARD_ENV_FILE"}
Yaml = dict[str, Any]


@pytest.fixture
def defaults() -> Settings:
    return Settings()


@pytest.fixture
def compose() -> Yaml:
    loaded: Yaml = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


def list_files() -> list[Path]:
    made = {"production.env", "services.env"}
    return [f for f in DEPLOY.rglob("*") if f.is_file() and f.name not in made]


def read_kubernetes() -> Iterator[Yaml]:
    for file in (DEPLOY / "kubernetes").glob("*.yaml"):
        yield from yaml.safe_load_all(file.read_text())


def test_every_variable_is_a_setting() -> None:
    known = {f"TRAINYARD_{name.upper()}" for name in Settings.model_fields} | NOT_SETTINGS
    files = [*list_files(), *(ROOT / "docs" / "guides").glob("*.md"), ROOT / "README.md"]
    named = {
        (name, file.name)
        for file in files
        for name in re.findall(r"(?<![A-Z_])TRAINYARD_[A-Z0-9_]+", file.read_text())
    }
    assert len(named) > 50
    assert {pair for pair in named if not pair[0].endswith("_") and pair[0] not in known} == set()


def test_new_secrets_are_settings_that_fit_each_other_and_are_never_overwritten(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "deploy"
    shutil.copytree(DEPLOY, folder, ignore=shutil.ignore_patterns("production.env", "services.env"))
    command = ["sh", str(folder / "new-secrets.sh"), "https://yard.test"]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    made = {name: folder / f"{name}.env" for name in ("production", "services")}
    settings = Settings(_env_file=made["production"])  # type: ignore[call-arg]
    services = dict(
        line.split("=", 1) for line in made["services"].read_text().splitlines() if "=" in line
    )
    assert all("change-me" not in file.read_text() for file in made.values())
    assert {file.stat().st_mode & 0o777 for file in made.values()} == {0o600}
    assert settings.get_public_url() == "https://yard.test"
    assert re.fullmatch("[0-9a-f]{64}", settings.signing_key.get_secret_value())
    mongodb_url = settings.mongodb_url.get_secret_value()
    assert f"trainyard:{services['MONGO_TRAINYARD_PASSWORD']}@mongo" in mongodb_url
    assert settings.get_redis_url() == f"redis://:{services['REDIS_PASSWORD']}@redis:6379/0"
    assert settings.s3_secret_key.get_secret_value() == services["MINIO_TRAINYARD_PASSWORD"]
    passwords = [value for name, value in services.items() if "PASSWORD" in name]
    assert len(set(passwords)) == len(passwords) == 5
    before = made["production"].read_text()
    again = subprocess.run(command, capture_output=True, timeout=30)
    assert (again.returncode, made["production"].read_text()) == (1, before)


def test_ports_and_probes_are_where_the_server_answers(defaults: Settings, compose: Yaml) -> None:
    port = defaults.http_port
    assert compose["services"]["server"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f"server 127.0.0.1:{port};" in (DEPLOY / "nginx.conf").read_text()
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    assert f"EXPOSE {port}" in dockerfile and f"TRAINYARD_HTTP_PORT={port}" in dockerfile
    asked = {path for file in list_files() for path in re.findall(r"/\w+z\b", file.read_text())}
    assert asked == {route.path for route in PROBES}
    pods = [d["spec"]["template"]["spec"] for d in read_kubernetes() if d["kind"] == "Deployment"]
    server = next(pod["containers"][0] for pod in pods if pod["containers"][0]["name"] == "server")
    assert server["ports"][0] == {"name": "http", "containerPort": port}


def test_a_worker_has_the_time_to_save_a_checkpoint(defaults: Settings, compose: Yaml) -> None:
    pods = [d["spec"]["template"]["spec"] for d in read_kubernetes() if d["kind"] == "Deployment"]
    grace = next(
        pod["terminationGracePeriodSeconds"]
        for pod in pods
        if pod["containers"][0]["name"] == "worker"
    )
    unit = (DEPLOY / "systemd" / "trainyard-worker@.service").read_text()
    stop = re.search(r"TimeoutStopSec=(\d+)", unit)
    assert stop is not None
    waits = [
        grace,
        int(stop.group(1)),
        int(compose["services"]["worker"]["stop_grace_period"][:-1]),
    ]
    assert min(waits) >= defaults.drain_s + 15


def test_workers_are_counted_by_queues_that_there_are(defaults: Settings) -> None:
    scaled = next(d for d in read_kubernetes() if d["kind"] == "ScaledObject")
    counted = {trigger["metadata"]["listName"] for trigger in scaled["spec"]["triggers"]}
    assert counted
    assert counted <= {name_queue(defaults.queue_name, kind) for kind in Kind}


def test_images_are_built_from_what_is_there_and_others_are_pinned(compose: Yaml) -> None:
    kept = (ROOT / ".dockerignore").read_text().splitlines()
    for name in ("adapters", "bots", "config", "core", "worker", "constraints.txt", "README.md"):
        assert f"!{name}" in kept
    assert "**/*.env" in kept
    for name, service in compose["services"].items():
        if "build" in service:
            build = service["build"]
            assert (DEPLOY / build["context"] / build["dockerfile"]).samefile(DEPLOY / "Dockerfile")
            assert build["target"] == name
        else:
            assert re.search(r":[\w.-]*\d", service["image"]), service["image"]
    volumes = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", ())
        if not volume.startswith(".")
    }
    assert volumes == set(compose["volumes"])


def test_only_one_process_answers_as_a_bot() -> None:
    several = [
        d["spec"]["template"]["spec"]["containers"][0]
        for d in read_kubernetes()
        if d["kind"] == "Deployment" and d["spec"].get("replicas", 1) > 1
    ]
    tokens = {
        f"TRAINYARD_{name.upper()}" for name in Settings.model_fields if name.endswith("_token")
    }
    assert len(several) == 1 and len(tokens) > 1
    empty = {variable["name"] for variable in several[0]["env"] if variable["value"] == ""}
    assert tokens <= empty
