"""The meter is told what the settings say, or the start ends."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jevons.boot.meter import open_meter
from jevons.settings import BudgetSettings, Settings
from jevons.testing.make import a_request, an_endpoint
from jevons.types.budget import Amounts
from jevons.types.errors import Misconfigured


def settings(**budgets: Any) -> Settings:
    return Settings(data_dir=Path(), budgets=BudgetSettings(**budgets))


def test_ceilings_are_set_aside_for_what_nothing_bounds() -> None:
    meter = open_meter(
        settings(
            ceiling_usd=Decimal("0.1"), ceiling_wh=Decimal(2), ceiling_gco2e=Decimal("0.0000001")
        )
    )
    most = meter.worst(an_endpoint(), a_request())
    assert most == Amounts(cost_nusd=100_000_000, energy_mj=7_200_000, carbon_ug=1)


@pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity", "1e10"])
def test_a_ceiling_that_cannot_be_stops_the_start(amount: str) -> None:
    with pytest.raises(Misconfigured, match="ceiling_usd is"):
        open_meter(settings(ceiling_usd=Decimal(amount)))
