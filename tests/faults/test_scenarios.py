"""Each row of docs/reliability.md a few times: nothing is lost, doubled or stuck. `make faults` does them often."""

import pytest

from tests.faults.ground import Ground, open_yard
from tests.faults.painting import painting
from tests.faults.rows import Row, audit, wait_ended
from tests.faults.scenarios import SCENARIOS, Scenario
from tests.faults.stores import cut_mongodb

pytestmark = pytest.mark.timeout(1200)  # the scenarios have limits of their own

OFTEN_ENOUGH = [scenario for scenario in SCENARIOS if scenario.seldom]


@pytest.mark.parametrize("scenario", OFTEN_ENOUGH, ids=lambda one: one.run.__name__)
async def test_nothing_is_lost_doubled_or_stuck(
    scenario: Scenario, ground: Ground, request: pytest.FixtureRequest
) -> None:
    if scenario.run is cut_mongodb:  # counted in the summary
        request.node.user_properties.append(("mongodb", True))
    row = await scenario.run(ground, scenario.seldom)
    assert row.is_clean, (row.write(), row.found)


async def test_the_audit_sees_what_is_lost_doubled_and_stuck(ground: Ground) -> None:
    settings = ground.make_settings()
    async with open_yard(settings) as yard:
        done, _ = await yard.draw(2)
        async with painting(yard.studio, settings):
            assert await wait_ended(yard.studio, yard.ids)
        clean = Row("as it is", times=1)
        await audit(yard.studio, yard.ids, clean)
        assert clean.is_clean, clean.found
        await yard.draw(1)
        job = await yard.studio.leases._jobs.get(done.id)
        await yard.studio.blobs.delete(job.pictures[0].file.key)
        row = Row("a picture gone, a job too many, one that waits, one that never was", times=1)
        await audit(yard.studio, [yard.ids[0], yard.ids[2], "jb_none"], row)
    assert (row.lost, row.doubled, row.stuck) == (2, 1, 1), row.found
