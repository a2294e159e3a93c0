"""A report's figures are those of the ledger, whoever reads them."""

from __future__ import annotations

import asyncio
import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from jevons.cli import main
from jevons.clock import SystemClock, Ulids
from jevons.store import Books
from jevons.testing.make import a_receipt, a_refusal, an_intent
from jevons.types.account import Usage
from jevons.types.units import Estimate

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from jevons.types.account import Receipt, Record

DAY_MS = 24 * 60 * 60 * 1000
NOV_1_MS = 1_793_491_200_000  # 2026-11-01, UTC


def estimate(p50: float) -> Estimate:
    return Estimate(p05=p50 / 2, p50=p50, p95=p50 * 2, method="modelled-hosted", source="a test")


def answer(number: int, *, at_ms: int, **fields: Any) -> Receipt:
    usual: dict[str, Any] = {
        "id": f"req_{number:026}",
        "at_ms": at_ms,
        "usage": Usage(input=10, output=100, counted_by="endpoint"),
        "energy_mj": estimate(3_600.0),
        "carbon_mg": estimate(1.0),
        "account": ("ada", "research"),
    }
    return a_receipt(**{**usual, **fields})


def month() -> list[Receipt]:
    """Ten days of ten answers, then ten of thirty that take a third of it each."""
    before = [NOV_1_MS - DAY_MS * day - 1 for day in range(10) for _ in range(10)]
    after = [NOV_1_MS + DAY_MS * day for day in range(10) for _ in range(30)]
    early = [answer(number, at_ms=at_ms) for number, at_ms in enumerate(before)]
    late = [
        answer(len(early) + number, at_ms=at_ms, energy_mj=estimate(1_200.0), key="key_2")
        for number, at_ms in enumerate(after)
    ]
    return [*early, *late]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")

    async def write() -> None:
        clock = SystemClock()
        opening = Books.open(
            folder / "ledger.db", commit="os", origin="a log", clock=clock, ids=Ulids(clock)
        )
        async with opening as books:
            records: list[Record] = [a_refusal(id="req_r")]
            for receipt in month():
                records += [an_intent(id=receipt.id, at_ms=receipt.at_ms), receipt]
            await asyncio.gather(*[books.record(record) for record in records])

    asyncio.run(write())
    return folder


def run(folder: Path, *words: str) -> Result:
    shell = CliRunner(env={"JEVONS_DATA_DIR": str(folder)})
    return shell.invoke(main, ["report", "rebound", "--at", "2026-11-01", "--days", "10", *words])


def test_the_figures_are_the_ledger_s(folder: Path) -> None:
    told = json.loads(run(folder, "--json").stdout)
    before, after = told["periods"]
    (was,), (now,) = before["groups"].values(), after["groups"].values()
    assert was == {"requests": 100, "tokens": 10_000, "amount": 360_000.0}
    assert now == {"requests": 300, "tokens": 30_000, "amount": 360_000.0}
    assert before["methods"] == {"modelled-hosted": 360_000.0}
    came = told["rebound"]
    assert came["before"]["point"] == came["after"]["point"] == 360_000
    assert sum(effect["point"] for effect in came["effects"].values()) == pytest.approx(0)
    assert came["demand"] == pytest.approx(3)
    assert came["intensity"]["point"] == pytest.approx(1 / 3)
    assert came["apparent"]["point"] == pytest.approx(1)
    assert came["growth"] == pytest.approx(0)


def test_a_person_reads_what_it_means(folder: Path) -> None:
    text = run(folder).stdout
    assert "before 2026-10-22 to 2026-10-31, after 2026-11-01 to 2026-11-10" in text
    assert "a token takes 0.33 of what it took" in text
    assert "rebound, had demand stayed as it was: 1.00 (between 1.00 and 1.00): all of what" in text
    assert "100 % modelled-hosted" in text
    assert "not what caused it" in text


@pytest.mark.parametrize(
    ("percent", "says"),
    [
        ("200", "0.00 (between 0.00 and 0.00): none of what was saved came back"),
        ("100", "0.25 (between 0.25 and 0.25): part of what was saved came back"),
        ("400", "-0.20 (between -0.20 and -0.20): less was used"),
        ("-50", "2.50 (between 2.50 and 2.50): backfire: the total grew"),
    ],
)
def test_what_r_means_goes_by_what_would_have_been_anyway(
    folder: Path, percent: str, says: str
) -> None:
    text = " ".join(run(folder, "--growth", percent).stdout.split())
    assert f"had demand grown by {percent} %: {says}" in text


