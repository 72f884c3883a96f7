"""Trainings that were bought, in conversation: listed, followed, cancelled and tried again."""

from dataclasses import replace

from bots.choices import (
    AFTER,
    JOB,
    list_ended_jobs,
    list_live_jobs,
    page_buttons,
    read_page,
)
from bots.dialog import (
    Args,
    Button,
    Command,
    Context,
    Fact,
    Reply,
    Style,
    Table,
    Tone,
    command,
)
from bots.job_pieces import END_TONES, draw_share, get_share, list_costs
from bots.pieces import show_drawing, show_status
from bots.wording import N_, draw_line, shorten
from core.jobs.records import TERMINAL, Job, Status

_LIVE_JOB = replace(
    JOB, choices=list_live_jobs, empty=N_("No training is under way."), takes_only=True
)
_ENDED_JOB = replace(
    JOB, choices=list_ended_jobs, empty=N_("No training has failed or been cancelled.")
)


@command("jobs", N_("List your trainings"), AFTER)
async def list_own(context: Context, args: Args) -> Reply:
    """List trainings, a page at a time."""
    words = context.words
    page = await context.studio.jobs.list_own(context.principal, read_page(args))
    train = Button(words.say("Train"), "train", style=Style.PRIMARY)
    if not page.items and not args.has("after"):
        return Reply(words.say("There is no training yet."), buttons=(train,))
    rows = tuple(
        (
            f"{job.dataset_name}: {job.training.trigger_words[0]}",
            show_status(words, job.status),
            words.percent(get_share(job)),
            words.moment(job.created_at),
        )
        for job in page.items
    )
    columns = (words.say("Training"), words.say("State"), words.say("Done"), words.say("Since"))
    buttons = [
        Button(
            shorten(f"{job.dataset_name}: {job.training.trigger_words[0]}", 30),
            "job show",
            {"training": job.id},
        )
        for job in page.items
    ]
    buttons += page_buttons(context, "jobs", args, page.next)
    return Reply(words.say("Your trainings"), table=Table(columns, rows), buttons=(*buttons, train))


@command("job show", N_("See how far a training is"), JOB)
async def show(context: Context, args: Args) -> Reply:
    """Show how far a training is, its loss and its samples."""
    words, studio = context.words, context.studio
    job = await studio.jobs.get(context.principal, args.text("training"))
    samples = await studio.pictures.draw_samples(job.samples)
    curve = await studio.pictures.draw_losses(context.principal, job.id)
    pictures = (
        *show_drawing("samples.png", samples, words.say("Samples, by step")),
        *show_drawing("loss.png", curve, words.say("Loss over steps")),
    )
    return replace(await describe(context, job), images=pictures)


async def describe(context: Context, job: Job) -> Reply:
    """Say how far a training is, in words alone: a message can be edited with it again and again."""
    words, studio = context.words, context.studio
    losses = await studio.jobs.list_losses(context.principal, job.id)
    text = draw_share(words, job)
    if losses:
        text += f"\n{draw_line([loss for _, loss, _ in losses])}"
    if job.error is not None:
        text = words.known(job.error.message)
    return Reply(
        f"{job.dataset_name}: {', '.join(job.training.trigger_words)}",
        text,
        tuple(_list_facts(context, job)),
        buttons=tuple(_offer(context, job)),
        tone=END_TONES.get(job.status, Tone.PLAIN),
        follows="" if job.status in TERMINAL else job.id,
    )


def _list_facts(context: Context, job: Job) -> list[Fact]:
    words, progress = context.words, job.progress
    steps = f"{words.number(progress.step)} / {words.number(progress.total_steps)}"
    facts = [Fact(words.say("State"), show_status(words, job.status))]
    facts.append(Fact(words.say("Steps"), steps))
    if progress.loss is not None:
        facts.append(Fact(words.say("Loss"), words.measure(progress.loss)))
    if progress.images_per_s is not None and job.status not in TERMINAL:
        facts.append(Fact(words.say("Pictures a second"), words.measure(progress.images_per_s)))
    if progress.eta_s is not None and job.status not in TERMINAL:
        facts.append(Fact(words.say("Time left"), words.duration(progress.eta_s)))
    if job.status in TERMINAL:
        lasted = (job.history[-1].at - job.history[0].at).total_seconds()
        facts.append(Fact(words.say("Took"), words.duration(lasted)))
    return [*facts, *list_costs(words, job)]


def _offer(context: Context, job: Job) -> list[Button]:
    words, bound = context.words, {"training": job.id}
    buttons = []
    if job.model is not None:
        model = {"model": job.model}
        buttons.append(Button(words.say("The model"), "mod show", model, Style.PRIMARY))
        buttons.append(Button(words.say("Download"), "mod download", model))
    if job.status in (Status.FAILED, Status.CANCELLED):
        buttons.append(Button(words.say("Try again"), "job retry", bound, Style.PRIMARY))
    if job.status not in TERMINAL:
        buttons.append(Button(words.say("Look again"), "job show", bound, Style.PRIMARY))
        buttons.append(Button(words.say("Cancel it"), "job cancel", bound, Style.DANGER))
    return [*buttons, Button(words.say("All trainings"), "jobs")]


async def _confirm_cancel(context: Context, args: Args) -> Reply:
    words = context.words
    job = await context.studio.jobs.get(context.principal, args.text("training"))
    return Reply(
        words.say("Cancel the training on “{name}”?", name=job.dataset_name),
        words.say("The steps that are done are charged, the rest comes back."),
        tone=Tone.CAUTION,
    )


@command(
    "job cancel",
    N_("Cancel a training"),
    _LIVE_JOB,
    confirm=_confirm_cancel,
    yes=N_("Cancel the training"),
)
async def cancel(context: Context, args: Args) -> Reply:
    """Ask a training to stop."""
    words = context.words
    job = await context.studio.jobs.cancel(context.principal, args.text("training"))
    is_over = job.status in TERMINAL
    return Reply(
        words.say("The training is cancelled") if is_over else words.say("The training stops"),
        "" if is_over else words.say("It ends with the step that it is at."),
        tuple(_list_facts(context, job)),
        buttons=tuple(_offer(context, job)),
        tone=Tone.GOOD,
    )


async def _confirm_retry(context: Context, args: Args) -> Reply:
    words = context.words
    job = await context.studio.jobs.get(context.principal, args.text("training"))
    balance = await context.studio.points.get_balance(context.principal.account)
    return Reply(
        words.say("Train on “{name}” once more?", name=job.dataset_name),
        words.say("On the same pictures, with the same settings and at the same price."),
        (
            Fact(words.say("Price"), words.points(job.quote.points)),
            Fact(words.say("Your balance"), words.points(balance)),
        ),
        tone=Tone.CAUTION,
    )


@command(
    "job retry",
    N_("Try a training again"),
    _ENDED_JOB,
    confirm=_confirm_retry,
    yes=N_("Train again"),
)
async def retry(context: Context, args: Args) -> Reply:
    """Submit the same training again."""
    words = context.words
    job = await context.studio.jobs.retry(context.principal, args.text("training"), context.key)
    return Reply(
        words.say("Your training is on its way"),
        facts=tuple(_list_facts(context, job)),
        buttons=tuple(_offer(context, job)),
        tone=Tone.GOOD,
        follows=job.id,
    )


COMMANDS: tuple[Command, ...] = (list_own, show, cancel, retry)
