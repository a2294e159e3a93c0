"""What a load cost the server is told of that server alone, or not at all."""

from __future__ import annotations

import pytest

from jevons.cli.bench import process, taken

CPU, BORN = "process_cpu_seconds_total", "process_start_time_seconds"


def test_reads_the_process_off_a_scrape_and_nothing_else() -> None:
    scrape = (
        "# HELP process_cpu_seconds_total Processor time.\n"
        "# TYPE process_cpu_seconds_total counter\n"
        "process_cpu_seconds_total 1.5\n"
        'jevons_answers_total{endpoint="a b",finish="stop"} 2.0\n'
        "process_resident_memory_bytes 4.1e+07\n"
    )
    assert process(scrape) == {CPU: 1.5, "process_resident_memory_bytes": 4.1e7}


def test_processor_time_is_shared_out_among_the_answers() -> None:
    figures = taken({CPU: 1.0, BORN: 9.0}, {CPU: 3.0, BORN: 9.0}, answers=4)
    assert figures["server_cpu_s_an_answer"] == pytest.approx(0.5)


def test_a_server_that_was_started_again_meanwhile_has_no_such_figure() -> None:
    figures = taken({CPU: 1.0, BORN: 9.0}, {CPU: 3.0, BORN: 10.0}, answers=4)
    assert figures["server_cpu_s_an_answer"] is None


def test_what_the_server_does_not_say_is_not_known() -> None:
    assert set(taken({}, {}, answers=1).values()) == {None}