def test_the_same_as_lines_for_a_sheet(folder: Path) -> None:
    header, *rows = run(folder, "--csv").stdout.splitlines()
    assert header == "figure,unit,p05,point,p95"
    figures = {row.split(",")[0]: row.split(",")[3] for row in rows}
    assert float(figures["after"]) == 360_000
    assert float(figures["rebound_apparent"]) == pytest.approx(1)


def test_one_account_alone_and_carbon_in_place_of_energy(folder: Path) -> None:
    alone = run(folder, "--account", "key_2", "--json")
    assert json.loads(alone.stdout)["rebound"] == {
        "why": "a period has no answers whose figure is known"
    }
    told = run(folder, "--account", "key_2").stdout
    assert ", of key_2" in told
    assert "no figure: a period has no answers" in told
    failed = run(folder, "--account", "key_2", "--csv")
    assert (failed.exit_code, failed.stdout) == (1, "")
    whole = run(folder, "--account", "ada", "--json").stdout
    assert whole == run(folder, "--json").stdout
    carbon = json.loads(run(folder, "--in", "carbon", "--by", "endpoint", "--json").stdout)
    assert carbon["unit"] == "mg"
    assert carbon["rebound"]["apparent"]["why"].startswith("a token takes no less")


def test_each_has_a_line_of_its_own(folder: Path) -> None:
    (told,) = json.loads(run(folder, "--each", "team", "--json").stdout)
    assert told["team"] == "research"
    assert told["rebound"]["apparent"]["point"] == pytest.approx(1)
    header, *rows = csv.reader(run(folder, "--each", "key", "--csv").stdout.splitlines())
    assert header[:4] == ["key", "before", "after", "demand"]
    assert [row[0] for row in rows] == ["key_1", "key_2"]
    assert rows[0][1] == ""
    text = " ".join(run(folder, "--each", "model").stdout.split())
    assert "a/model" in text
    assert "x3.0 1.00 (1.00 to 1.00)" in text
    lone = " ".join(run(folder, "--each", "key").stdout.split())
    assert "no figure, a period has no answers" in lone


def changed(folder: Path, *words: str) -> Result:
    shell = CliRunner(env={"JEVONS_DATA_DIR": str(folder), "COLUMNS": "120"})
    return shell.invoke(main, ["report", "changes", "--days", "3650", *words])


def test_what_demand_did_on_a_day(folder: Path) -> None:
    (told,) = json.loads(changed(folder, "--on", "2026-11-01", "--json").stdout)
    assert told["demand"]["point"] == pytest.approx(3, rel=0.01)
    assert told["intensity"]["point"] == pytest.approx(1 / 3, rel=0.01)
    text = " ".join(changed(folder, "--on", "2026-11-01", "--on", "2026-11-09").stdout.split())
    assert "x3.0" in text
    assert "no figure: 18 days with answers before it and 2 from it on" in text
    header, *rows = csv.reader(changed(folder, "--on", "2026-11-01", "--csv").stdout.splitlines())
    assert (len(header), len(rows), rows[0][0]) == (11, 1, "2026-11-01")
    assert "nothing changed" in changed(folder).stdout
    config = folder / "priced.toml"
    config.write_text(
        '[[endpoint]]\nname = "far"\nmodel = "a/model"\nurl = "https://models.example/v1"\n'
        "prices = [\n"
        '  { input_per_mtok = 1, output_per_mtok = 2, since = "2026-01-01", source = "a" },\n'
        '  { input_per_mtok = 2, output_per_mtok = 3, since = "2026-11-01", source = "a" },\n]\n'
    )
    assert "price of far" in changed(folder, "--config", str(config)).stdout


def spent(folder: Path, *words: str) -> Result:
    shell = CliRunner(env={"JEVONS_DATA_DIR": str(folder), "COLUMNS": "120"})
    return shell.invoke(main, ["report", "spend", *words])


