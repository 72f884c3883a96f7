"""Accounts: one person on every platform, how they prove who they are, and what they may use."""
