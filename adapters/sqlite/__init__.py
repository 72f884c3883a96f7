"""Documents on SQLite, the embedded default: one file, one writer, durable commits."""
