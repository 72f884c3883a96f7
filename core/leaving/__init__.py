"""Leaving: what somebody takes along, and what stays of an account that is deleted."""
