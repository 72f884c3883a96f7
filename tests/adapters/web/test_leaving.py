"""An account taken along and deleted, through the API."""

import io
import zipfile

from adapters.web.problems import PROBLEM_JSON
from tests.adapters.web.conftest import Api, picture, save


async def test_an_account_is_downloaded_and_then_deleted_for_good(ada: Api, dataset: str) -> None:
    await ada.upload(dataset, ("one.png", save(picture(5))))
    answer = await ada.ask("GET", "/me/export")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    names = zipfile.ZipFile(io.BytesIO(await answer.read())).namelist()
    assert "account.json" in names and f"datasets/{dataset}/items.jsonl" in names
    wrong = await ada.ask("POST", "/me/deletion", json={"name": "somebody"})
    assert (wrong.status, wrong.content_type) == (422, PROBLEM_JSON)
    name = (await ada.json("GET", "/me"))["display_name"]
    await ada.json("POST", "/me/deletion", json={"name": name}, status=204)
    assert (await ada.ask("GET", "/me")).status == 401


async def test_only_admins_read_the_audit_log(ada: Api) -> None:
    assert (await ada.ask("GET", "/admin/acts")).status == 403
