"""The doctor names the counters that the engine would read, and no others."""

from __future__ import annotations

import pytest

from jevons.cli.checks import energy
from jevons.engine.power import Counter

RAPL = Counter("measured-rapl", lambda: 0.0)
NVML = Counter("measured-nvml", lambda: 0.0)


@pytest.mark.parametrize(
    ("processors", "cards", "named"),
    [
        (RAPL, None, {"RAPL"}),
        (None, NVML, {"NVML"}),
        (RAPL, NVML, {"RAPL", "NVML"}),
        (None, None, set[str]()),
    ],
)
def test_each_counter_that_can_be_read_is_named(
    processors: Counter | None, cards: Counter | None, named: set[str]
) -> None:
    line = energy(processors=processors, cards=cards)
    assert {name for name in ("RAPL", "NVML") if name in line.found} == named
    assert line.found.startswith("measured" if named else "modelled")


def test_where_no_counter_can_be_read_it_says_what_to_do() -> None:
    assert energy(processors=None, cards=None).advice
