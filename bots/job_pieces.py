"""What jobs of every kind say of themselves: how far, how they ended, what they cost."""

from bots.dialog import Context, Fact, Tone
from bots.stranded import explain_obstacle
from bots.wording import Words, draw_bar
from core.jobs.records import Job, Status
from core.offerings.records import Quote

END_TONES = {Status.COMPLETED: Tone.GOOD, Status.FAILED: Tone.BAD, Status.CANCELLED: Tone.CAUTION}


def get_share(job: Job) -> float:
    """Return how much of a job is done, from 0 to 1."""
    if job.status is Status.COMPLETED:
        return 1.0
    return job.progress.step / job.progress.total_steps if job.progress.total_steps else 0.0


def draw_share(words: Words, job: Job) -> str:
    """Draw how far a job is, as a bar with its percentage; or say why no worker can take it."""
    if job.obstacle is not None:
        return explain_obstacle(words, job.kind, job.obstacle)
    share = get_share(job)
    return f"{draw_bar(share)} {words.percent(share)}"


def list_costs(words: Words, job: Job) -> list[Fact]:
    """Say what a job was bought for and, once it is settled, what it cost."""
    facts = [Fact(words.say("Price"), words.points(job.quote.points))]
    if job.charged_points is not None:
        facts.append(Fact(words.say("Charged"), words.points(job.charged_points)))
    return facts


async def list_price(context: Context, quote: Quote) -> tuple[Fact, ...]:
    """Show a price beside the balance. Raises InsufficientPointsError when it does not cover the price."""
    words, points, account = context.words, context.studio.points, context.principal.account
    balance = await points.get_balance(account)
    await points.check_covers(account, quote.points)
    return (
        Fact(words.say("Price"), words.points(quote.points)),
        Fact(words.say("Your balance"), words.points(balance)),
        Fact(words.say("Left afterwards"), words.points(balance - quote.points)),
    )
