"""`jevons energy when` goes by vendors' peak hours and by a forecast, and says that it begins nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from jevons.cli import main

if TYPE_CHECKING:
    from pathlib import Path

# A working Tuesday in China, which has peak hours from 9 to 12 and from 14 to 18, +08:00.
USUAL = ("deepseek/deepseek-flash", "--at", "2026-10-13T01:30Z", "--minutes", "60")


def called(*words: str, status: int = 0) -> str:
    result = CliRunner(env={"COLUMNS": "100"}).invoke(main, ["energy", "when", *words])
    assert result.exit_code == status, result.output
    return result.stdout + result.stderr


def told(*words: str) -> Any:
    return json.loads(called(*words, "--json"))


def test_it_waits_for_the_vendor_s_quiet_hours() -> None:
    found = told(*USUAL, "--deadline", "2026-10-13T12:00Z")
    assert found["begins"] == "2026-10-13T04:00Z"
    assert found["cost"] < found["now_cost"]
    text = called(*USUAL, "--deadline", "2026-10-13T12:00Z")
    assert "begin 2026-10-13T04:00Z" in text
    assert "% less" in text
    assert "begins nothing" in text


def test_it_begins_at_once_where_there_is_no_time() -> None:
    text = called(*USUAL, "--deadline", "2026-10-13T02:00Z")
    assert "begin at once: it cannot end by its deadline" in text


def test_a_forecast_decides_between_hours_that_cost_the_same(tmp_path: Path) -> None:
    forecast = tmp_path / "carbon.csv"
    lines = [
        f"2026-10-13T{hour:02}:00Z,2026-10-13T{hour + 1:02}:00Z,{500 - 20 * hour}"
        for hour in range(1, 12)
    ]
    forecast.write_text("\n".join(["begin,end,grams", *lines]))
    found = told(
        "openai/gpt-4.1", "--at", "2026-10-13T01:00Z", "--deadline", "2026-10-13T12:00Z",
        "--forecast", str(forecast),
    )  # fmt: skip
    assert found["begins"] == "2026-10-13T11:00Z"
    assert (found["now_carbon"], found["carbon"]) == (480, 280)
    forecast.write_text("soon,later,300")
    wrong = called(*USUAL, "--deadline", "2026-10-14", "--forecast", str(forecast), status=2)
    assert "line 1 is not" in wrong


@pytest.mark.parametrize("deadline", ["2026-10-12", "2027-10-13"])
def test_a_deadline_that_is_over_or_far_is_refused(deadline: str) -> None:
    assert "not within 31 days" in called(*USUAL, "--deadline", deadline, status=2)
