"""Every row of docs/reliability.md: its scenario, and how often it is done for the page and in `make test`."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from tests.faults import captions, clocks, disks, fleet_runs, killed, redis, servers, stores
from tests.faults.ground import Ground
from tests.faults.rows import Row


@dataclass(frozen=True)
class Scenario:
    """What is done, and how often; 0: `make test` has a test of its own for it."""

    run: Callable[[Ground, int], Coroutine[None, None, Row]]
    often: int
    seldom: int = 0


SCENARIOS = (
    Scenario(killed.kill_trainings, 1),
    Scenario(killed.kill_drawings, 2),
    Scenario(captions.kill_captions, 2),
    Scenario(killed.kill_painters, 20, 1),
    Scenario(killed.kill_painters_at_random, 20, 1),
    Scenario(servers.kill_servers, 20, 1),
    Scenario(fleet_runs.kill_fleet, 100, 20),
    Scenario(killed.freeze, 3, 1),
    Scenario(redis.kill_and_restart, 1000, 10),
    Scenario(redis.kill_for_good, 1000, 10),
    Scenario(redis.flush, 1000, 10),
    Scenario(redis.fill, 1000, 10),
    Scenario(redis.mistype, 100, 5),
    Scenario(redis.poison, 100, 5),
    Scenario(redis.wake_twice, 100, 5),
    Scenario(stores.cut_mongodb, 20, 2),
    Scenario(stores.trouble_s3, 50, 5),
    Scenario(stores.lose_s3, 5, 1),
    Scenario(disks.fill_sites, 5, 1),
    Scenario(disks.fill_all, 5, 1),
    Scenario(clocks.run_fast, 5, 1),
    Scenario(clocks.run_slow, 5, 1),
    Scenario(clocks.sweep_together, 5, 1),
)
