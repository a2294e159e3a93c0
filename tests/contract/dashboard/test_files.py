"""A report in a file is the page, holds all that it needs, and its figures are those of the report."""

from __future__ import annotations

import json
import re
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from jevons import cli

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from click.testing import Result
    from tests.contract.dashboard.conftest import Sample


def asked(*words: str) -> Result:
    return CliRunner().invoke(cli.main, ["report", *words])


REPORTS = {
    "spend": ("spend", "--by", "account"),
    "rebound": ("rebound", "--at", "2026-11-15", "--days", "14"),
    "landscape": ("landscape",),
}


@pytest.mark.parametrize("words", REPORTS.values(), ids=REPORTS)
def test_a_page_in_a_file_asks_nobody_and_runs_nothing(
    words: tuple[str, ...], sample: Sample, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    done = asked(*words, "--html", str(file), "--config", str(sample.config))
    assert (done.exit_code, done.stdout) == (0, "")
    text = file.read_text()
    assert "default-src 'none'" in text
    assert not re.search(r"<script|<link|src=\"(?!data:)|url\((?!\"data:)| href=", text)
    assert text.count('<svg class="chart"') >= 2
    assert ("Synthetic." in text) == (words[0] != "landscape")
    assert re.search(r"· made 20\d\d-\d\d-\d\d \d\d:\d\d UTC by jevons ", text)


def test_a_page_of_the_rebound_says_what_the_report_says(sample: Sample, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    words = (*REPORTS["rebound"], "--config", str(sample.config))
    told = json.loads(asked(*words, "--html", str(file), "--json").stdout)["rebound"]
    for name in ("apparent", "trend"):
        assert f'<dd class="value">{told[name]["point"]:.2f}</dd>' in file.read_text()
    by_team = asked(*words, "--html", str(file), "--by", "team")
    assert by_team.exit_code == 2
    assert "a page compares energy by model" in by_team.stderr


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (REPORTS["spend"], "account"),
        (REPORTS["rebound"], "figure"),
        (("landscape", "--parquet", "lags"), "ahead"),
    ],
    ids=REPORTS,
)
def test_parquet_has_the_figures_of_the_lines(
    words: tuple[str, ...], first: str, sample: Sample, tmp_path: Path
) -> None:
    file = tmp_path / "report.parquet"
    config = ("--config", str(sample.config))
    is_field = "--parquet" in words
    lines = asked(*words[:1], "--csv", "lags") if is_field else asked(*words, "--csv", *config)
    written = asked(*words, *(() if is_field else ("--parquet",)), str(file), *config)
    assert written.exit_code == 0, written.output
    arrow: Any = import_module("pyarrow.parquet")
    rows: list[dict[str, Any]] = arrow.read_table(file).to_pylist()
    heading, *rest = lines.stdout.splitlines()
    assert list(rows[0]) == heading.split(",")
    assert heading.startswith(first)
    assert len(rows) == len(rest)
    assert [str(row[first]) for row in rows] == [line.partition(",")[0] for line in rest]


def test_without_pyarrow_it_says_what_to_install(
    sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    file = tmp_path / "report.parquet"
    done = asked("spend", "--parquet", str(file), "--config", str(sample.config))
    assert done.exit_code == 1
    assert "pip install -e '.[parquet]'" in done.stderr
    assert not file.exists()
