"""The command line: `trainyard …`; reads the settings once and hands plain values on."""

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer
from honcho.command import main as run_honcho

from adapters.redis_server import become_server, find_program
from config import running
from config.accounts import grant_points, make_login_link, make_token
from config.books import reconcile
from config.chat import chat
from config.doctor import inspect_doors
from config.keeper import keep
from config.logs import set_up_logging
from config.migration import move
from config.naming import name_program
from config.payments import payments, refund
from config.settings import Settings
from config.stores import describe_stores
from config.verify import verify
from config.wiring import load_offerings, open_signer
from core.errors import TrainyardError

_ROOT = Path(__file__).resolve().parents[1]
_START_POINTS = 500
_KEPT = ("redis", "web", "worker")
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A training suite for LoRAs.",
)


app.command()(chat)
app.command()(verify)
app.command()(reconcile)
app.command()(payments)
app.command()(refund)


@app.command()
def up() -> None:
    """Serve everything on this machine: Redis, web and a worker, each started again when it dies."""
    settings = _start()
    link = asyncio.run(make_login_link(settings, "me", points=_START_POINTS, admin=True))
    print(f"Trainyard serves on {settings.get_public_url()} - Ctrl-C ends it.")
    print(f"Sign in, once and within five minutes:  {link}")
    print(f"For another link: {name_program()} login me. For a token: {name_program()} token me")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    chosen = _KEPT if settings.runs_own_redis else _KEPT[1:]
    sys.argv = ["honcho", "-f", str(_ROOT / "Procfile"), "start", *chosen]
    run_honcho()


@app.command(hidden=True, name="keep")
def keep_running(name: str) -> None:
    """Run one of the processes of `up`, again and again."""
    if name not in _KEPT:
        raise typer.BadParameter(f"one of: {', '.join(_KEPT)}")
    sys.exit(keep([sys.executable, "-m", "config.cli", name]))


@app.command()
def redis() -> None:
    """Be the redis-server of this data folder."""
    settings = _start()
    become_server(settings.redis_folder, settings.redis_socket)


@app.command(name="serve")
@app.command(name="web", hidden=True)
def serve() -> None:
    """Answer HTTP."""
    asyncio.run(running.serve(_start()))


@app.command()
def worker() -> None:
    """Do what is queued, one job at a time."""
    asyncio.run(running.work(_start()))


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="Whose token; the account is made when it is new.")],
    points: Annotated[int, typer.Option(help="Points to grant to a new account.")] = 0,
    admin: Annotated[bool, typer.Option(help="Make a new account an admin.")] = False,
) -> None:
    """Make an API token and print it; it is shown this once."""
    print(asyncio.run(make_token(_start(), name, points=points, admin=admin)))


@app.command()
def login(
    name: Annotated[str, typer.Argument(help="Who; the account is made when it is new.")] = "me",
    points: Annotated[int, typer.Option(help="Points to grant to a new account.")] = 0,
    admin: Annotated[bool, typer.Option(help="Make a new account an admin.")] = False,
) -> None:
    """Print a link that signs somebody in on the web, once and within five minutes."""
    print(asyncio.run(make_login_link(_start(), name, points=points, admin=admin)))


@app.command()
def grant(
    name: Annotated[str, typer.Argument(help="The account, by the name given to `token`.")],
    points: Annotated[int, typer.Argument(min=1)],
    note: Annotated[str, typer.Option(help="Stands in the member's statement.")] = "a grant",
) -> None:
    """Give points to an account."""
    balance = asyncio.run(grant_points(_start(), name, points, note))
    print(f"{name} has {balance} points now.")


@app.command()
def migrate() -> None:
    """Copy the data folder's records and blobs to MongoDB and S3, as set; stop everything else before."""

    async def run() -> None:
        async for moved in move(_start()):
            print(
                f"{moved.what:<16} {moved.count:>8}  the same in both, sha256 {moved.sha256[:16]}"
            )

    asyncio.run(run())
    print("Everything is there. The data folder was not changed; keep it until you are sure.")


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def demo() -> None:
    """Train a LoRA on drawn pictures, through the HTTP API, and show what it learned."""
    arguments = [sys.executable, "-m", "config.demo", *sys.argv[2:]]
    os.execv(sys.executable, arguments)  # it imports what a server should not wait for


@app.command()
def doctor() -> None:
    """Check what this machine has, and say what to do about what it lacks."""
    settings = _start()
    offerings = load_offerings(settings)
    free_gb = shutil.disk_usage(settings.data_folder).free / 1e9
    print(f"data folder   {settings.data_folder.resolve()} ({free_gb:.0f} GB free)")
    print(f"signing key   {open_signer(settings).public_key} (public)")
    for what, where in asyncio.run(describe_stores(settings)).items():
        print(f"{what:<13} {where}")
    print(f"redis         {find_program() if settings.runs_own_redis else 'TRAINYARD_REDIS_URL'}")
    print(f"offerings     {', '.join(offering.id for offering in offerings.list_all())}")
    kinds, families = ", ".join(settings.worker_kinds), ", ".join(settings.worker_families)
    print(f"worker        takes {kinds} for {families} on {os.cpu_count()} cores")
    sys.exit(1 if asyncio.run(inspect_doors(settings)) else 0)


def _start() -> Settings:
    """Read the settings, and make the data folder, readable by its owner alone."""
    settings = Settings()
    set_up_logging(settings)
    settings.data_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return settings


def main() -> None:
    """Run a command; what goes wrong is said in a sentence."""
    try:
        app()
    except TrainyardError as error:
        print(error.message, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
