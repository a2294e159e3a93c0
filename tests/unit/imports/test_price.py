"""A price is carried as it was written, or not at all."""

from __future__ import annotations

import pytest

from jevons.imports.price import price_of
from jevons.imports.tree import Part


def price(**figures: object) -> dict[str, str] | None:
    parts = {name: Part((name,), figure) for name, figure in figures.items()}
    return price_of(parts, today="2026-11-24", source="a file")


def test_a_price_for_one_token_becomes_one_for_a_million() -> None:
    found = price(
        input_cost_per_token=1.5e-07,
        output_cost_per_token="0.0000006",
        cache_read_input_token_cost=0,
        cache_creation_input_token_cost=0.001,
        output_cost_per_reasoning_token="1e-6",
    )
    assert found == {
        "input_per_mtok": "0.15",
        "output_per_mtok": "0.6",
        "cache_read_per_mtok": "0",
        "cache_write_per_mtok": "1000",
        "reasoning_per_mtok": "1",
        "since": "2026-11-24",
        "source": "a file, imported 2026-11-24",
    }


@pytest.mark.parametrize(
    "figures",
    [
        {},
        {"input_cost_per_token": 1e-6},
        {"output_cost_per_token": 1e-6},
        {"input_cost_per_token": -1e-6, "output_cost_per_token": 1e-6},
        {"input_cost_per_token": 1e9, "output_cost_per_token": 1e-6},
        {"input_cost_per_token": "free", "output_cost_per_token": 1e-6},
        {
            "input_cost_per_token": 1e-6,
            "output_cost_per_token": 1e-6,
            "cache_read_input_token_cost": 2e-6,
        },
    ],
)
def test_what_cannot_be_a_price_is_none(figures: dict[str, object]) -> None:
    assert price(**figures) is None
