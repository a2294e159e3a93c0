"""The demo is real: a server, a model, four answers, four receipts, and books that hold."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jevons.engine import pull
from jevons.types.errors import WeightsRefused

if TYPE_CHECKING:
    from collections.abc import Callable

WEIGHTS = Path(
    os.environ.get("JEVONS_TEST_WEIGHTS_DIR", Path(__file__).parents[2] / ".jevons/weights")
)

MODEL = "qwen2.5-coder-0.5b"
"""What `make run` takes; a smaller one cannot read an invoice."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the model's weights and nothing else."""
    try:
        pull(MODEL, WEIGHTS, lambda _: None)
    except WeightsRefused as error:
        pytest.skip(f"no weights in {WEIGHTS}, and none to be had: {error}")
    folder = tmp_path_factory.mktemp("house")
    (folder / "weights").mkdir()
    for path in WEIGHTS.glob(f"{MODEL}.*"):
        (folder / "weights" / path.name).symlink_to(path)
    return folder


@pytest.fixture(scope="module")
def jevons(house: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command, at work on that house."""
    environ = {**os.environ, "JEVONS_DATA_DIR": str(house), "JEVONS_SERVER_PORT": "0"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "jevons", *words],
            cwd=house,
            env=environ,
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


@pytest.fixture(scope="module")
def ran(jevons: Callable[..., subprocess.CompletedProcess[str]]) -> dict[str, Any]:
    """What `serve --demo --once` said."""
    done = jevons("serve", "--demo", "--once", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[0])


def test_every_job_is_done_and_has_its_receipt(ran: dict[str, Any]) -> None:
    assert [job["job"] for job in ran["jobs"]] == [
        "finance",
        "healthcare",
        "logistics",
        "creative",
    ]
    assert all(job["fault"] is None and job["receipt"]["id"] for job in ran["jobs"])
    assert all(job["receipt"]["place"] == "on-prem" for job in ran["jobs"])
    assert ran["verified"]


def test_the_invoice_becomes_the_fields_that_it_says(ran: dict[str, Any]) -> None:
    fields = ran["jobs"][0]["fields"]
    assert fields["invoice_number"] == "NP-2047"
    assert (fields["net_amount"], fields["total_due"]) == (608.0, 729.6)


def test_another_figure_in_the_invoice_is_another_figure_in_the_fields(
    jevons: Callable[..., subprocess.CompletedProcess[str]], house: Path
) -> None:
    text = (files("jevons.cli.demo") / "documents/invoice.txt").read_text()
    invoice = house / "invoice.txt"
    invoice.write_text(text.replace("729.60", "731.85"))
    done = jevons("serve", "--demo", "--once", "--json", "--invoice", str(invoice))
    assert done.returncode == 0, done.stderr
    fields = json.loads(done.stdout.splitlines()[0])["jobs"][0]["fields"]
    assert fields["total_due"] == 731.85


@pytest.mark.usefixtures("ran")
def test_verify_fails_in_clear_words_after_any_one_byte_is_changed(
    jevons: Callable[..., subprocess.CompletedProcess[str]], house: Path
) -> None:
    assert jevons("verify").returncode == 0
    ledger = house / "ledger.db"
    whole = ledger.read_bytes()
    at = random.Random().randrange(len(whole))
    ledger.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    done = jevons("verify")
    ledger.write_bytes(whole)
    assert done.returncode == 1, f"byte {at}"
    assert "LEDGER DOES NOT HOLD" in done.stdout
    assert "Traceback" not in done.stderr
