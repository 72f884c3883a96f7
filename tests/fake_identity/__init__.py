"""A Discord and a Telegram that prove who somebody is: real servers on loopback, with real keys, for tests."""
