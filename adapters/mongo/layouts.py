"""Which Trainyard may open a database: the number of its layout, kept in it; older documents are changed to ours.

There is no transaction over all of them, so each document says of which layout it is, and is changed by
compare-and-set: a change that was interrupted goes on at the next start, and two servers may do it together.
"""

import logging
from typing import TYPE_CHECKING, Any

from bson import Int64
from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo.errors import DuplicateKeyError

from adapters.mongo.values import Document, encode
from core.errors import RefusedError
from core.layouts import CHANGES, Change, Changes
from core.records import LAYOUT_VERSION

if TYPE_CHECKING:
    from adapters.mongo.database import MongoDatabase

LAYOUT = "_layout"
"""In a document: the number of its layout. Without it: what the database was of when it was changed last."""
_ABOUT = "trainyard"
_NUMBER = {"_id": "layout"}
_AT_ONCE = 500

_log = logging.getLogger(__name__)


async def claim_layout(
    database: "MongoDatabase", changes: Changes = CHANGES, ours: int = LAYOUT_VERSION
) -> None:
    """Note our layout in a new database, and bring an older one to it.

    Raises RefusedError for one with a newer layout. From its first write on an older Trainyard is refused.
    """
    found = await database.write(lambda _: _note(database, ours))
    if (before := int(found.get("from", ours))) >= ours:
        return
    wanted = sorted(
        {name for layout in range(before + 1, ours + 1) for name in changes.get(layout, {})}
    )
    for name in wanted:
        steps = {n: change[name] for n, change in changes.items() if name in change}
        await _change_all(database, name, before, ours, steps)
    about = database.get_collection(_ABOUT)
    ended = {"$unset": {"from": ""}}
    await database.write(lambda _: about.update_one({**_NUMBER, "version": Int64(ours)}, ended))
    _log.info("the data were brought from layout %d to %d", before, ours)


async def _note(database: "MongoDatabase", ours: int) -> Document:
    """Write our number, beside it the one from which the documents are still to be brought to it."""
    about = database.get_collection(_ABOUT)
    while True:
        found = await about.find_one(_NUMBER)
        version = int(found["version"]) if found else 0
        if version > ours:
            raise RefusedError(
                f"These data were written by a newer Trainyard (layout {version}; this one knows "
                f"{ours}). Update Trainyard, or use another database.",
                code="newer_data",
            )
        if found is not None and version == ours:
            return found
        claimed: Document = {**_NUMBER, "version": Int64(ours)}
        try:
            if found is None:
                await about.insert_one(claimed)
                return claimed
            claimed["from"] = Int64(found.get("from", version))
            if (await about.replace_one(found, claimed)).matched_count:
                return claimed
        except DuplicateKeyError:  # another process did at the same time
            continue


async def _change_all(
    database: "MongoDatabase", name: str, before: int, ours: int, steps: dict[int, Change]
) -> None:
    """Bring every document of a collection from its layout to ours."""
    collection = database.get_collection(name)
    last = ""

    async def read(is_again: bool) -> list[Document]:
        behind = {"_id": {"$gt": last}}
        return await collection.find(behind).sort("_id").limit(_AT_ONCE).to_list(None)

    while some := await database.read(read):
        for document in some:
            if (layout := int(document.get(LAYOUT, before))) < ours:
                due = [steps[number] for number in sorted(steps) if layout < number <= ours]
                await _change(database, collection, document, due, ours)
        last = some[-1]["_id"]


async def _change(
    database: "MongoDatabase",
    collection: AsyncIOMotorCollection[Any],
    document: Document,
    due: list[Change],
    ours: int,
) -> None:
    """Change one document, unless somebody else has meanwhile."""
    ours_alone = {name: value for name, value in document.items() if name.startswith("_")}
    changed = {name: value for name, value in document.items() if name not in ours_alone}
    for change in due:
        changed = change(changed)
    whole = {**ours_alone, **encode(changed), LAYOUT: Int64(ours)}
    as_read = {"_id": document["_id"], "version": document["version"]}
    as_read[LAYOUT] = document.get(LAYOUT)
    await database.write(lambda _: collection.replace_one(as_read, whole))
