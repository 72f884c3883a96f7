"""The demo's last chapter: somebody else generates with the fresh model, and its maker is paid for it."""

import secrets
from collections.abc import Sequence

from pydantic import JsonValue

from config.demo import figures
from config.demo.chapters import Stage
from config.demo.person import Person
from core.errors import TrainyardError
from core.records import Value

VISITOR, VISITOR_POINTS = "visitor", 50
PICTURES = 4
ROYALTY_BPS = 5000
"""The makers' part of a generation's price unless an operator sets another, in ten-thousandths."""


class Visit(Value):
    """What a stranger paid, and what of it came to the maker."""

    charged_points: int
    earned_points: int
    visitor_balance_points: int
    maker_balance_points: int

    def to_json(self) -> dict[str, JsonValue]:
        return {**self.model_dump()}


async def tell_visit(
    stage: Stage, visitor: Person, bought: figures.Bought, words: Sequence[str], prompt: str
) -> Visit:
    """Publish the story's model, let a visitor generate by its trigger word, and see who was paid.

    Raises TrainyardError when a point is not where it belongs."""
    screen, maker = stage.screen, stage.person
    assert bought.training.model is not None
    screen.begin_chapter("Somebody else generates, and the maker is paid")
    model = await maker.publish(bought.training.model, words)
    screen.say(f"“{model.name}” is public now; its trigger word is “{words[0]}”.")
    before = await maker.get_balance()
    body: dict[str, JsonValue] = {"prompt": prompt, "params": {"count": PICTURES}}
    priced = await visitor.price_generation(body)
    names = ", ".join(f"“{lora.name}”" for lora in priced.spec.loras)
    screen.say(f"A new account, “{VISITOR}”, asks for {PICTURES} pictures of “{prompt}”.")
    screen.say(f"The trigger word brings in {names or 'NOTHING'}; {priced.quote.points} points.")
    drawn = await visitor.generate(body, secrets.token_hex(16))
    if drawn.status != "completed" or drawn.charged_points is None:
        raise TrainyardError(f"The pictures were not drawn: {drawn.error or drawn.status}")
    folder = stage.out / "pictures" / VISITOR
    folder.mkdir(parents=True, exist_ok=True)
    for picture in drawn.pictures:
        await visitor.download_picture(drawn, picture.file.name, folder / picture.file.name)
    pool = drawn.charged_points * ROYALTY_BPS // 10_000
    screen.say(f"{len(drawn.pictures)} pictures came, for {drawn.charged_points} points; half of")
    screen.say(f"them, {pool}, are for the makers: here one person trained and gave all pictures.")
    earnings = await maker.wait_until_paid(pool)
    visit = Visit(
        charged_points=drawn.charged_points,
        earned_points=earnings.earned_points,
        visitor_balance_points=await visitor.get_balance(),
        maker_balance_points=await maker.get_balance(),
    )
    await _show_statements(stage, visitor)
    _check(visit, before, pool)
    return visit


async def _show_statements(stage: Stage, visitor: Person) -> None:
    screen = stage.screen
    screen.show_statement(await visitor.get_statement(), "The visitor's statement")
    newest = (await stage.person.get_statement())[:3]
    screen.show_statement(newest, "The maker's statement, its newest lines")


def _check(visit: Visit, before: int, pool: int) -> None:
    paid = visit.maker_balance_points - before
    if visit.visitor_balance_points != VISITOR_POINTS - visit.charged_points:
        raise TrainyardError("The visitor's balance is not what is left of their points.")
    if not paid == visit.earned_points == pool > 0:
        raise TrainyardError(f"The maker was paid {paid} points instead of {pool}.")
