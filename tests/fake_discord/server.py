"""The server: REST on one port, the gateway on a websocket of it, and faults that a test plants."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from tests.fake_discord.limits import (
    InvalidFormError,
    check_choices,
    check_commands,
    check_form,
    check_message,
)

TOKEN = "a-token-of-the-fake"
APPLICATION = 900
BOT = {"id": "901", "username": "trainyard", "discriminator": "0", "avatar": None, "bot": True}
GUILD = 700
CHANNEL = 701
LIMIT_BYTES = 10 * 1024**2
API = "/api/v10"
Json = dict[str, Any]


class Watcher(Protocol):
    """A person who sees messages."""

    def notice(self, message: Json) -> None: ...


@dataclass
class Exchange:
    """One interaction as the server knows it."""

    id: int
    token: str
    user: int
    channel: int
    began_s: float
    answered: asyncio.Future[Json]
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    progressed: asyncio.Event = field(default_factory=asyncio.Event)
    progress: list[str] = field(default_factory=list)
    """How far the answer was said to be, before it came."""
    is_expired: bool = False
    is_hidden: bool = False
    original: int | None = None


@dataclass
class Fault:
    """What a request is answered instead of being done, so many times."""

    pattern: str
    status: int
    body: Json
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1


class Discord:
    """The whole platform. Everybody's ids are numbers, as the real one's."""

    def __init__(self) -> None:
        self.url = ""
        self.commands: dict[int, list[Json]] = {}
        """By server; those for everywhere under 0."""
        self.synced = 0
        self.messages: dict[int, Json] = {}
        self.exchanges: dict[str, Exchange] = {}
        self.files: dict[str, bytes] = {}
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str]] = []
        self.watchers: dict[int, Watcher] = {}
        self.closed_to: dict[int, int] = {}
        """Whom no direct message reaches, with the code that says why."""
        self.nonces: dict[tuple[int, str], int] = {}
        self.identified = 0
        self.resumed = 0
        self.close_code = 0
        """With which code a connection is closed as soon as it says who it is."""
        self.application: Json = {}
        self.guilds = [GUILD]
        self.connected = asyncio.Event()
        self.refused = asyncio.Event()
        """Set when a message reached nobody."""
        self._socket: web.WebSocketResponse | None = None
        self._sent: list[Json] = []
        self._last_id = 10_000

    def new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def find_channel(self, user: int) -> int:
        """Return the channel of somebody's direct messages."""
        return 1_000_000 + user

    def attach(self, name: str, body: bytes) -> Json:
        """Upload a file, and describe it as messages do."""
        number = self.new_id()
        self.files[f"{number}/{name}"] = body
        kind = "image/png" if name.endswith(".png") else "application/octet-stream"
        url = f"{self.url}/attachments/{number}/{name}?ex=66&is=65&hm=ab"
        return {
            "id": str(number),
            "filename": name,
            "size": len(body),
            "url": url,
            "proxy_url": url,
            "content_type": kind,
        }

    async def dispatch(self, event: str, data: Json) -> None:
        """Send an event over the gateway; while nobody is connected it waits for a RESUME."""
        frame = {"op": 0, "t": event, "s": len(self._sent) + 1, "d": data}
        self._sent.append(frame)
        if self._socket is not None and self.connected.is_set():
            await self._socket.send_str(json.dumps(frame))

    async def ask_to_reconnect(self) -> None:
        """Send op 7, after which the client resumes."""
        self.connected.clear()
        assert self._socket is not None
        await self._socket.send_str(json.dumps({"op": 7, "d": None}))

    # ---- the gateway

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(json.dumps({"op": 10, "d": {"heartbeat_interval": 45_000}}))
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            frame = json.loads(message.data)
            if frame["op"] == 1:
                await socket.send_str(json.dumps({"op": 11}))
            elif frame["op"] == 2:
                if self.close_code:
                    await socket.close(code=self.close_code)
                    break
                await self._greet(socket, frame["d"])
            elif frame["op"] == 6:
                await self._resume(socket, frame["d"]["seq"])
        return socket

    async def _greet(self, socket: web.WebSocketResponse, identity: Json) -> None:
        assert identity["token"] == TOKEN
        assert not identity["intents"] & (1 << 1 | 1 << 8 | 1 << 15), "a privileged intent"
        self.identified += 1
        self._socket = socket
        self._sent.clear()
        self.connected.set()
        await self.dispatch(
            "READY",
            {
                "v": 10,
                "user": BOT,
                "guilds": [{"id": str(GUILD), "unavailable": True}],
                "session_id": f"session-{self.identified}",
                "resume_gateway_url": self.url.replace("http", "ws") + "/gateway",
                "application": {"id": str(APPLICATION), "flags": 0},
            },
        )
        await self.dispatch("GUILD_CREATE", make_guild())

    async def _resume(self, socket: web.WebSocketResponse, seq: int) -> None:
        self.resumed += 1
        self._socket = socket
        for frame in self._sent[seq:]:
            await socket.send_str(json.dumps(frame))
        self.connected.set()
        await self.dispatch("RESUMED", {})

    # ---- REST

    @web.middleware
    async def guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Note each request, plant faults, and say what is wrong as Discord does."""
        path = request.path.removeprefix(API)
        self.requests.append((request.method, path))
        for fault in self.faults:
            if fault.times > 0 and re.search(fault.pattern, f"{request.method} {path}"):
                fault.times -= 1
                return answer(fault.body, fault.status, fault.headers)
        by_bot = path.startswith(("/users", "/channels", "/applications", "/oauth2", "/guilds"))
        if by_bot and request.headers.get("Authorization") != f"Bot {TOKEN}":
            return answer({"message": "401: Unauthorized", "code": 0}, 401)
        try:
            response: web.StreamResponse = await handler(request)
            return response
        except InvalidFormError as error:
            return answer({"message": f"Invalid Form Body: {error}", "code": 50035}, 400)

    async def get_me(self, request: web.Request) -> web.Response:
        return answer(BOT)

    async def get_application(self, request: web.Request) -> web.Response:
        about = {"id": str(APPLICATION), "name": "trainyard", "icon": None, "description": ""}
        owner = {"id": "1", "username": "op", "discriminator": "0", "avatar": None}
        rest = {"bot_public": True, "bot_require_code_grant": False, "verify_key": "", "flags": 0}
        return answer({**about, **rest, "owner": owner, "team": None, **self.application})

    async def list_guilds(self, request: web.Request) -> web.Response:
        return answer([{**make_guild(), "permissions": "0"} for _ in self.guilds])

    async def get_guild(self, request: web.Request) -> web.Response:
        if int(request.match_info["guild"]) in self.guilds:
            return answer(make_guild())
        return answer({"message": "Unknown Guild", "code": 10004}, 404)

    async def put_commands(self, request: web.Request) -> web.Response:
        commands = await request.json()
        check_commands(commands)
        guild = int(request.match_info.get("guild", 0))
        if guild and guild not in self.guilds:
            return answer({"message": "Missing Access", "code": 50001}, 403)
        self.synced += 1
        made = [{**c, "id": str(self.new_id()), "version": "1"} for c in commands]
        self.commands[guild] = [
            {"application_id": str(APPLICATION), "description": "", **command} for command in made
        ]
        return answer(self.commands[guild])

    async def callback(self, request: web.Request) -> web.Response:
        exchange = self.exchanges[request.match_info["token"]]
        body, files = await read_body(request)
        late = asyncio.get_running_loop().time() - exchange.began_s > 3.0
        if exchange.is_expired or late:
            return answer({"message": "Unknown interaction", "code": 10062}, 404)
        if exchange.acknowledged.is_set():
            return answer({"message": "Already acknowledged", "code": 40060}, 400)
        kind, data = body["type"], body.get("data") or {}
        about: Json = {"id": str(exchange.id), "type": 2}
        resource: Json = {"type": kind}
        if kind == 4:
            check_message(data, len(files))
            if refused := refuse_large(files):
                return refused
            exchange.is_hidden = bool(data.get("flags", 0) & 64)
            message = self._publish(exchange, data, files)
            about["response_message_id"] = message["id"]
            resource["message"] = message
        elif kind == 5:
            exchange.is_hidden = bool(data.get("flags", 0) & 64)
            about["response_message_loading"] = True
        elif kind == 8:
            check_choices(data["choices"])
        else:
            assert kind == 9, kind
            check_form(data)
        exchange.acknowledged.set()
        if kind in (8, 9) and not exchange.answered.done():
            exchange.answered.set_result({"form": data} if kind == 9 else data)
        return answer({"interaction": about, "resource": resource})

    def _publish(self, exchange: Exchange, data: Json, files: list[Json]) -> Json:
        """Show the first message of an interaction."""
        message = self.keep(exchange.channel, data, files, flags=64 if exchange.is_hidden else 0)
        exchange.original = int(message["id"])
        if not exchange.answered.done():
            exchange.answered.set_result(message)
        self._show(message, exchange.user, exchange.is_hidden)
        return message

    async def edit_original(self, request: web.Request) -> web.Response:
        exchange = self.exchanges[request.match_info["token"]]
        body, files = await read_body(request)
        if exchange.is_expired:
            return answer({"message": "Invalid Webhook Token", "code": 50027}, 401)
        if not exchange.acknowledged.is_set():
            return answer({"message": "Unknown Webhook", "code": 10015}, 404)
        check_message({"allowed_mentions": {"parse": []}, **body}, len(files))
        if refused := refuse_large(files):
            return refused
        if exchange.original is None:
            if "embeds" not in body:  # not the answer yet
                exchange.progress.append(body["content"])
                exchange.progressed.set()
                return answer(self.keep(exchange.channel, body, files))
            return answer(self._publish(exchange, body, files))
        return answer(self._edit(exchange.original, body, files, exchange.user))

    async def get_original(self, request: web.Request) -> web.Response:
        exchange = self.exchanges[request.match_info["token"]]
        return answer(self.messages[exchange.original or 0])

    async def open_channel(self, request: web.Request) -> web.Response:
        user = int((await request.json())["recipient_id"])
        about = {"id": str(user), "username": f"user{user}", "discriminator": "0", "avatar": None}
        return answer({"id": str(self.find_channel(user)), "type": 1, "recipients": [about]})

    async def post_message(self, request: web.Request) -> web.Response:
        channel = int(request.match_info["channel"])
        user = channel - 1_000_000
        body, files = await read_body(request)
        if user in self.closed_to:
            self.refused.set()
            return answer({"message": "Cannot send", "code": self.closed_to[user]}, 403)
        check_message(body, len(files))
        if refused := refuse_large(files):
            return refused
        nonce = str(body.get("nonce") or "")
        if nonce and body.get("enforce_nonce") and (channel, nonce) in self.nonces:
            return answer(self.messages[self.nonces[channel, nonce]])
        message = self.keep(channel, body, files)
        self.nonces[channel, nonce] = int(message["id"])
        self._show(message, user, True)
        return answer(message)

    async def edit_message(self, request: web.Request) -> web.Response:
        channel = int(request.match_info["channel"])
        body, files = await read_body(request)
        message = int(request.match_info["message"])
        return answer(self._edit(message, body, files, channel - 1_000_000))

    async def download(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        body = self.files.get(name)
        if body is None:
            return web.Response(status=404)
        return web.Response(body=body)

    def _edit(self, number: int, body: Json, files: list[Json], user: int) -> Json:
        check_message({"allowed_mentions": {"parse": []}, **body}, len(files))
        message = self.messages[number]
        message.update({k: v for k, v in body.items() if k in ("content", "embeds", "components")})
        if "attachments" in body:
            message["attachments"] = self._store(files)
        message["edits"] = message.get("edits", 0) + 1
        self._show(message, user, True)
        return message

    def keep(self, channel: int, data: Json, files: list[Json], flags: int = 0) -> Json:
        """Keep a message of the bot."""
        message = make_message(self.new_id(), channel, BOT)
        shown = {k: data[k] for k in ("content", "embeds", "components") if data.get(k)}
        message |= {**shown, "attachments": self._store(files), "flags": flags}
        self.messages[int(message["id"])] = message
        return message

    def _store(self, files: list[Json]) -> list[Json]:
        return [self.attach(file["name"], file["body"]) for file in files]

    def _show(self, message: Json, user: int, only_to: bool) -> None:
        watchers = [self.watchers.get(user)] if only_to else list(self.watchers.values())
        for watcher in watchers:
            if watcher is not None:
                watcher.notice(message)


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Answer JSON with the bare content type that the library expects."""
    text = json.dumps(body).encode()
    return web.Response(
        body=text, status=status, headers={"Content-Type": "application/json", **(headers or {})}
    )


