"""What people write about a model: trigger words that would hijack or deceive, lookalikes, and the card."""

import pytest

from core.errors import InvalidError, RefusedError
from core.models.names import GRACE
from core.models.publishing import Card
from core.models.records import ModelAccess
from tests.core.models.people import publish, resolve, train_model
from tests.core.yard import Yard


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("girl", "everyday"),
        ("Girls", "everyday"),
        ("a red dog", "everyday"),
        ("ＧＩＲＬ", "everyday"),
        ("Häuser", "everyday"),
        ("2024", "everyday"),
        ("mädchen", "everyday"),
        ("zq", "too short"),
        ("猫", "too short"),
        ("my\u200bcat", "letters or digits|brackets|cannot see"),
        ("fl\u0430gon", "several alphabets"),
        ("fla\U0001f600gon", "cannot see"),
        ("fla(gon", "brackets"),
        ("x" * 61, "at most 60"),
        ("!!!", "letters or digits"),
    ],
)
async def test_words_that_would_hijack_or_deceive_are_refused(
    yard: Yard, word: str, reason: str
) -> None:
    mira = await yard.meet("mira")
    model = await train_model(yard, mira, "flagon")
    with pytest.raises(InvalidError, match=reason):
        await yard.studio.publishing.publish(mira, model.id, trigger_words=[word])
    assert (await yard.studio.models.get(mira, model.id)).access is ModelAccess.PRIVATE
    assert await yard.stores.model_names.count({"space": "words:tiny"}) == 0


async def test_two_words_of_one_model_must_not_look_alike(yard: Yard) -> None:
    mira = await yard.meet("mira")
    model = await train_model(yard, mira, "flagon")
    with pytest.raises(InvalidError, match="look alike"):
        await yard.studio.publishing.publish(mira, model.id, trigger_words=["flagon", "FLAG0N"])


@pytest.mark.parametrize(
    "twin", ["FLAGON", "fla gon", "flag0n", "flàgon", "f1agon", "ｆｌａｇｏｎ", "fl-agon"]
)
async def test_a_word_that_looks_like_a_public_one_is_refused_in_its_family(
    yard: Yard, twin: str
) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    await publish(yard, mira, "flagon")
    other = await train_model(yard, ben, "tankard")
    with pytest.raises(RefusedError, match="looks just like it") as caught:
        await yard.studio.publishing.publish(ben, other.id, trigger_words=["pewter", twin])
    assert caught.value.code == "name_taken"
    await yard.studio.publishing.publish(ben, other.id, ModelAccess.UNLISTED, [twin])
    yard.clock.pass_s(GRACE.total_seconds() + 1)
    third = await train_model(yard, ben, "pewter")
    await yard.studio.publishing.publish(ben, third.id)
    assert await yard.stores.model_names.count({"space": "words:tiny"}) == 2


async def test_a_whole_word_of_another_alphabet_that_looks_the_same_is_refused(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    await publish(yard, mira, "poxy aca")
    other = await train_model(yard, ben, "tankard")
    with pytest.raises(RefusedError, match="looks just like it"):
        await yard.studio.publishing.publish(ben, other.id, trigger_words=["рохуаса"])


async def test_what_people_read_is_checked(yard: Yard) -> None:
    mira = await yard.meet("mira")
    model = await train_model(yard, mira, "flagon")
    for card in (
        Card(default_weight=0),
        Card(default_weight=float("nan")),
        Card(default_weight=1e9),
        Card(tags=tuple(map(str, range(11)))),
        Card(tags=("x" * 31,)),
        Card(description="x" * 2001),
        Card(name=" "),
    ):
        with pytest.raises(InvalidError):
            await yard.studio.publishing.describe(mira, model.id, card)
    card = Card(tags=("Cats ", "cats", "Zoë"), default_weight=0.7, description="A jug.")
    described = await yard.studio.publishing.describe(mira, model.id, card)
    assert described.tags == ("cats", "zoë") and described.default_weight == 0.7
    assert (await resolve(yard, mira, "flagon")).models[0].weight == 0.7
