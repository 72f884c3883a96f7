"""Models of instance; made from the OpenAPI document by `python -m adapters.client.generate`."""

from adapters.client.messages import Answer


class Instance(Answer):
    """Who signs the models that are trained here."""

    version: str
    public_key: str
    fingerprint: str
    writes_captions: bool
    sign_in_platforms: tuple[str, ...]
