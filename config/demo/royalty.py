"""The demo's last chapter: another account draws with the fresh LoRA, and its maker is paid for that."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from adapters.client import ENDED, TrainyardClient, connect
from adapters.client.models import EntryView, GenerationView, ModelView, NewGeneration, Publication
from config.accounts import make_token
from config.books import check_books
from config.demo import sheets
from config.demo.checks import insist
from config.demo.pictures import TRIGGER_WORD
from config.demo.plan import ROYALTY_BPS
from config.demo.screen import Screen
from config.demo.waiting import wait_until_paid, wait_until_settled
from config.settings import Settings
from core.records import Value

GUEST, GUEST_POINTS = "guest", 100
WHOLE_BPS = 10_000
PICTURES = 8
SEED = 3


@dataclass(frozen=True)
class Scene:
    """Where the chapter plays."""

    maker: TrainyardClient
    settings: Settings
    url: str
    screen: Screen
    out: Path
    prompt: str
    """What is drawn; the trigger word is in it."""


class Royalty(Value):
    """What was drawn, what it cost, and who was paid."""

    price_points: int
    pool_points: int
    share_bps: int
    royalty_points: int
    guest: tuple[EntryView, ...]
    maker: tuple[EntryView, ...]

    def to_json(self) -> dict[str, JsonValue]:
        return self.model_dump(mode="json")


async def tell_royalty(scene: Scene, model_id: str) -> Royalty:
    """Publish the model, draw with it as somebody else, and show what its maker is paid."""
    screen, maker = scene.screen, scene.maker
    screen.begin_chapter("Somebody else draws with it, and its maker is paid")
    model = await _publish(maker, model_id, screen)
    before_points, before = await _count_points(maker), await wait_until_paid(maker)
    drawn, lines = await _visit(scene, model)
    (share,) = model.shares
    pool = drawn.quote.points * ROYALTY_BPS // WHOLE_BPS
    royalty = pool * share.bps // WHOLE_BPS
    _show_split(drawn, pool, royalty, screen)
    screen.show_statement(lines, "The guest's statement of it")
    earnings = await wait_until_paid(maker)
    accruals = [(a.model, a.points) async for a in maker.list_accruals()]
    statement = tuple(await maker.get_statement().collect())
    screen.show_statement(statement, "The maker's statement")
    insist(
        earnings.earned_points == before.earned_points + royalty
        and accruals[0] == (model.id, royalty),
        f"{royalty} points are due, and what was earned is {earnings.earned_points} in all.",
    )
    check_pay(statement[0], royalty, before_points + royalty)
    screen.say(
        f"Earned {earnings.earned_points}, paid {earnings.paid_points}, due {earnings.due_points}. "
        "The demo pays every second, whatever is due;"
    )
    screen.say("where nothing is set, it is every 15 minutes whoever has 10 points to come.")
    await _reconcile(scene)
    return Royalty(
        price_points=drawn.quote.points,
        pool_points=pool,
        share_bps=share.bps,
        royalty_points=royalty,
        guest=lines,
        maker=statement,
    )


def check_pay(newest: EntryView, royalty: int, balance: int) -> None:
    """Check that a statement ends with the royalty."""
    kind, paid, left = newest.kind, newest.amount_points, newest.balance_after_points
    insist(
        (kind, paid, left) == ("sweep", royalty, balance),
        f"the maker's statement ends with {kind} {paid:+d}, balance {left}, and not with sweep "
        f"{royalty:+d}, balance {balance}.",
    )


async def _visit(scene: Scene, model: ModelView) -> tuple[GenerationView, tuple[EntryView, ...]]:
    """Draw as a second account, and return the generation with what the guest's statement says of it."""
    token = await make_token(scene.settings, GUEST, points=GUEST_POINTS)
    async with connect(scene.url, token) as guest:
        before_points = await _count_points(guest)
        drawn = await _draw(guest, model, scene)
        await _collect(guest, drawn, scene)
        left_points, price = await _count_points(guest), drawn.quote.points
        statement = await guest.get_statement().collect()
        lines = tuple(line for line in statement if line.ref == drawn.id)
    insist(
        left_points == before_points - price,
        f"the guest had {before_points} points, paid {price} and has {left_points}.",
    )
    insist(
        [line.amount_points for line in lines] == [0, -price],
        f"the guest's statement does not say that {price} points were held and then kept.",
    )
    return drawn, lines


