"""What is counted comes out as it went in, and what is not known is never a zero."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from jevons.telemetry import Metrics, configure_logs, log, render_process
from jevons.testing.make import a_receipt
from jevons.types.account import Receipt, Usage, Veil
from jevons.types.units import Cost, Estimate, Priced, Quantity, Unknown

PRICED = Priced(nusd=1_500, method="price-row", source="a row")
UNPRICED = Unknown(why="no price row")
ENERGY = Estimate(p05=5.0, p50=10.0, p95=20.0, method="modelled-cpu", source="a model")


def receipt(
    *,
    cost: Cost = PRICED,
    energy: Quantity = ENERGY,
    total_ms: float = 12.0,
    endpoint: str | None = "here",
) -> Receipt:
    return Receipt(
        id="req_1",
        at_ms=1,
        key="key_1",
        asked="small",
        endpoint=endpoint,
        model="a/b",
        host="this machine",
        place="on-prem",
        why="the only one",
        rules=(),
        policy="",
        stream=False,
        first_byte_ms=1.0,
        total_ms=total_ms,
        usage=Usage(input=3, cache_read=2, output=4, reasoning=1, counted_by="endpoint"),
        cost=cost,
        energy_mj=energy,
        carbon_mg=energy,
        finish="stop",
        request="",
        answer=None,
    )


def figures(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    """Read what a scrape would see."""
    families = text_string_to_metric_families((metrics.render() + render_process()).decode())
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_an_answer_is_counted_with_all_it_came_to() -> None:
    metrics = Metrics()
    metrics.answered(receipt())
    metrics.answered(receipt())
    seen = figures(metrics)
    labels = ("here", "stop")
    assert seen["jevons_answers_total", labels] == 2
    assert seen["jevons_input_tokens_total", labels] == 10
    assert seen["jevons_output_tokens_total", labels] == 10
    assert seen["jevons_cost_nusd_total", labels] == 3_000
    assert seen["jevons_energy_millijoules_total", labels] == 20
    assert seen["jevons_carbon_milligrams_total", labels] == 20
    assert seen["jevons_unpriced_answers_total", labels] == 0
    assert seen["jevons_unmeasured_answers_total", labels] == 0


def test_an_answer_without_a_price_says_so() -> None:
    metrics = Metrics()
    metrics.answered(receipt(cost=UNPRICED, energy=UNPRICED))
    seen = figures(metrics)
    assert seen["jevons_unpriced_answers_total", ("here", "stop")] == 1
    assert seen["jevons_unmeasured_answers_total", ("here", "stop")] == 1
    assert seen["jevons_energy_millijoules_total", ("here", "stop")] == 0


def test_a_request_that_nobody_answered_is_under_none() -> None:
    metrics = Metrics()
    metrics.answered(receipt(endpoint=None))
    assert figures(metrics)["jevons_answers_total", ("none", "stop")] == 1


def test_tokens_are_counted_by_what_became_of_them() -> None:
    metrics = Metrics()
    metrics.answered(a_receipt(endpoint="far", veil=Veil(hidden=2, restored=3, unrestored=1)))
    metrics.answered(a_receipt(endpoint="far", veil=Veil(hidden=2, restored=2)))
    metrics.answered(a_receipt(endpoint="here"))
    seen = figures(metrics)
    assert seen["jevons_veil_tokens_total", ("restored", "far")] == 5
    assert seen["jevons_veil_tokens_total", ("unrestored", "far")] == 1
    assert ("jevons_veil_tokens_total", ("restored", "here")) not in seen


def test_errors_are_counted_by_code() -> None:
    metrics = Metrics()
    for code in ("malformed", "malformed", "forbidden"):
        metrics.refused(code)
    seen = figures(metrics)
    assert seen["jevons_errors_total", ("malformed",)] == 2
    assert seen["jevons_errors_total", ("forbidden",)] == 1


def test_what_is_in_flight_is_what_is_in_flight() -> None:
    metrics = Metrics()
    metrics.in_flight = 3
    assert figures(metrics)["jevons_in_flight", ()] == 3


def test_processor_time_is_the_process_s_own_and_finer_than_a_tick() -> None:
    before_s = time.process_time()
    seen_s = figures(Metrics())["process_cpu_seconds_total", ()]
    assert before_s < seen_s < time.process_time()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux says so in /proc")
def test_a_scrape_sees_what_the_process_holds_and_since_when_it_runs() -> None:
    seen = figures(Metrics())
    assert seen["process_resident_memory_bytes", ()] > 1_000_000
    assert seen["process_start_time_seconds", ()] == pytest.approx(time.time(), abs=86_400)


@given(st.lists(st.floats(min_value=0, max_value=1e6), max_size=30))
def test_buckets_of_seconds_only_grow_and_hold_every_answer(totals_ms: list[float]) -> None:
    metrics = Metrics()
    for total_ms in totals_ms:
        metrics.answered(receipt(total_ms=total_ms))
    seen = figures(metrics)
    buckets = [value for (name, _), value in seen.items() if name == "jevons_answer_seconds_bucket"]
    assert buckets == sorted(buckets)
    assert buckets[-1] == seen["jevons_answer_seconds_count", ()] == len(totals_ms)
    assert seen["jevons_answer_seconds_sum", ()] == pytest.approx(sum(totals_ms) / 1e3)


def test_a_log_line_for_a_machine_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(json=True)
    structlog.get_logger("test").info("started", port=8000)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["port"], line["level"]) == ("started", 8000, "info")
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(("verbose", "lines"), [(False, 0), (True, 1)])
def test_details_are_logged_only_when_asked_for(
    capsys: pytest.CaptureFixture[str], *, verbose: bool, lines: int
) -> None:
    configure_logs(json=False, verbose=verbose)
    structlog.get_logger("test").debug("a detail")
    assert len(capsys.readouterr().err.splitlines()) == lines


@pytest.mark.parametrize("is_configured", [False, True])
def test_nothing_is_ever_logged_to_standard_output(
    capsys: pytest.CaptureFixture[str], *, is_configured: bool
) -> None:
    if is_configured:
        configure_logs(json=True)
    for say in (log.info, log.warning, log.error, log.critical):
        say("ledger.stumbled")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("ledger.stumbled") == 4


@pytest.mark.parametrize("is_json", [False, True])
def test_an_error_is_logged_without_the_variables_that_were_about(
    capsys: pytest.CaptureFixture[str], *, is_json: bool
) -> None:
    configure_logs(json=is_json)
    secret = "what was asked"
    with pytest.raises(ZeroDivisionError) as caught:
        _ = len(secret) / 0
    log.critical("ledger.stopped", exc_info=caught.value)
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert secret not in said
