"""`trainyard openapi`: the API's document without a server, for those who make clients from it."""

import json

from adapters.web.app import describe_api


def openapi() -> None:
    """Print the document of the HTTP API, as a server has it at /api/v1/openapi.json."""
    print(json.dumps(describe_api(), ensure_ascii=False, indent=2))