async def _publish(maker: TrainyardClient, model_id: str, screen: Screen) -> ModelView:
    """Publish a model; one of an earlier run, in a data folder that was kept, makes room for it."""
    for earlier in await maker.list_models(show="mine").collect():
        if earlier.access == "public" and TRIGGER_WORD in earlier.trigger_words:
            await maker.withdraw_model(earlier.id)
    model = await maker.publish_model(model_id, Publication(access="public"))
    (share,) = model.shares
    insist(
        (share.account, share.bps) == (model.owner, WHOLE_BPS),
        "all the pictures are the maker's, and so must be all that they earn.",
    )
    screen.say(
        f"“{model.name}” is public now, under its word “{TRIGGER_WORD}”. What it earns is shared between "
        "trainer and"
    )
    screen.say(f"contributors: demo trained it and gave all {share.pictures} pictures.")
    return model


async def _draw(guest: TrainyardClient, model: ModelView, scene: Scene) -> GenerationView:
    """Look at the price, submit, and follow until the pictures are there and paid."""
    screen = scene.screen
    body = NewGeneration(prompt=scene.prompt, seed=SEED, params={"count": PICTURES})
    screen.say(f"A second account, “{GUEST}”, with {await _count_points(guest)} points, asks for:")
    screen.say(f"    {scene.prompt}")
    found = await guest.quote_generation(body)
    insist(
        [lora.model for lora in found.spec.loras] == [model.id],
        f"the prompt does not bring in the model: {' '.join(found.spec.warnings)}",
    )
    (lora,) = found.spec.loras
    screen.say(
        f"The word brings in “{lora.name}” at weight {lora.weight:g}; {PICTURES} pictures cost "
        f"{found.quote.points} points."
    )
    drawn = await guest.submit_generation(body)
    await screen.follow(guest.follow_generation(drawn.id), parts=0)
    drawn = await wait_until_settled(guest.wait_for_generation(drawn.id))
    reason = drawn.error.message if drawn.error else f"It was {drawn.status}."
    insist(drawn.status == ENDED[0], f"the pictures were not drawn. {reason}")
    insist(
        drawn.charged_points == drawn.quote.points == found.quote.points == _compute_price(drawn),
        f"{found.quote.points} points were quoted, {drawn.charged_points} charged, and the formula "
        f"says {_compute_price(drawn)}.",
    )
    return drawn


def _compute_price(drawn: GenerationView) -> int:
    """Compute the public formula, base + steps / 1000 x rate, rounded up, at the native size."""
    given = drawn.quote.inputs
    insist(
        given.width_px == given.height_px == given.native_resolution_px,
        "the pictures are not of the native size.",
    )
    return given.base_points - -given.steps * given.count * given.points_per_1000_steps // 1000


async def _collect(guest: TrainyardClient, drawn: GenerationView, scene: Scene) -> None:
    """Download the pictures and put them on a sheet."""
    insist(len(drawn.pictures) == PICTURES, f"there are {len(drawn.pictures)} pictures.")
    folder = scene.out / "pictures" / GUEST
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for picture in sorted(drawn.pictures, key=lambda picture: picture.index):
        files.append(folder / f"{picture.index}.png")
        await guest.get_picture(drawn.id, picture.file.name, to=files[-1])
    sheets.save_guest(scene.out / "guest.png", files, scene.prompt)


def _show_split(drawn: GenerationView, pool: int, royalty: int, screen: Screen) -> None:
    """Show how a price becomes a royalty."""
    given, price = drawn.quote.inputs, drawn.quote.points
    work = f"{given.base_points} + {given.count} × {given.steps} ÷ 1000 × {given.points_per_1000_steps}"
    rows = [
        ("price", str(price), f"{work}, rounded up"),
        ("pool", str(pool), f"{ROYALTY_BPS / 100:g} % of it for the makers, rounded down"),
        ("share", str(royalty), "all of it demo's, who trained and drew"),
        ("house", str(price - pool), "the rest"),
    ]
    screen.show_figures("From price to royalty", rows)


async def _count_points(person: TrainyardClient) -> int:
    return (await person.get_balance()).balance_points


async def _reconcile(scene: Scene) -> None:
    """Let the reconciler add up the whole ledger, as `trainyard reconcile` does."""
    verdict, stop = await check_books(scene.settings, lift=False)
    insist(verdict.is_sound and stop is None, " ".join(verdict.findings))
    insist(verdict.open_holds_points == 0, f"{verdict.open_holds_points} points are held still.")
    house = verdict.granted_points - verdict.balances_points
    scene.screen.say(
        f"The whole ledger adds up: of {verdict.granted_points} points granted, "
        f"{verdict.balances_points} are in balances and {house} are the house's."
    )
