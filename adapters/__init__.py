"""The plugs: one technology each, never importing one another."""
