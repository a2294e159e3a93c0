"""What the README shows of a receipt is what the program prints of it, letter for letter."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from rich.console import Console

from jevons.cli.receipt import Proof, show
from jevons.cli.screen import receipt_lines
from jevons.types.account import Receipt, Tried, Usage
from jevons.types.budget import Amounts
from jevons.types.units import Estimate, Priced

README = Path(__file__).parents[2] / "README.md"

RECEIPT = Receipt(
    id="req_01M84SHAXAXR20JZT2CQP175WG",
    at_ms=1795457330902,
    key="key_01M84SE642Z4GYR75T6X0TDFQT",
    asked="qwen2.5-coder-0.5b",
    endpoint="qwen2.5-coder-0.5b",
    model="qwen/qwen2.5-coder-0.5b-instruct",
    host="this machine",
    place="on-prem",
    why="the only endpoint of this model that is allowed",
    rules=(
        "key-valid",
        "model-known",
        "endpoint-allowed",
        "place-allowed",
        "modality-supported",
        "size-fits",
    ),
    policy="a937914ffa1cda3997db5e84a9ffff631457e2fbba749d2eb63d45267082e5e1",
    stream=True,
    first_byte_ms=330.834,
    total_ms=812.479,
    usage=Usage(input=46, cache_read=24, output=21, counted_by="endpoint"),
    cost=Priced(
        nusd=277,
        method="electricity",
        source="0.165 USD/kWh (GlobalPetrolPrices.com, world average electricity price for "
        "households, second quarter of 2025, read 2026-11-23; set "
        "house.electricity_usd_per_kwh), energy modelled-cpu",
    ),
    energy_mj=Estimate(
        p05=3025.12,
        p50=6050.24,
        p95=12100.48,
        method="modelled-cpu",
        source="4 W a busy thread (CodeCarbon 3, processor unknown)",
    ),
    carbon_mg=Estimate(
        p05=0.28881,
        p50=0.76973,
        p95=2.05143,
        method="modelled-cpu",
        source="the world's mix, house.grid is not set: Our World in Data / Ember, carbon "
        "intensity of electricity, as in EcoLogits 0.11.3, latest year of each country by "
        "2026-10, read 2026-11-23",
    ),
    finish="stop",
    tried=(Tried(endpoint="qwen2.5-coder-0.5b", error=None),),
    request="c2e80a4dfbc2f779301a4b6137d187d7202a8c2bce281f75537ec7a906da11a2",
    answer="7e3dee958fc69dba3894d06e24a485bf677328f172934cc282c80bdc3fbe4853",
    account=("default", "house"),
    day="2026-11-23",
    charged=Amounts(cost_nusd=277, energy_mj=6051, carbon_ug=770),
)
"""Of an answer that the embedded model gave; `jevons receipt --json` showed it."""

PROOF = Proof("holds", "leaf 23 of 26, under a signed checkpoint")


def test_the_readme_shows_the_receipt_that_follows_an_answer() -> None:
    assert "\n".join(receipt_lines(RECEIPT)) in README.read_text()


def test_the_readme_shows_a_receipt_and_its_proof_as_they_are_printed() -> None:
    paper = StringIO()
    show(Console(file=paper, width=80, highlight=False, markup=False), RECEIPT, PROOF)
    printed = "\n".join(line.rstrip() for line in paper.getvalue().strip("\n").splitlines())
    assert printed.strip() in README.read_text(), printed
