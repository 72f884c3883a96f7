"""Notifications: what people should hear, kept until delivered."""
