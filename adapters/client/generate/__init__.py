"""Makes the client's models and operations from the OpenAPI document, so that they are never behind it."""
