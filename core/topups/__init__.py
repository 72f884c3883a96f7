"""Points that are bought: packages, invoices, payments and their refunds."""
