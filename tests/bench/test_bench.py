"""The bench itself, at a tiny size: it measures, tells a missed bar, and forgets nothing that it did not measure."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench import table
from tests.bench.figures import FIGURES, Better, Effort, Reading
from tests.bench.table import Results

TINY = Effort(
    image_turns=1,
    large_pictures=1,
    ledger_turns=2,
    ledger_turn_entries=3,
    store_turns=2,
    store_turn_records=2,
    large_blobs=2,
    royalty_turns=2,
    royalty_generations=2,
    listened_s=1,
    photographs=4,
)
NAMES = {
    "training.tiny.step_ratio",
    "training.tiny.memory_ratio",
    "training.sd15.step_ratio",
    "training.sd15.batch4_ratio",
    "training.sd15.peak_gb",
    "training.sdxl.peak_gb",
    "training.vs_diffusers_ratio",
    "training.vs_diffusers_memory_ratio",
    "training.warm_start_s",
    "job.first_step_s",
    "job.progress_delay_s",
    "generation.warm_over_cold",
    "intake.image_ratio",
    "intake.memory_growth_mb",
    "ledger.entry_ratio",
    "ledger.life_operations",
    "royalties.hot_creator_ratio",
    "http.list_ratio",
    "http.p99_ms_at_500",
    "http.memory_growth_mb",
    "claims.p99_s",
    "resolution.ms",
    "resolution.growth",
    "bots.telegram_p99_s",
    "bots.discord_p99_s",
    "documents.mongo_ratio",
    "blobs.s3_ratio",
    "web.first_load_kb",
    "web.dataset_1000_s",
    "web.listener_cpu",
    "web.upload_ratio",
}


def test_every_figure_exists_and_is_measured_by_one_theme() -> None:
    assert {figure.name for figure in FIGURES} == NAMES
    assert sorted(name for names in bench.THEMES for name in names) == sorted(NAMES)


@pytest.mark.parametrize(("better", "met", "missed"), [("higher", 2.0, 1.9), ("lower", 2.0, 2.1)])
def test_a_bar_is_met_when_it_is_reached(better: Better, met: float, missed: float) -> None:
    figure = replace(FIGURES[0], bar=2.0, better=better)
    assert figure.is_met(met)
    assert not figure.is_met(missed)


def test_the_ledgers_long_life_can_be_measured(tmp_path: Path) -> None:
    assert bench.main(["ledger.life_operations"], tmp_path, replace(TINY, life_operations=20)) == 1
    written = json.loads((tmp_path / "benchmarks.json").read_text())
    assert written["ledger.life_operations"]["value"] >= 20


def test_a_run_measures_and_writes_what_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ["ledger.entry_ratio", "intake.image_ratio", "documents.mongo_ratio"]
    wanted += ["blobs.s3_ratio", "royalties.hot_creator_ratio"]
    code = bench.main(wanted, tmp_path, TINY)
    written = json.loads((tmp_path / "benchmarks.json").read_text())
    assert set(written) == set(wanted)
    for name, entry in written.items():
        assert set(entry) == {"value", "bar", "better", "unit", "date"}
        assert 0 < entry["value"] < 100, name
    figures = {figure.name: figure for figure in FIGURES}
    met = all(figures[name].is_met(entry["value"]) for name, entry in written.items())
    assert code == (0 if met else 1)
    assert "ledger" in capsys.readouterr().out


def test_a_missed_bar_is_reported_and_ends_the_run_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def measure(effort: Effort) -> dict[str, Reading]:
        return {"ledger.entry_ratio": Reading(0.01, "slow")}

    monkeypatch.setitem(bench.THEMES, ("ledger.entry_ratio",), measure)
    assert bench.main(["ledger.entry_ratio"], tmp_path, TINY) == 1
    assert "MISS" in capsys.readouterr().out
    assert "MISSED" in (tmp_path / "benchmarks.md").read_text()


def test_a_name_that_is_no_figure_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        bench.main(["ledger.entry_ratios"], tmp_path, TINY)
    assert "there is no figure ledger.entry_ratios" in capsys.readouterr().err


def test_what_was_not_measured_again_and_what_people_wrote_stays(tmp_path: Path) -> None:
    old = Results({"job.first_step_s": Reading(1.5, "five jobs")}, "2026-01-01")
    new = Results({"http.list_ratio": Reading(3.0, "fast")}, "2026-02-02")
    page, data = tmp_path / "benchmarks.md", tmp_path / "benchmarks.json"
    table.write_page(old, page)
    table.write_json(old, data)
    page.write_text(page.read_text() + "\nFewer threads.\n")
    for results in (new, new):
        table.write_page(results, page)
        table.write_json(results, data)
    text = page.read_text()
    assert "| five jobs | 2026-01-01 |" in text
    assert "| fast | 2026-02-02 |" in text
    assert text.count("Fewer threads.") == 1
    assert {name: entry["value"] for name, entry in json.loads(data.read_text()).items()} == {
        "job.first_step_s": 1.5,
        "http.list_ratio": 3.0,
    }
