"""The bot on Discord: one client without privileged intents, slash commands, buttons, forms and direct messages."""
