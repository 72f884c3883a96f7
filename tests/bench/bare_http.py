"""An aiohttp server that answers files from memory: `python -m tests.bench.bare_http PORT FILE...`."""

import sys
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler


def main() -> None:
    app = web.Application()
    for index, name in enumerate(sys.argv[2:]):
        app.router.add_get(f"/{index}", _answer(Path(name).read_bytes()))
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)


def _answer(body: bytes) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type="application/json")

    return answer


if __name__ == "__main__":
    main()
