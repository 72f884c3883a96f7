"""Datasets of several people in conversation, and datasets handed out whole."""

from collections.abc import Sequence
from dataclasses import replace

from bots.checking import offer_pictures
from bots.choices import DATASET, list_joined_datasets, list_own_datasets
from bots.dialog import (
    Args,
    Button,
    Choice,
    Command,
    Context,
    Fact,
    Kind,
    Limits,
    Param,
    Reply,
    Style,
    Table,
    Tone,
    command,
)
from bots.pieces import show_file
from bots.wording import N_
from core.datasets.records import Dataset


async def list_members(context: Context, args: Args, typed: str) -> Sequence[Choice]:
    """Offer the members of a dataset."""
    found = await context.studio.sharing.list_members(context.principal, args.text("dataset"))
    return [
        Choice(member.id, member.display_name, keys=(str(number),))
        for number, member in enumerate(found, 1)
    ]


_OWN = replace(DATASET, choices=list_own_datasets)
_JOINED = Param(
    "dataset",
    N_("Which dataset?"),
    Kind.CHOICE,
    list_joined_datasets,
    empty=N_("You have joined no dataset of others."),
)


def _offer(context: Context, dataset: Dataset) -> tuple[Button, ...]:
    words = context.words
    return (
        offer_pictures(context, dataset),
        Button(words.say("Look at it"), "dataset show", {"dataset": dataset.id}),
    )


@command("dataset share", N_("Let others add to a dataset"), _OWN)
async def share(context: Context, args: Args) -> Reply:
    """Show a code by which others join."""
    words, sharing = context.words, context.studio.sharing
    dataset = await context.studio.datasets.get_own(context.principal, args.text("dataset"))
    code = await sharing.invite(context.principal, dataset.id)
    members = await sharing.list_members(context.principal, dataset.id)
    rows = tuple((m.display_name, words.moment(m.created_at)) for m in members)
    bound = {"dataset": dataset.id}
    buttons = [Button(words.say("Remove a member"), "dataset expel", bound)] if members else []
    return Reply(
        words.say("Others can join “{name}”", name=dataset.name),
        words.say(
            "Give them this, for a week: /dataset join {code}\nThey see the pictures, add their own "
            "and write captions; only you remove, delete and share. A new code ends the old one.",
            code=code,
        ),
        table=Table((words.say("Member"), words.say("Since")), rows) if rows else None,
        buttons=(*buttons, *_offer(context, dataset)),
        tone=Tone.GOOD,
    )


@command(
    "dataset join",
    N_("Join somebody's dataset"),
    Param(
        "code",
        N_("Which code were you given?"),
        limits=Limits(characters=60),
        example="ABCD-EFGH-IJKL-MNOP",
    ),
)
async def join(context: Context, args: Args) -> Reply:
    """Join the dataset that a code invites to."""
    words = context.words
    dataset = await context.studio.sharing.join(context.principal, args.text("code"))
    return Reply(
        words.say("You work on “{name}” now", name=dataset.name),
        words.say("Add pictures, and write captions; what you add carries your name."),
        buttons=_offer(context, dataset),
        tone=Tone.GOOD,
    )


@command("dataset leave", N_("Leave somebody's dataset"), _JOINED)
async def leave(context: Context, args: Args) -> Reply:
    """Leave a dataset; what was added stays."""
    words = context.words
    dataset = await context.studio.datasets.get(context.principal, args.text("dataset"))
    await context.studio.sharing.leave(context.principal, dataset.id)
    return Reply(
        words.say("You have left “{name}”", name=dataset.name),
        words.say("What you added stays there."),
        buttons=(Button(words.say("All datasets"), "dataset list"),),
        tone=Tone.GOOD,
    )


async def _confirm_expel(context: Context, args: Args) -> Reply:
    words = context.words
    dataset = await context.studio.datasets.get_own(context.principal, args.text("dataset"))
    members = await context.studio.sharing.list_members(context.principal, dataset.id)
    name = next((m.display_name for m in members if m.id == args.text("member")), "?")
    return Reply(
        words.say("Take {member} off “{name}”?", member=name, name=dataset.name),
        words.say("What they added stays. With a valid code they could join again."),
        tone=Tone.CAUTION,
    )


@command(
    "dataset expel",
    N_("Take somebody off your dataset"),
    _OWN,
    Param(
        "member",
        N_("Whom?"),
        Kind.CHOICE,
        list_members,
        empty=N_("Nobody has joined this dataset."),
    ),
    confirm=_confirm_expel,
    yes=N_("Remove"),
)
async def expel(context: Context, args: Args) -> Reply:
    """Take a member off one's own dataset, and end the invitation by which they could come back."""
    words, sharing = context.words, context.studio.sharing
    dataset = await context.studio.datasets.get_own(context.principal, args.text("dataset"))
    await sharing.remove_member(context.principal, dataset.id, args.text("member"))
    await sharing.revoke(context.principal, dataset.id)
    return Reply(
        words.say("Done"),
        words.say("The code that was out is no longer valid."),
        buttons=(
            Button(words.say("Share"), "dataset share", {"dataset": dataset.id}),
            *_offer(context, dataset),
        ),
        tone=Tone.GOOD,
    )


@command("dataset export", N_("Download a dataset whole"), DATASET)
async def export(context: Context, args: Args) -> Reply:
    """Hand over a zip of a dataset."""
    words, studio = context.words, context.studio
    dataset = await studio.datasets.get(context.principal, args.text("dataset"))
    size = await studio.datasets.count_active(dataset.id)
    file, link = await studio.exports.make_file(context.principal, dataset.id)
    return Reply(
        file.name,
        words.say("Each picture with its caption in a text file beside it."),
        (
            Fact(words.say("Pictures"), words.number(size)),
            Fact(words.say("Size"), words.size(file.bytes)),
        ),
        files=(show_file(context, file, dataset.name, link),),
        buttons=(
            Button(words.say("Train"), "train", {"dataset": dataset.id}, Style.PRIMARY),
            Button(words.say("Look at it"), "dataset show", {"dataset": dataset.id}),
        ),
        tone=Tone.GOOD,
    )


COMMANDS: tuple[Command, ...] = (share, join, leave, expel, export)
