"""The HTTP door: JSON under /api/v1, described by an OpenAPI document that is made from the same declarations."""
