"""An account as one zip: every record about somebody as JSON lines, their pictures, captions, models and drawings."""

from collections.abc import AsyncIterator, Mapping

from core.accounts.records import Account, Principal
from core.accounts.service import Accounts
from core.datasets.export import SUFFIXES
from core.datasets.records import ItemState
from core.downloads import Downloads
from core.errors import NotFoundError
from core.jobs.records import StoredFile
from core.leaving.stores import OwnStores
from core.paging import iterate
from core.ports import Blobs, Documents
from core.records import Condition, OneOf, Record
from core.royalties.records import Accrual
from core.zipping import StreamedZip

_SECRETS = ("secret_sha256", "code_sha256", "token_sha256", "blob_key", "thumbnail_key")
_OURS = ("request_sha256", "lease")
"""What says nothing about a person: how requests are told apart, which machine works on a job."""
README = """This is everything that this Trainyard keeps about you and that is yours.

account.json       who you are here
records/           every record about you, a JSON object a line: identities, tokens (without secrets),
                   sessions, points, payments, trainings, generations, models, news
datasets/ID/       your pictures, and their captions in items.jsonl
jobs/ID/           samples, pictures and files of your trainings and generations
"""


class AccountExports:
    """Hands people what is theirs."""

    def __init__(
        self, stores: OwnStores, accounts: Accounts, blobs: Blobs, downloads: Downloads
    ) -> None:
        self._stores = stores
        self._accounts = accounts
        self._blobs = blobs
        self._downloads = downloads

    async def stream(self, principal: Principal) -> AsyncIterator[bytes]:
        """Yield the zip of one's own account; holds one chunk of one file."""
        account = await self._accounts.get(principal)
        with StreamedZip() as archive:
            archive.add_text("README.txt", README)
            archive.add_text("account.json", account.model_dump_json(indent=1))
            async for name, text in self._list_records(account):
                archive.add_text(f"records/{name}.jsonl", text)
                yield archive.take()
            async for chunk in self._add_datasets(archive, account):
                yield chunk
            async for chunk in self._add_files(archive, account):
                yield chunk
        yield archive.take()

    async def make_file(self, principal: Principal) -> tuple[StoredFile, str]:
        """Keep the zip for a day, for chat platforms; return it and its address."""
        body = self.stream(principal)
        return await self._downloads.keep_export(principal, "trainyard-account.zip", body)

    async def _list_records(self, account: Account) -> AsyncIterator[tuple[str, str]]:
        every = OneOf((account.id, *account.absorbed))  # linked accounts keep their own entries
        mine: dict[str, Condition] = {"account": every}
        owned: dict[str, Condition] = {"owner": every}
        stores = self._stores
        kinds: Mapping[str, tuple[Documents, dict[str, Condition]]] = {  # type: ignore[type-arg]
            "identities": (stores.identities, mine),
            "tokens": (stores.tokens, mine),
            "sessions": (stores.sessions, mine),
            "memberships": (stores.members, mine),
            "points": (stores.entries, mine),
            "transfers": (stores.transfers, mine),
            "payments": (stores.payments, mine),
            "royalties": (stores.accruals, {"payee": every}),
            "news": (stores.notifications, mine),
            "favourites": (stores.favourites, mine),
            "jobs": (stores.jobs, owned),
            "models": (stores.models, owned),
            "datasets": (stores.datasets, {**owned, "deleted": False}),
        }
        for name, (documents, where) in kinds.items():
            yield name, "".join([f"{write(one)}\n" async for one in iterate(documents, where)])

    async def _add_datasets(self, archive: StreamedZip, account: Account) -> AsyncIterator[bytes]:
        where: dict[str, Condition] = {"owner": account.id, "deleted": False}
        async for dataset in iterate(self._stores.datasets, where):
            lines = []
            active: dict[str, Condition] = {"dataset": dataset.id, "state": ItemState.ACTIVE}
            async for item in iterate(self._stores.items, active):
                lines.append(write(item))
                name = f"{item.id}.{SUFFIXES.get(item.content_type, 'bin')}"
                place = f"datasets/{dataset.id}/{name}"
                async for chunk in self._add(archive, place, item.bytes, item.blob_key):
                    yield chunk
            archive.add_text(f"datasets/{dataset.id}/items.jsonl", "".join(f"{x}\n" for x in lines))
            yield archive.take()

    async def _add_files(self, archive: StreamedZip, account: Account) -> AsyncIterator[bytes]:
        async for job in iterate(self._stores.jobs, {"owner": account.id}):
            files = [*job.artifacts, *(sample.file for sample in job.samples)]
            files += [picture.file for picture in job.pictures]
            for file in {file.key: file for file in files}.values():
                place = f"jobs/{job.id}/{file.name}"
                async for chunk in self._add(archive, place, file.bytes, file.key):
                    yield chunk

    async def _add(
        self, archive: StreamedZip, name: str, size_bytes: int, key: str
    ) -> AsyncIterator[bytes]:
        """Add a blob; one that is gone meanwhile is left out."""
        try:
            await self._blobs.info(key)
        except NotFoundError:
            return
        async for chunk in archive.add(name, size_bytes, self._blobs.read(key)):
            yield chunk


def write(record: Record) -> str:
    """Write a record as a line, without secrets, without where its bytes are, and without other people:
    who used a model that earned something, and who else earns by one that was used."""
    exclude: dict[str, bool | dict[str, bool]] = dict.fromkeys((*_SECRETS, *_OURS), True)
    if isinstance(record, Accrual):
        exclude["payer"] = True
    return record.model_dump_json(exclude={**exclude, "spec": {"claims": True}})
