"""What `trainyard doctor` says of signing in by platforms: all is well, or what to change."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from aiohttp import web
from pydantic import SecretStr

from config.doctor import examine_ways
from config.processes import find_free_port
from config.settings import Settings
from tests.fake_identity.discord import Discord
from tests.fake_identity.platform import CLIENT_ID, CLIENT_SECRET, serve
from tests.fake_identity.telegram import Telegram


@pytest.fixture
async def platforms() -> AsyncIterator[tuple[Discord, Telegram]]:
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(serve(Discord()))
        yield discord, await stack.enter_async_context(serve(Telegram()))


@pytest.fixture
def whole(platforms: tuple[Discord, Telegram], settings: Settings) -> Settings:
    """Both platforms, set up as they should be."""
    discord, telegram = platforms
    update = {
        "discord_client_id": CLIENT_ID,
        "discord_client_secret": SecretStr(CLIENT_SECRET),
        "discord_sign_in_url": discord.url,
        "telegram_client_id": CLIENT_ID,
        "telegram_client_secret": SecretStr(CLIENT_SECRET),
        "telegram_sign_in_url": telegram.url,
        "public_url": "https://yard.example/",
    }
    return settings.model_copy(update=update)


async def find_advice(settings: Settings) -> list[str]:
    """What the doctor wants done."""
    return [finding.advice for finding in await examine_ways(settings) if not finding.is_well]


async def test_what_is_set_up_well_is_said_with_its_redirect_address(whole: Settings) -> None:
    found = await examine_ways(whole)
    assert [finding.what for finding in found] == ["by discord", "by telegram"]
    for finding, name in zip(found, ("discord", "telegram"), strict=True):
        assert finding.is_well
        assert finding.text.endswith(f" https://yard.example/sign-in/{name}/callback")
        assert CLIENT_SECRET not in finding.text


async def test_without_any_the_guide_is_named(settings: Settings) -> None:
    (found,) = await examine_ways(settings)
    assert found.is_well and "docs/guides/operating.md" in found.text


async def test_a_wrong_secret_is_found(
    whole: Settings, platforms: tuple[Discord, Telegram]
) -> None:
    for platform in platforms:
        platform.secret = "renewed meanwhile"
    advice = await find_advice(whole)
    assert len(advice) == 2 and all("Copy both again." in text for text in advice)


async def test_another_telegram_is_found(
    whole: Settings, platforms: tuple[Discord, Telegram]
) -> None:
    path = "/.well-known/openid-configuration"
    platforms[1].faults[path] = web.Response(body=b'{"issuer": "https://evil.example"}')
    (advice,) = await find_advice(whole)
    assert "TRAINYARD_TELEGRAM_SIGN_IN_URL" in advice


async def test_a_platform_that_does_not_answer_is_said(whole: Settings) -> None:
    url = f"http://127.0.0.1:{find_free_port()}"
    gone = whole.model_copy(update={"discord_sign_in_url": url, "telegram_sign_in_url": url})
    first, second = await find_advice(gone)
    assert "Discord does not answer" in first and "Telegram does not answer" in second


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"discord_client_secret": SecretStr("")}, "Set both TRAINYARD_DISCORD_CLIENT_ID"),
        ({"telegram_client_id": ""}, "Set both TRAINYARD_TELEGRAM_CLIENT_ID"),
        ({"telegram_client_id": CLIENT_SECRET}, "TRAINYARD_TELEGRAM_CLIENT_ID is a number"),
        ({"public_url": "http://yard.example"}, "give TRAINYARD_PUBLIC_URL as https://"),
    ],
)
async def test_what_cannot_work_is_said_without_asking(
    whole: Settings,
    platforms: tuple[Discord, Telegram],
    change: dict[str, object],
    words: str,
) -> None:
    advice = await find_advice(whole.model_copy(update=change))
    assert any(words in text for text in advice)
    name = "telegram" if "telegram" in words.lower() else "discord"
    asked = platforms[0].asked if name == "discord" else platforms[1].asked
    assert asked == []


@pytest.mark.parametrize("home", ["http://127.0.0.1:8080", "http://localhost:80", "http://[::1]:1"])
async def test_this_machine_needs_no_tls(whole: Settings, home: str) -> None:
    assert await find_advice(whole.model_copy(update={"public_url": home})) == []
