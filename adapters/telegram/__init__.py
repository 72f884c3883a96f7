"""The bot on Telegram: updates become Incomings, answers become messages with keyboards."""
