"""A chart's numbers are the report's, and the report's are the ledger's."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from jevons import cli
from jevons.dashboard import words
from jevons.store import receipts
from jevons.types.account import Receipt
from jevons.types.units import Estimate, Priced

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import httpx2
    from tests.contract.dashboard.conftest import Sample

    Ask = Callable[..., httpx2.Response]


def told(sample: Sample, *words: str) -> Any:
    done = CliRunner().invoke(
        cli.main, ["report", *words, "--config", str(sample.config), "--json"]
    )
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def charts(text: str) -> list[ET.Element]:
    """The drawings of a page, in order; each chart has one for a desk and one for a phone."""
    return [
        ET.fromstring(each)  # noqa: S314 our own
        for each in re.findall(r"<svg class=\"chart\".*?</svg>", text, re.DOTALL)
    ]


def heights(drawn: ET.Element) -> list[float]:
    marks = [each for each in drawn.iter("rect") if "mark" in each.get("class", "")]
    return [float(each.get("height", "")) for each in marks]


def test_what_is_drawn_is_what_is_reported_and_what_is_reported_is_in_the_books(
    pages: Ask, sample: Sample
) -> None:
    written = [*receipts(sample.ledger, Receipt)]
    page = pages("/spend").text

    days = told(sample, "spend", "--by", "day")
    cost: dict[str, int] = {}
    for receipt in written:
        if isinstance(receipt.cost, Priced):
            cost[receipt.day] = cost.get(receipt.day, 0) + receipt.cost.nusd
    assert {each["day"]: each["cost_nusd"] for each in days} == cost

    drawn = charts(page)[0]
    tall = heights(drawn)
    shown = [cost[day] for day in sorted(cost)]
    assert tall == pytest.approx([max(tall) * each / max(shown) for each in shown], abs=0.01)
    tips = [each.text or "" for each in drawn.iter("title")]
    for tip, amount in zip(tips, shown, strict=True):
        assert words.money(amount) in tip

    (whole,) = told(sample, "spend", "--by", "month")
    energy = sum(
        receipt.energy_mj.p50 for receipt in written if isinstance(receipt.energy_mj, Estimate)
    )
    assert whole["requests"] == len(written)
    assert whole["energy_mj"] == pytest.approx(energy, rel=1e-9)
    for figure in (
        words.money(sum(cost.values())), words.count(len(written)), words.energy(energy),
    ):  # fmt: skip
        assert f'<dd class="value">{figure}</dd>' in page

    models = {each["model"]: each for each in told(sample, "spend", "--by", "model")}
    for name, each in models.items():
        row = re.search(rf'<th scope="row">{re.escape(name)}<svg.*?</tr>', page, re.DOTALL)
        assert row is not None
        assert words.count(each["requests"]) in row[0]
        assert each["cost_nusd"] == sum(
            one.cost.nusd for one in written if one.model == name and isinstance(one.cost, Priced)
        )


def test_the_waterfall_and_the_rebound_are_the_reports(pages: Ask, sample: Sample) -> None:
    page = pages("/energy").text
    report = told(sample, "rebound", "--days", "14", "--at", "2026-11-15")["rebound"]
    for name in ("apparent", "trend"):
        assert f'<dd class="value">{report[name]["point"]:.2f}</dd>' in page
    fall = next(
        each for each in charts(page) if each.get("aria-label") == "Parts of the change of energy"
    )
    tips = {(each.text or "").partition(":")[0]: each.text or "" for each in fall.iter("title")}
    parts = {"before": report["before"], "after": report["after"], **report["effects"]}
    for name, part in parts.items():
        low, point, high = [words.energy(part[end], 2) for end in ("p05", "point", "p95")]
        assert f"{point}, between {low} and {high}" in tips[name]
    assert sum(each["point"] for each in report["effects"].values()) == pytest.approx(
        report["after"]["point"] - report["before"]["point"]
    )
