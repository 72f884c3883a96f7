"""Records: what was changed equals what a store reads back; cursors survive any text."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.accounts.records import Account, ApiToken, Scope
from core.errors import InvalidError
from core.jobs.attempts import claim, extend
from core.jobs.records import Job, Progress, Sample, Status, StoredFile
from core.jobs.transitions import LEGAL, move
from core.offerings.service import TrainingWishes
from core.records import Cursor, Record, format_time, to_utc
from tests.core.yard import read_offerings

ODD = datetime(2026, 5, 4, 3, 2, 1, 123_456, tzinfo=timezone(timedelta(hours=5)))
FILE = StoredFile(name="w", key="k", sha256="0", bytes=1, content_type="x/y")


def make_job() -> Job:
    wishes = TrainingWishes(offering="tiny-lora", trigger_words=("flagon",))
    spec, quote = read_offerings().specify(wishes)
    return Job(
        id="jb_a",
        created_at=ODD,
        updated_at=ODD,
        owner="ac_a",
        idempotency_key="k",
        request_sha256="0",
        dataset="ds_a",
        dataset_name="flags",
        snapshot="sn_a",
        spec=spec,
        quote=quote,
    )


def comes_back(record: Record) -> bool:
    """Tell whether JSON gives the same record, types and all."""
    back = type(record).model_validate_json(record.model_dump_json())
    return back == record and repr(back) == repr(record)


def test_every_state_of_a_job_comes_back_as_it_was() -> None:
    job = move(make_job(), Status.QUEUED, ODD)
    assert comes_back(job)
    job = claim(job, "worker", ODD, lasts_s=90.5)
    assert comes_back(job)
    job = move(job, Status.RUNNING, ODD + timedelta(microseconds=999))
    sample = Sample(step=1, prompt="p", file=FILE)
    job = extend(job.changed(ODD, samples=(sample,), progress=Progress(loss=1)), ODD)
    assert comes_back(job)
    job = move(job, Status.FINISHING, ODD)
    assert comes_back(move(job, Status.COMPLETED, ODD, artifacts=(FILE,)))


def test_a_changed_time_is_cut_to_what_is_stored() -> None:
    account = Account(id="ac_a", created_at=ODD, updated_at=ODD, display_name="Mira")
    token = ApiToken(
        id="tk_a",
        created_at=ODD,
        updated_at=ODD,
        account=account.id,
        name="t",
        secret_sha256="0",
        scopes=(Scope.READ,),
    )
    assert comes_back(token.changed(ODD, revoked_at=ODD, last_used_at=ODD))
    assert comes_back(account.changed(ODD, storage_bytes=5))


def test_no_end_has_a_way_on_and_every_state_can_be_reached() -> None:
    ends = {status for status, following in LEGAL.items() if not following}
    assert ends == {Status.COMPLETED, Status.FAILED, Status.CANCELLED}
    assert set().union(*LEGAL.values()) == set(Status) - {Status.PENDING}


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_the_order_of_written_times_is_the_order_of_times(one: datetime, two: datetime) -> None:
    one, two = to_utc(one), to_utc(two)
    if one.year >= 1000 and two.year >= 1000:
        assert (format_time(one) < format_time(two)) == (one < two)


@given(st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=40), st.text(max_size=20))
def test_a_cursor_comes_back_or_was_never_ours(value: str | int | None, id_: str) -> None:
    text = Cursor(value=value, id=id_).encode()
    try:
        assert Cursor.decode(text) == Cursor(value=value, id=id_)
    except InvalidError:
        assert len(text) > 300


@given(st.text(max_size=400))
def test_any_text_as_a_cursor_is_an_answer(text: str) -> None:
    try:
        Cursor.decode(text)
    except InvalidError as error:
        assert "first page" in error.message


@pytest.mark.parametrize(
    "raw", [[10**30, "x"], [1.5, "x"], [1], [1, 2], ["\ud800", "x"], [1, "\ud800"], "[" * 9000]
)
def test_a_cursor_that_no_store_could_take_is_refused(raw: object) -> None:
    body = raw if isinstance(raw, str) else json.dumps(raw)
    with pytest.raises(InvalidError):
        Cursor.decode(base64.urlsafe_b64encode(body.encode()).decode())
