"""Platforms that prove who somebody is there, by OAuth 2 over aiohttp: Discord, and Telegram's OpenID Connect."""