def refuse_large(files: list[Json]) -> web.Response | None:
    if all(len(file["body"]) <= LIMIT_BYTES for file in files):
        return None
    return answer({"message": "Request entity too large", "code": 40005}, 413)


async def read_body(request: web.Request) -> tuple[Json, list[Json]]:
    """Read JSON, or a form with JSON and files in it."""
    if request.content_type == "application/json":
        return await request.json(), []
    body: Json = {}
    files = []
    async for part in await request.multipart():
        if part.name == "payload_json":  # type: ignore[union-attr]
            body = json.loads(await part.text())  # type: ignore[union-attr]
        else:
            content = await part.read()  # type: ignore[union-attr]
            files.append({"name": part.filename, "body": bytes(content)})  # type: ignore[union-attr]
    return body, files


def make_guild() -> Json:
    """Describe the one server there is."""
    channel = {"id": str(CHANNEL), "type": 0, "name": "general", "position": 0}
    lists = ("roles", "emojis", "stickers", "members", "presences", "threads", "voice_states")
    channel |= {"permission_overwrites": [], "parent_id": None, "nsfw": False, "topic": None}
    rest: Json = {"guild_scheduled_events": [], "stage_instances": [], "soundboard_sounds": []}
    return {
        "id": str(GUILD),
        "name": "yard",
        "owner_id": "1",
        "channels": [channel],
        "features": [],
        "member_count": 2,
        "preferred_locale": "en-US",
        **{name: [] for name in lists},
        **rest,
        **dict.fromkeys(("icon", "banner", "splash", "discovery_splash", "description"), None),
        **dict.fromkeys(("verification_level", "default_message_notifications"), 0),
        **dict.fromkeys(("explicit_content_filter", "mfa_level", "nsfw_level"), 0),
        **dict.fromkeys(("premium_tier", "system_channel_flags", "afk_timeout"), 0),
    }


