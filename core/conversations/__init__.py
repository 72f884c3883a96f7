"""Conversations: what must outlive a process between two messages of one person."""