def test_what_was_spent_is_the_ledger_s(folder: Path) -> None:
    (all_of_it,) = json.loads(spent(folder, "--json").stdout)
    assert all_of_it["model"] == month()[0].model
    assert (all_of_it["requests"], all_of_it["written"]) == (400, 40_000)
    assert all_of_it["energy_mj"] == 720_000
    assert all_of_it["cost_nusd"] + all_of_it["unpriced"] > 0
    days = json.loads(spent(folder, "--by", "day", "--by", "key", "--json").stdout)
    assert sum(each["energy_mj"] for each in days) == 720_000
    assert days[-1]["day"] == "2026-11-10"
    assert days[-1]["key"] == "key_2"
    some = json.loads(
        spent(folder, "--since", "2026-11-01", "--until", "2026-11-02", "--json").stdout
    )
    assert [each["requests"] for each in some] == [60]
    assert json.loads(spent(folder, "--account", "key_2", "--json").stdout)[0]["requests"] == 300


def test_a_bill_reads_the_same_to_a_person_and_in_a_sheet(folder: Path) -> None:
    text = spent(folder, "--by", "account", "--by", "month").stdout
    assert "2026-10" in text
    assert "ada" in text
    assert "total" in text
    assert "40000" in text
    header, *rows = spent(folder, "--by", "month", "--csv").stdout.splitlines()
    assert header.startswith("month,requests,failed,read,written,cost_nusd")
    assert [row.split(",")[:2] for row in rows] == [["2026-10", "100"], ["2026-11", "300"]]
    assert "no requests in these days" in spent(folder, "--until", "2020-01-01").stdout
    assert "no requests of 'nobody'" in spent(folder, "--account", "nobody").stdout
    assert (
        "after the last day"
        in spent(folder, "--since", "2027-01-01", "--until", "2026-01-01").stderr
    )


def test_what_answers_came_to_besides_is_told_or_unknown(folder: Path) -> None:
    text = " ".join(spent(folder, "--impact").stdout.split())
    assert "0.20 0.10\N{EN DASH}0.40" in text
    assert "unknown" in text
    assert "energy: 100 % modelled" in text
    (told,) = json.loads(spent(folder, "--json").stdout)
    assert told["modelled_mj"] == told["energy_mj"]
    assert (told["energy_mj_p05"], told["energy_mj_p95"]) == (360_000, 1_440_000)
    assert told["no_market"] == told["no_water_grid"] == 400


def test_without_a_day_the_last_days_end_today(folder: Path) -> None:
    shell = CliRunner(env={"JEVONS_DATA_DIR": str(folder)})
    told = json.loads(shell.invoke(main, ["report", "rebound", "--days", "3", "--json"]).stdout)
    before, after = told["periods"]
    assert before["end_ms"] == after["begin_ms"]
    assert after["begin_ms"] % DAY_MS == 0
    assert (
        before["end_ms"] - before["begin_ms"] == after["end_ms"] - after["begin_ms"] <= 3 * DAY_MS
    )


def test_an_answer_has_one_form(folder: Path) -> None:
    for asked in (run(folder, "--json", "--csv"), spent(folder, "--json", "--csv")):
        assert asked.exit_code == 2
        assert "ask for one" in asked.stderr


def test_what_cannot_be_asked_is_said(tmp_path: Path, folder: Path) -> None:
    assert "has not begun" in run(folder, "--at", "2999-01-01").stderr
    assert run(tmp_path).exit_code == 1
    (tmp_path / "ledger.db").write_bytes(b"no ledger" * 1000)
    broken = run(tmp_path)
    assert (broken.exit_code, broken.stderr.count("\n")) == (1, 1)
    assert "cannot be read" in broken.stderr


def field(*words: str) -> Result:
    return CliRunner(env={"COLUMNS": "100"}).invoke(main, ["report", "landscape", *words])


def test_the_field_is_told_without_any_books() -> None:
    told = json.loads(field("--at", "2026-11-01", "--json").stdout)
    assert told["lag_days"]["open behind closed"] > 0
    assert {each["jurisdiction"] for each in told["markets"]} >= {"US", "CN"}
    assert all(each["source"] for each in (*told["judged"], *told["listed"]))
    text = " ".join(field("--at", "2026-11-01").stdout.split())
    assert "nobody was better for less" in text
    assert "unknown" in text
    assert "Aider" in text


@pytest.mark.parametrize("which", ["judged", "listed", "lags", "cheapest"])
def test_the_field_as_lines_for_a_sheet(which: str) -> None:
    header, *rows = csv.reader(field("--csv", which).stdout.splitlines())
    told = json.loads(field("--json").stdout)[which]
    assert len(rows) == len(told)
    assert all(len(row) == len(header) for row in rows)
    assert field("--csv", which, "--json").exit_code == 2
