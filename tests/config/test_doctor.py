"""The doctor uses each dependency, and says what to do about each that fails."""

import os

from config.doctor import examine
from config.settings import Settings


async def test_an_instance_that_is_well_has_nothing_to_do(settings: Settings) -> None:
    settings.data_folder.mkdir(parents=True)
    found = {finding.what: finding for finding in await examine(settings)}
    assert [what for what, finding in found.items() if not finding.is_well] == []
    assert {"data folder", "signing key", "offerings", "base models", "worker"} <= found.keys()
    for used in ("database", "blobs", "redis"):
        assert found[used].text == "used just now, and well"


async def test_what_is_wrong_is_said_with_what_to_do_and_hides_nothing_else(
    settings: Settings,
) -> None:
    settings.data_folder.mkdir(parents=True)
    await examine(settings)  # makes the key
    os.chmod(settings.signing_key_file, 0o644)
    wrong = settings.model_copy(
        update={
            "redis_url": type(settings.redis_url)("redis://127.0.0.1:1"),
            "keep_free_bytes": 2**60,
        }
    )
    found = {finding.what: finding for finding in await examine(wrong)}
    assert "TRAINYARD_REDIS_URL" in found["redis"].advice
    assert found["signing key"].advice.startswith("Others can read it: chmod 600")
    assert "free space" in found["data folder"].advice
    assert found["database"].is_well and found["blobs"].is_well
