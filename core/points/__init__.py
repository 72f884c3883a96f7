"""Points: an append-only double-entry ledger, a chain of entries for each member account."""
