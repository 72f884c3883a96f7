"""The operator's check of the ledger: a verdict in words, and a stop that is lifted once all is well."""

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.documents import SqliteDocuments
from config.books import check_books, write_verdict
from config.settings import Settings
from core.points.records import Entry
from core.studio import Studio


async def test_a_wrong_ledger_stops_spending_until_it_is_right_and_the_stop_is_lifted(
    settings: Settings, studio: Studio
) -> None:
    mira, _ = await studio.accounts.first_contact("test", "mira", "Mira")
    entry = await studio.points.grant(mira.id, 100, "a gift", "A gift")
    verdict, stop = await check_books(settings, lift=False)
    assert stop is None
    assert write_verdict(verdict, stop)[-1] == "The ledger adds up."
    async with SqliteDatabase(settings.data_folder / "trainyard.sqlite") as database:
        entries = await SqliteDocuments.open(database, Entry)
        wrong = await entries.replace(entry.changed(entry.updated_at, amount_points=7))
        verdict, stop = await check_books(settings, lift=True)
        lines = write_verdict(verdict, stop)
        assert stop is not None and lines[-1].endswith("Mend it first.")
        assert any(line.startswith("WRONG") and "differs from its leg" in line for line in lines)
        await entries.replace(wrong.changed(entry.updated_at, amount_points=100))
    verdict, stop = await check_books(settings, lift=False)
    lines = write_verdict(verdict, stop)
    assert "The ledger adds up." in lines and "--lift" in lines[-1] and stop is not None
    assert (await check_books(settings, lift=True))[1] is None
    await studio.points.hold(mira.id, "jb_x", 100, "x")
