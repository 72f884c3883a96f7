"""What admins do for everybody, and nobody else."""

from core.fleet.records import Gpu, Memory, Worker
from core.jobs.records import Kind
from core.points.records import SpendingStop
from core.studio import Studio
from tests.adapters.web.conftest import Api, meet_admin, submit


async def test_an_admin_finds_an_account_and_gives_it_points_once(
    ada: Api, eve: Api, studio: Studio
) -> None:
    root = await meet_admin(ada.client, studio)
    (found,) = (await root.json("GET", "/admin/accounts?text=AD"))["items"]
    assert (found["id"], found["balance_points"]) == (ada.account.id, 1000)
    assert [one["external_id"] for one in found["identities"]] == ["ada"]
    (same,) = (await root.json("GET", f"/admin/accounts?text={ada.account.id}"))["items"]
    assert same == found
    assert len((await root.json("GET", "/admin/accounts"))["items"]) == 3
    path, grant = f"/admin/accounts/{ada.account.id}/grants", {"points": 5, "note": "Thanks"}
    key = {"Idempotency-Key": "g1"}
    first = await root.json("POST", path, 201, json=grant, headers=key)
    assert await root.json("POST", path, 201, json=grant, headers=key) == first
    await root.json("POST", path, 409, json={**grant, "points": 6}, headers=key)
    await root.json("POST", path, 422, json=grant)
    await root.json("POST", path, 422, json={**grant, "points": -5}, headers=key)
    missing = "/admin/accounts/ac_aaaaaaaaaaaaaaaa/grants"
    await root.json("POST", missing, 404, json=grant, headers=key)
    assert (await ada.json("GET", "/points/balance"))["balance_points"] == 1005
    (line, *_) = (await ada.json("GET", "/points/statement"))["items"]
    assert (line["note"], line["amount_points"]) == ("Thanks", 5)


async def test_an_admin_sees_everybodys_jobs_and_the_ledger(
    ada: Api, studio: Studio, dataset: str
) -> None:
    root = await meet_admin(ada.client, studio)
    training = await submit(ada, dataset)
    (job,) = (await root.json("GET", "/admin/jobs?status=queued"))["items"]
    assert (job["id"], job["owner"], job["kind"]) == (training, ada.account.id, "train")
    assert (await root.json("GET", "/admin/jobs?status=failed"))["items"] == []
    await root.json("GET", "/admin/jobs?status=lost", 422)
    audit = await root.json("POST", "/admin/ledger-audits")
    assert audit["verdict"]["is_sound"] and audit["verdict"]["granted_points"] == 1000
    assert audit["stop_reason"] == ""


async def test_an_admin_sees_why_spending_is_stopped_and_allows_it_again(
    ada: Api, studio: Studio, dataset: str
) -> None:
    root = await meet_admin(ada.client, studio)
    now = ada.account.created_at
    stop = SpendingStop(id="stop_ledger", created_at=now, updated_at=now, reason="one is missing")
    await studio.reconciler._stops.insert(stop)
    assert (await root.json("POST", "/admin/ledger-audits"))["stop_reason"] == "one is missing"
    await ada.json("DELETE", "/admin/spending-stop", 403)
    await root.json("DELETE", "/admin/spending-stop", 204)
    assert (await root.json("POST", "/admin/ledger-audits"))["stop_reason"] == ""


async def test_an_admin_sees_the_workers_and_what_waits_for_them(
    ada: Api, studio: Studio, dataset: str
) -> None:
    root = await meet_admin(ada.client, studio)
    assert (await root.json("GET", "/admin/workers"))["items"] == []
    await submit(ada, dataset)
    now = ada.account.created_at
    gpu = Gpu(name="NVIDIA T4", memory=Memory(total_bytes=16, free_bytes=3))
    worker = Worker(
        id="wk_aaaaaaaaaaaaaaaa",
        created_at=now,
        updated_at=now,
        expires_at=now,
        name="gpu-1",
        code="1",
        kinds=(Kind.TRAIN,),
        families=("tiny",),
        memory_gb=16,
        gpu=gpu,
        memory=gpu.memory,
        is_draining=True,
    )
    await studio.fleet.announce(worker)
    seen = await root.json("GET", "/admin/workers")
    assert seen["waiting"] == {"train": 1, "generate": 0, "caption": 0}
    (one,) = seen["items"]
    assert (one["name"], one["state"], one["gpu"]["name"]) == ("gpu-1", "draining", "NVIDIA T4")
    await ada.json("GET", "/admin/workers", 403)
