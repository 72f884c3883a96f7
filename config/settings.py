"""Every setting of a process, read once from the environment by the command line; nothing else reads it."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.jobs.records import Kind
from core.topups.records import Package

_HERE = Path(__file__).resolve().parent
_MAX_SOCKET_BYTES = 100
"""A unix socket's path has at most 107 bytes on Linux and 103 on macOS."""


class Settings(BaseSettings):
    """What an operator may choose; `TRAINYARD_<NAME>` in the environment or in a .env file."""

    model_config = SettingsConfigDict(
        env_prefix="TRAINYARD_",
        env_file=os.environ.get("TRAINYARD_ENV_FILE", ".env"),
        extra="ignore",
        frozen=True,
    )

    data_folder: Path = Path("data")
    """Holds what is not kept elsewhere: database, blobs, Redis' log of waiting work."""
    work_folder: Path | None = None
    """Scratch space of workers; `<data_folder>/work` unless set."""
    mongodb_url: SecretStr = SecretStr("")
    """Where records are kept, `mongodb://…`; empty: in a SQLite file in the data folder."""
    mongodb_database: str = "trainyard"
    """Its name."""
    gridfs: bool = False
    """Blobs are kept in MongoDB too, for small installs without S3."""
    s3_bucket: str = ""
    """Where blobs are kept; empty: in the data folder."""
    s3_endpoint_url: str = ""
    """Of a store that is not Amazon's."""
    s3_region: str = ""
    """As the store names it."""
    s3_access_key: SecretStr = SecretStr("")
    s3_secret_key: SecretStr = SecretStr("")
    """Both empty: what the SDK finds by itself, as the role of the machine."""
    s3_path_style: bool = False
    """The bucket's name stands in the path and not in the host, as MinIO wants it."""
    s3_encryption: Literal["", "AES256", "aws:kms"] = ""
    """By the store, of what is kept; empty: as the bucket says."""
    s3_kms_key: str = ""
    s3_download_url: str = ""
    """Where people reach the store, `https://…`: they then fetch models from there, by addresses that hold
    for five minutes; empty: through us."""
    redis_url: SecretStr = SecretStr("")
    """Empty: Trainyard runs its own redis-server on a unix socket in the data folder."""
    signing_key: SecretStr = SecretStr("")
    """64 hexadecimal digits; empty: a key is made once and kept in the data folder."""
    queue_name: str = "trainyard"
    """Before a colon and the kind of job: `trainyard:train`, `trainyard:generate`."""
    queue_poll_s: float = Field(default=0.05, gt=0, le=60)
    """How often a worker asks Redis for work of each kind. Of hundreds of workers, each may ask less often."""
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=0, le=65535)
    """Where the web server listens."""
    public_url: str = ""
    """Where people reach the web server, `https://…` behind a proxy; empty: where it listens."""
    proxy_address_header: str = ""
    """By which header a reverse proxy tells the client's address; empty: no proxy, no header is believed."""
    connections_per_address: int = Field(default=256, ge=0)
    """0: no bound. Behind a proxy, which has one address, there is none either."""
    sign_in_limit: str = "20/minute"
    token_limit: str = "60/hour"
    upload_limit: str = "1200/minute"
    request_limit: str = "30000/minute"
    anonymous_limit: str = "1200/minute"
    """How often: sign-ins and what is asked by nobody known, by address; the rest by account."""
    training_offerings_file: Path = _HERE / "training_offerings.toml"
    base_models_file: Path = _HERE / "base_models.toml"
    generation_file: Path = _HERE / "generation.toml"
    captioning_file: Path = _HERE / "captioning.toml"
    """The catalogues: names, prices, limits and defaults of what can be bought."""
    caption_model: str = ""
    """What writes captions: a hub id, or an absolute path to a folder; empty: that is off."""
    caption_model_revision: str = ""
    """The commit that a hub id is pinned to."""
    worker_families: tuple[str, ...] = ("tiny", "sd15", "sdxl")
    """Families of base models that this machine's worker takes."""
    worker_kinds: tuple[Kind, ...] = tuple(Kind)
    """What this machine's worker does: train, generate, caption. While it trains, the others wait."""
    worker_name: str = ""
    """What the worker is called where admins look; empty: after its machine and process."""
    worker_vram_gb: int | None = Field(default=None, ge=0)
    """What counts as its memory; unset: what its GPU has, or without one its main memory."""
    generation_idle_s: float = Field(default=300, ge=0)
    """How long a worker keeps a base model loaded after a generation, in case another one comes."""
    lease_s: float = Field(default=90, ge=1)
    """How long a silent worker keeps a job; its heartbeat comes six times as often."""
    sweep_every_s: float = Field(default=5, gt=0)
    """How often lost wake-ups and half-done work are looked for."""
    checkpoint_every_s: float = Field(default=30, gt=0)
    """How much work a crash may cost."""
    drain_s: float = Field(default=60, gt=0)
    """How long a worker may take to save a checkpoint when it is told to stop."""
    cache_bytes: int = Field(default=10 * 1024**3, ge=0)
    """How much a worker keeps of what it computed from pictures and captions."""
    base_model_bytes: int = Field(default=0, ge=0)
    """How much disk base models from the hub may take; 0: no limit. The one unused for longest goes."""
    image_sandboxes: int = Field(default=2, ge=1, le=32)
    """How many pictures are decoded at the same time."""
    storage_quota_bytes: int = Field(default=0, ge=0)
    """How much all accounts may keep together; 0: no bound but the disk."""
    keep_free_bytes: int = Field(default=512 * 1024**2, ge=0)
    """What uploads leave free on the disk of the data folder, for the database and for trainings."""
    storage_every_s: float = Field(default=6 * 3600, gt=0)
    """How often a server deletes what is too old or named by nothing, and repairs quotas."""
    stray_grace_s: float = Field(default=24 * 3600, ge=3600)
    """How long a blob that no record names is kept; more than any upload takes."""
    keep_pictures_days: int = Field(default=0, ge=0)
    """How long pictures of generations are kept; 0: for ever, as for the next three."""
    keep_samples_days: int = Field(default=90, ge=0)
    """Samples of trainings that yielded no model."""
    keep_losses_days: int = Field(default=0, ge=0)
    """Loss histories of trainings that have ended."""
    keep_news_days: int = Field(default=180, ge=0)
    """Notifications that were read."""
    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""
    log_format: Literal["auto", "json", "text"] = "auto"
    """JSON lines, or lines for people; auto: for people where standard error is a terminal."""
    metrics_host: str = "127.0.0.1"
    """On which address figures are shown; there is no password, so never a public one."""
    metrics_port: int = Field(default=0, ge=0, le=65535)
    """Where a server shows its figures to Prometheus, at `/metrics`, without a password; 0: nowhere."""
    worker_metrics_port: int = Field(default=0, ge=0, le=65535)
    """The same for a worker."""
    otel_endpoint: str = ""
    """Where spans are sent by OTLP over HTTP, `http://collector:4318`; empty: nowhere. Needs `trainyard[otel]`."""
    sentry_dsn: SecretStr = SecretStr("")
    """Where errors are sent; empty: nowhere. Needs `trainyard[sentry]`."""
    royalty_bps: int = Field(default=5000, ge=0, le=10_000)
    """How much of what a generation costs goes to the makers of the models it used, in 1/100 %."""
    use_points: int = Field(default=1, ge=0)
    """What a program outside pays for each picture that it makes with other people's models."""
    payout_minimum_points: int = Field(default=10, ge=1)
    payout_every_s: float = Field(default=900, gt=0)
    """How often royalties that have come to the minimum are paid out."""
    transfers_per_day: int = Field(default=20, ge=0)
    """How often one account may give points to others in 24 hours; 0: nobody gives any."""
    welcome_points: int = Field(default=0, ge=0)
    """What somebody new on a chat platform is given to begin with."""
    discord_token: SecretStr = SecretStr("")
    """A bot's token; empty: no Discord."""
    discord_guilds: tuple[int, ...] = ()
    """Servers whose commands are renewed at once; empty: everywhere, which may take an hour."""
    discord_api_url: str = ""
    discord_gateway_url: str = ""
    """Where Discord's API and gateway are, when a proxy stands between; empty: Discord's own."""
    sign_in_newcomers: bool = True
    """Whether people whom no bot here has met may sign in by a platform; `false`: they write to the bot first."""
    discord_client_id: str = ""
    discord_client_secret: SecretStr = SecretStr("")
    """Of the application whose bot it is; both set: people sign in on the web by Discord."""
    discord_sign_in_url: str = "https://discord.com"
    """Where Discord's pages and its OAuth 2 are."""
    telegram_token: SecretStr = SecretStr("")
    """A bot's token from BotFather; empty: no Telegram."""
    telegram_api_url: str = "https://api.telegram.org"
    """Or a local Bot API server, or a proxy."""
    telegram_client_id: str = ""
    telegram_client_secret: SecretStr = SecretStr("")
    """From BotFather's Web Login; both set: people sign in on the web by Telegram."""
    telegram_sign_in_url: str = "https://oauth.telegram.org"
    """Where Telegram's OpenID Connect is, and in whose name it signs."""
    star_packages: tuple[Package, ...] = (
        Package(points=100, stars=50),
        Package(points=500, stars=250),
        Package(points=2000, stars=1000),
    )
    """What the Telegram bot sells for Telegram Stars; `[]`: nothing."""
    telegram_webhook_url: str = ""
    """The public https address of this server; empty: the bot polls."""

    def list_queues(self) -> tuple[str, ...]:
        """List the queues whose wake-ups this machine's worker takes."""
        return tuple(f"{self.queue_name}:{kind}" for kind in self.worker_kinds)

    def get_public_url(self) -> str:
        """Return the address that links begin with, without a slash at its end."""
        host = "127.0.0.1" if self.http_host in ("0.0.0.0", "::", "") else self.http_host
        host = f"[{host}]" if ":" in host else host
        return self.public_url.rstrip("/") or f"http://{host}:{self.http_port}"

    @property
    def database_file(self) -> Path:
        return self.data_folder / "trainyard.sqlite"

    @property
    def signing_key_file(self) -> Path:
        return self.data_folder / "signing.key"

    @property
    def scratch_folder(self) -> Path:
        return (self.work_folder or self.data_folder / "work").resolve()

    @property
    def cache_folder(self) -> Path:
        """Latents and text embeddings, beside the scratch space and not in it: they outlive their jobs."""
        place = self.scratch_folder
        return place.with_name(f"{place.name}-cache")

    @property
    def runs_own_redis(self) -> bool:
        return not self.redis_url.get_secret_value()

    @property
    def redis_folder(self) -> Path:
        return (self.data_folder / "redis").resolve()

    @property
    def redis_socket(self) -> Path:
        """Where our own Redis listens: in its folder, or in /tmp when that path is too long for a socket."""
        place = self.redis_folder / "redis.sock"
        if len(str(place).encode()) <= _MAX_SOCKET_BYTES:
            return place
        name = hashlib.sha256(str(place).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"trainyard-{name}" / "redis.sock"

    def get_redis_url(self) -> str:
        return self.redis_url.get_secret_value() or f"unix://{self.redis_socket}"
