"""Captions in bulk: seen before, changed once, and nobody else's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.captions import CaptionEdit, EditKind
from core.errors import InvalidError, NotFoundError
from tests.core.yard import Yard


@given(text=st.text(min_size=1), caption=st.text(), kind=st.sampled_from(["prefix", "suffix"]))
def test_adding_twice_is_adding_once(text: str, caption: str, kind: str) -> None:
    edit = CaptionEdit(kind=EditKind(kind), text=text)
    once = edit.apply(caption)
    assert edit.apply(once) == once and caption in once and text.strip(" ,") in once


async def test_only_what_changes_is_written(yard: Yard) -> None:
    mira, eve = await yard.meet("mira"), await yard.meet("eve")
    dataset = await yard.fill(mira, images=3)
    captions = yard.studio.captions
    first = (await yard.studio.datasets.list_active(dataset))[0]
    await yard.studio.datasets.caption(mira, dataset, first.id, "flagon, red")
    edit = CaptionEdit(kind=EditKind.PREFIX, text="flagon, ")
    assert len(await captions.preview(mira, dataset, edit)) == 2
    assert await captions.edit(mira, dataset, edit) == 2
    assert await captions.edit(mira, dataset, edit) == 0
    found = await yard.studio.datasets.list_active(dataset)
    assert sorted(item.captions["default"] for item in found) == [
        "flagon, flag 1",
        "flagon, flag 2",
        "flagon, red",
    ]
    swap = CaptionEdit(kind=EditKind.REPLACE, find="flagon", text="flag")
    assert await captions.edit(mira, dataset, swap) == 3
    with pytest.raises(NotFoundError):
        await captions.edit(eve, dataset, swap)


async def test_an_edit_says_what_it_lacks(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    for kind, find, words in (("prefix", "", "to add"), ("replace", "", "to look for")):
        with pytest.raises(InvalidError, match=words):
            edit = CaptionEdit(kind=EditKind(kind), text=" ", find=find)
            await yard.studio.captions.edit(mira, dataset, edit)


@pytest.mark.parametrize(
    ("caption", "after"),
    [
        ("cat, red, chair", "cat, chair"),
        ("Red, cat", "cat"),
        ("cat,red", "cat"),
        ("red", ""),
        ("cat, red chair, infrared", "cat, red chair, infrared"),
        ("cat ,  dog", "cat ,  dog"),
    ],
)
def test_a_tag_is_taken_out_whole(caption: str, after: str) -> None:
    assert CaptionEdit(kind=EditKind.REMOVE_TAG, find=" red,").apply(caption) == after
