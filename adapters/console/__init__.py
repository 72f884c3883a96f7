"""The bot in a terminal: the same conversation at a prompt, or played from a file."""
