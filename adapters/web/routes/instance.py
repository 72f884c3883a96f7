"""This instance: what it can do, and what strangers need to check what it signed; open to everyone."""

from importlib.metadata import version

from adapters.web.proving import list_platforms
from adapters.web.routing import Call, Routes
from adapters.web.views.common import View
from core.models.statement import get_fingerprint

routes = Routes("instance")


class Instance(View):
    """Who signs the models that are trained here."""

    version: str
    public_key: str
    """Ed25519, 64 hexadecimal digits; for `trainyard verify FILE --key`."""
    fingerprint: str
    """Of the public key: what people compare."""
    writes_captions: bool
    """Whether the operator has named a caption model."""
    sign_in_platforms: tuple[str, ...]
    """By which platforms people can sign in, and link one, on these pages."""


@routes.get("/instance", scope=None)
async def get_instance(call: Call) -> Instance:
    """Get the public key that this instance signs models with."""
    key = call.studio.signer.public_key
    return Instance(
        version=version("trainyard"),
        public_key=key,
        fingerprint=get_fingerprint(key),
        writes_captions=bool(call.studio.offerings.captions.model),
        sign_in_platforms=list_platforms(call.request.app),
    )
