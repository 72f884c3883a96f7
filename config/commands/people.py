"""Commands about people: how they sign in, and what they are given."""

import asyncio
from typing import Annotated

import typer

from config.accounts import grant_points, make_login_link, make_token
from config.commands.starting import start


def token(
    name: Annotated[str, typer.Argument(help="Whose token; the account is made when it is new.")],
    points: Annotated[int, typer.Option(help="Points to grant to a new account.")] = 0,
    admin: Annotated[bool, typer.Option(help="Make a new account an admin.")] = False,
) -> None:
    """Make an API token and print it; it is shown this once."""
    print(asyncio.run(make_token(start(), name, points=points, admin=admin)))


def login(
    name: Annotated[str, typer.Argument(help="Who; the account is made when it is new.")] = "me",
    points: Annotated[int, typer.Option(help="Points to grant to a new account.")] = 0,
    admin: Annotated[bool, typer.Option(help="Make a new account an admin.")] = False,
) -> None:
    """Print a link that signs somebody in on the web, once and within five minutes."""
    print(asyncio.run(make_login_link(start(), name, points=points, admin=admin)))


def grant(
    name: Annotated[str, typer.Argument(help="The account, by the name given to `token`.")],
    points: Annotated[int, typer.Argument(min=1)],
    note: Annotated[str, typer.Option(help="Stands in the member's statement.")] = "a grant",
) -> None:
    """Give points to an account."""
    balance = asyncio.run(grant_points(start(), name, points, note))
    print(f"{name} has {balance} points now.")
