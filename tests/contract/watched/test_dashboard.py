"""The dashboard asks Prometheus for what a scrape of this version has, and for all of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from jevons.boot import open_house
from jevons.settings import EngineSettings, Settings
from jevons.testing.make import a_receipt
from jevons.types.account import Veil
from jevons.types.budget import Alert

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).resolve().parents[3]
ALERT = Alert(
    at_ms=0,
    account="default",
    per="day",
    period="2026-11-23",
    unit="cost_nusd",
    percent=80,
    spent=8,
    limit=10,
)
NAME = re.compile(r"\b(?:jevons|process)_\w+")
WORDS = re.compile(r"[a-z_][a-z_0-9]*")
PROMQL = frozenset({"sum", "by", "rate", "increase", "changes", "histogram_quantile"})
BY_PROMETHEUS = frozenset({"instance", "job"})
"""Labels that it adds to everything it scrapes."""
NOT_DRAWN = re.compile(r"process_(virtual|max|open)_\w+|\w+_created")


def board() -> dict[str, Any]:
    return json.loads((ROOT / "docs/how-to/grafana.json").read_text())


def queries() -> list[tuple[str, str]]:
    """List every expression, with the words of its legend."""
    return [
        (target["expr"], target["legendFormat"])
        for panel in board()["panels"]
        for target in panel.get("targets", ())
    ]


async def scraped(folder: Path) -> dict[str, set[str]]:
    """Scrape a house in which everything has happened; give each series with its labels."""
    settings = Settings(data_dir=folder, engine=EngineSettings(enabled=False))
    async with open_house(settings) as house:
        metrics = house.metrics
        metrics.answered(a_receipt(veil=Veil(restored=1)))
        metrics.cosigned("w/1", 7)
        metrics.not_cosigned("w/1", "unreachable")
        metrics.alerted(ALERT)
        transport = httpx2.ASGITransport(app=house.app)  # type: ignore[arg-type] its own words for ASGI
        async with httpx2.AsyncClient(transport=transport, base_url="http://jevons") as client:
            assert (await client.post("/v1/chat/completions")).status_code == 401
            text = (await client.get("/metrics")).text
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


async def test_every_expression_names_series_and_labels_that_a_scrape_has(tmp_path: Path) -> None:
    series = await scraped(tmp_path)
    assert len(queries()) > 20
    for expression, legend in queries():
        (name,) = NAME.findall(expression)
        assert name in series, expression
        labels = series[name] | BY_PROMETHEUS
        grouped = re.findall(r"by \(([^)]*)\)", expression)
        kept = {each.strip() for group in grouped for each in group.split(",")}
        assert kept <= labels, expression
        shown = set(re.findall(r"{{(\w+)}}", legend))
        assert shown <= (kept if grouped else labels), f"{legend} of {expression}"
        bare = re.sub(r"\$__\w+|by \([^)]*\)|[\d.]+e\d+", "", expression.replace(name, ""))
        assert set(WORDS.findall(bare)) <= PROMQL, expression
        assert expression.count("(") == expression.count(")"), expression


async def test_everything_that_a_scrape_has_is_drawn(tmp_path: Path) -> None:
    drawn = {name for expression, _ in queries() for name in NAME.findall(expression)}
    drawn |= {"jevons_answer_seconds_count", "jevons_answer_seconds_sum"}
    left_out = {
        name for name in await scraped(tmp_path) if name not in drawn and not NOT_DRAWN.match(name)
    }
    assert left_out == set()


def test_panels_lie_beside_each_other_and_each_has_its_number() -> None:
    panels = board()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
