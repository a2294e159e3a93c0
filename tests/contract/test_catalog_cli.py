"""`jevons catalog` shows what is known with source and date, and compares it with what others say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from jevons.boot.meter import open_meter
from jevons.boot.remote import row_of
from jevons.catalog.moments import moment_ms
from jevons.cli import main
from jevons.cli.receipt import reprice
from jevons.settings import EndpointSettings, Settings
from jevons.testing.make import a_receipt, a_refusal, an_outcome
from jevons.types.account import Usage
from jevons.types.units import Priced, PricedBy

if TYPE_CHECKING:
    from click.testing import Result

ROOT = Path(__file__).resolve().parents[2]


def called(*words: str, status: int = 0) -> Result:
    result = CliRunner(env={"COLUMNS": "120"}).invoke(main, ["catalog", *words])
    assert result.exit_code == status, result.output
    return result


def told(*words: str, status: int = 0) -> Any:
    return json.loads(called(*words, "--json", status=status).stdout)


def test_a_model_is_shown_by_the_hour_with_its_source_and_its_date() -> None:
    shown = called("show", "deepseek/deepseek-flash").stdout
    for words in ("off-peak", "$0.3", "CNY 8", "2026-09-10", "api-docs.deepseek.com", "European"):
        assert words in shown


def test_a_program_is_told_every_figure_as_text_and_every_row_by_its_name() -> None:
    (flash,) = told("show", "deepseek/deepseek-flash", "--at", "2026-11-20")
    assert flash["hosts"] == ["deepseek", "deepseek-beta"]
    prices = flash["prices"]
    assert {price["currency"] for price in prices} == {"USD", "CNY"}
    assert all(price["row"].startswith("deepseek/deepseek-flash#") for price in prices)
    assert prices[0]["input_per_mtok"] == "0.3"
    assert flash["exchange"][0]["since"] == "2026-11-01"


def test_an_earlier_day_has_its_own_prices_and_all_of_them_can_be_had() -> None:
    (then,) = told("show", "google/gemini-3.6-flash", "--at", "2026-08-01")
    (now,) = told("show", "google/gemini-3.6-flash", "--at", "2026-11-20")
    assert [each["prices"][0]["input_per_mtok"] for each in (then, now)] == ["1.5", "0.75"]
    (ever,) = told("show", "google/gemini-3.6-flash", "--all")
    assert len(ever["prices"]) == len(then["prices"]) + len(now["prices"])


def test_fees_are_shown_with_what_they_are_for() -> None:
    shown = called("show", "volcengine/doubao-seedance-2-0-260128").stdout
    assert "output-video-mtok" in shown
    assert "CNY 51" in shown


def test_a_vendor_s_models_are_listed_and_so_are_all() -> None:
    assert "mistral/mistral-large-4" in called("list", "mistral").stdout
    assert "unknown" in called("list", "moonshot", "--at", "2020-01-01").stdout
    assert len(told("list")) > 1000


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("show", "nobody/m"), 1, "vendor 'nobody' is not known"),
        (("show", "deepseek/r9"), 1, "DeepSeek has no model 'r9' here"),
        (("list", "--at", "soon"), 2, "neither YYYY-MM-DD nor"),
    ],
)
def test_what_is_not_there_is_said(words: tuple[str, ...], status: int, says: str) -> None:
    assert says in called(*words, status=status).output


def test_the_check_finds_nothing_that_nobody_has_explained() -> None:
    report = told("check", "--at", "2026-11-29")
    assert report["unexplained"] == 0
    assert report["differences"] == []
    assert report["models"] > 1000
    everything = told("check", "--all", "--at", "2026-11-29")
    assert len(everything["differences"]) == report["explained"]
    assert all(each["why"] for each in everything["differences"])


def test_the_check_ends_1_on_a_difference_that_nobody_has_explained() -> None:
    # Before this day Alibaba's old list held, which nobody has looked into.
    report = told("check", "--at", "2026-08-01", status=1)
    assert report["unexplained"] == len(report["differences"]) > 0
    shown = called("check", "--at", "2026-08-01", "--all", status=1).stdout
    assert "genai-prices" in shown
    assert "figures of" in shown


def test_a_refresh_is_a_patch_that_applies_and_changes_nothing_itself(tmp_path: Path) -> None:
    files = ROOT / "src/jevons/catalog/data/vendors"
    before = {path.name: path.read_text() for path in files.iterdir()}
    patch = called("refresh", "--vendor", "moonshot", "--new").stdout
    assert {path.name: path.read_text() for path in files.iterdir()} == before
    copied = tmp_path / "src/jevons/catalog/data/vendors"
    copied.mkdir(parents=True)
    (copied / "moonshot.toml").write_text(before["moonshot.toml"])
    subprocess.run(["git", "apply", "--check"], input=patch, text=True, cwd=tmp_path, check=True)
    lines = [line for line in patch.splitlines() if line.startswith("-")]
    assert lines == ["--- a/src/jevons/catalog/data/vendors/moonshot.toml"], "nothing is taken away"
    assert told("refresh", "--vendor", "moonshot", "--new")[0]["patch"] == patch
    assert called("refresh", "--at", "2026-11-29").stdout == ""


def test_a_receipt_is_priced_again_from_the_catalogue() -> None:
    (flash,) = told("show", "deepseek/deepseek-flash", "--at", "2026-11-20")
    row = flash["prices"][0]["row"]
    usage = Usage(input=1000, cache_read=500, output=100, counted_by="endpoint")
    nusd = 1000 * 300 + 500 * 6 + 100 * 1200
    settings = Settings(data_dir=Path())
    paid = Priced(nusd=nusd, method="price-row", source="x", by=(PricedBy(row=row),))
    assert reprice(a_receipt(cost=paid, usage=usage), settings).state == "same"
    wrong = Priced(nusd=nusd + 1, method="price-row", source="x", by=(PricedBy(row=row),))
    assert reprice(a_receipt(cost=wrong, usage=usage), settings).state == "differs"
    assert reprice(a_receipt(), settings).state == "unknown"
    assert reprice(a_refusal(), settings).says == "a refusal costs nothing"


@pytest.mark.parametrize(
    ("vendor", "host", "model", "when"),
    [
        ("deepseek", "", "deepseek-flash", "2026-11-23T02:00Z"),
        ("deepseek", "", "deepseek-flash", "2026-11-23T12:00Z"),
        ("alibaba", "alibaba-cn", "qwen3.8-max", "2026-11-23"),
        ("openai", "", "gpt-5.6-sol", "2026-08-01"),
        ("openai", "", "gpt-5.6-sol", "2026-11-23"),
    ],
)
def test_what_the_meter_charged_then_comes_to_the_same_now(
    vendor: str, host: str, model: str, when: str
) -> None:
    said = EndpointSettings(name="far", model=model, vendor=vendor, vendor_host=host)
    settings = Settings(data_dir=Path(), endpoint=(said,))
    usage = Usage(input=300_001, cache_read=12_345, output=777, reasoning=33, counted_by="endpoint")
    outcome = an_outcome(usage=usage)
    charge = open_meter(settings).charge(row_of(said), outcome, at_ms=moment_ms(when))
    assert isinstance(charge.cost, Priced)
    assert charge.cost.by[0].row.startswith(f"{vendor}/{model}#")
    assert bool(charge.cost.by[0].rate) == (host == "alibaba-cn")
    assert reprice(a_receipt(cost=charge.cost, usage=usage), settings).state == "same"


def test_start_reads_no_vendor_that_is_not_asked_for() -> None:
    # The catalogue has a thousand models: reading it whole would be felt at every start.
    code = (
        "from jevons.catalog.vendors import vendors; shelf = vendors(); shelf['deepseek']; "
        "print(sorted(vars(shelf)['_read']))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "['deepseek']"