def make_message(number: int, channel: int, author: Json) -> Json:
    """Describe an empty message."""
    at = "2026-03-01T12:00:00+00:00"
    lists = ("embeds", "components", "attachments", "mentions", "mention_roles")
    flags = {"tts": False, "mention_everyone": False, "pinned": False, "type": 0, "flags": 0}
    head = {"id": str(number), "channel_id": str(channel), "author": author, "content": ""}
    return {**head, "timestamp": at, "edited_timestamp": None, **flags, **{n: [] for n in lists}}


@asynccontextmanager
async def open_discord() -> AsyncIterator[Discord]:
    """Serve on a free port of loopback."""
    discord = Discord()
    app = web.Application(middlewares=[discord.guard], client_max_size=64 * 1024**2)
    routes = [
        web.get("/gateway", discord.connect),
        web.get("/attachments/{name:.+}", discord.download),
        web.get(f"{API}/users/@me", discord.get_me),
        web.get(f"{API}/users/@me/guilds", discord.list_guilds),
        web.get(f"{API}/guilds/{{guild}}", discord.get_guild),
        web.get(f"{API}/oauth2/applications/@me", discord.get_application),
        web.put(f"{API}/applications/{APPLICATION}/commands", discord.put_commands),
        web.put(
            f"{API}/applications/{APPLICATION}/guilds/{{guild}}/commands", discord.put_commands
        ),
        web.post(f"{API}/interactions/{{id}}/{{token}}/callback", discord.callback),
        web.patch(
            f"{API}/webhooks/{APPLICATION}/{{token}}/messages/@original", discord.edit_original
        ),
        web.get(f"{API}/webhooks/{APPLICATION}/{{token}}/messages/@original", discord.get_original),
        web.post(f"{API}/users/@me/channels", discord.open_channel),
        web.post(f"{API}/channels/{{channel}}/messages", discord.post_message),
        web.patch(f"{API}/channels/{{channel}}/messages/{{message}}", discord.edit_message),
    ]
    app.add_routes(routes)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    discord.url = f"http://{host}:{port}"
    try:
        yield discord
    finally:
        await runner.cleanup()
