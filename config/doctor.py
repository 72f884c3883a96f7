"""What `trainyard doctor` asks of chat platforms; apart because it talks to them, with their own tokens."""

import asyncio

from config.doors import make_conversation, make_doors
from config.settings import Settings
from config.wiring import open_studio

_ANSWER_S = 20.0


async def inspect_doors(settings: Settings) -> int:
    """Print what is wrong with each chat platform, and what to do; return how much that is."""
    found = 0
    async with open_studio(settings) as studio:
        doors = make_doors(settings, studio, make_conversation(settings, studio))
        for door in doors:
            try:
                async with asyncio.timeout(_ANSWER_S):
                    problems = await door.inspect()
            except TimeoutError:
                problems = ["It did not answer in time. Is this machine online?"]
            print(f"{door.name:<13} {'all is well' if not problems else problems[0]}")
            for problem in problems[1:]:
                print(f"{'':<13} {problem}")
            found += len(problems)
    if not doors:
        print("chat          none: set TRAINYARD_DISCORD_TOKEN or TRAINYARD_TELEGRAM_TOKEN, see")
        print("              docs/guides/discord.md and docs/guides/telegram.md")
    return found
