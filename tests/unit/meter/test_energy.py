"""Energy is measured where it can be, modelled where it cannot, and never a silent zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.meter.energy import energy, modelled
from jevons.meter.hosted import hosted, joules
from jevons.testing.make import a_footprint, an_endpoint
from jevons.types.account import Measured, Usage
from jevons.types.model import Reported
from jevons.types.units import Estimate, Unknown

if TYPE_CHECKING:
    from jevons.types.units import Quantity

FOOTPRINT = a_footprint()
REMOTE = an_endpoint("remote", place="DE", footprint=FOOTPRINT)
USED = Usage(input=100, output=400, counted_by="endpoint")


def spent(
    measured: Measured | None = None,
    usage: Usage = USED,
    *,
    watts: float | None = None,
    is_hosted: bool = False,
) -> Quantity:
    return energy(
        REMOTE if is_hosted else an_endpoint("here"),
        measured or Measured(),
        usage,
        watts_per_thread=watts,
        model=hosted(FOOTPRINT) if is_hosted else None,
    )


@pytest.mark.parametrize("counter", ["measured-rapl", "measured-nvml"])
def test_a_counter_is_read_at_the_wall(counter: str) -> None:
    figure = spent(Measured(counter_mj=900.0, counter=counter))  # type: ignore[arg-type]
    assert isinstance(figure, Estimate)
    assert figure.p50 == pytest.approx(1000)
    assert figure.p05 == pytest.approx(900 / 1.05 / 0.94)
    assert figure.p95 == pytest.approx(900 * 1.05 / 0.80)
    assert figure.method == counter
    assert figure.source == (
        "hardware counter, within 5 %, at a power supply of 80 to 94 % (80 PLUS)"
    )


def test_processor_time_is_four_watts_a_thread_within_a_factor_of_two() -> None:
    assert spent(Measured(cpu_s=2.0, threads=1)) == Estimate(
        p05=4000.0,
        p50=8000.0,
        p95=16000.0,
        method="modelled-cpu",
        source="4 W a busy thread (CodeCarbon 3, processor unknown)",
    )


def test_a_set_power_narrows_the_interval() -> None:
    assert spent(Measured(cpu_s=2.0), watts=10.0) == Estimate(
        p05=16000.0,
        p50=20000.0,
        p95=25000.0,
        method="modelled-cpu",
        source="10 W a busy thread (house.watts_per_thread)",
    )


def test_a_hosted_model_is_modelled_in_millijoules() -> None:
    low, median, high = joules(hosted(FOOTPRINT), USED)
    assert spent(is_hosted=True) == Estimate(
        p05=low * 1e3,
        p50=median * 1e3,
        p95=high * 1e3,
        method="modelled-hosted",
        source="formula of 2026-11, fitted on ML.ENERGY leaderboard v3 (2026-02); "
        "made up for a test",
    )


def test_a_size_alone_is_enough_for_a_figure() -> None:
    assert modelled(FOOTPRINT, USED) == spent(is_hosted=True)


def test_a_counter_goes_before_processor_time_and_that_before_the_formula() -> None:
    both = Measured(counter_mj=1.0, counter="measured-rapl", cpu_s=1.0)
    assert method(spent(both, is_hosted=True)) == "measured-rapl"
    assert method(spent(Measured(cpu_s=1.0), is_hosted=True)) == "modelled-cpu"


def method(figure: Quantity) -> str:
    return figure.method if isinstance(figure, Estimate) else "unknown"


@pytest.mark.parametrize(
    "nothing",
    [Measured(), Measured(cpu_s=0.0), Measured(counter_mj=0.0, counter="measured-nvml")],
)
def test_nothing_counted_is_unknown_and_names_the_setting(nothing: Measured) -> None:
    assert spent(nothing) == Unknown(
        why="nothing was measured at endpoint 'here'; set its `footprint` for a modelled figure"
    )


def test_a_counter_without_a_name_is_not_believed() -> None:
    assert method(spent(Measured(counter_mj=1.0))) == "unknown"


def test_what_the_operator_says_goes_before_the_formula() -> None:
    said = Reported(
        wh_per_answer=0.1, wh_per_mtok_read=100, wh_per_mtok_written=1000, fold=4, source="theirs"
    )
    endpoint = an_endpoint("remote", place="DE", footprint=FOOTPRINT, reported=said)

    def of(usage: Usage) -> Quantity:
        return energy(endpoint, Measured(), usage, watts_per_thread=None, model=hosted(FOOTPRINT))

    middle = (0.1 + 0.01 + 0.4) * 3.6e6
    found = of(USED)
    assert isinstance(found, Estimate)
    assert (found.method, found.source) == ("reported", "theirs")
    assert (found.p05, found.p50, found.p95) == pytest.approx((middle / 4, middle, middle * 4))
    assert isinstance(of(Usage()), Unknown)


def test_no_tokens_are_unknown_and_not_nothing() -> None:
    assert spent(usage=Usage(), is_hosted=True) == Unknown(
        why="endpoint 'remote' did not report the tokens it used"
    )


def test_tokens_of_a_model_of_unknown_size_are_unknown() -> None:
    figure = spent(usage=Usage(input=9, other_models=7), is_hosted=True)
    assert isinstance(figure, Unknown)
    assert "7 tokens" in figure.why


def test_tokens_of_two_kinds_never_cancel_out() -> None:
    for bucket in ("cache_read", "cache_write", "output", "reasoning"):
        usage = Usage(input=9, **{bucket: 9})  # type: ignore[arg-type]
        assert isinstance(spent(usage=usage, is_hosted=True), Estimate)


def test_a_footprint_without_its_formula_is_unknown() -> None:
    figure = energy(REMOTE, Measured(), USED, watts_per_thread=None, model=None)
    assert isinstance(figure, Unknown)


@pytest.mark.parametrize("bucket", ["input", "cache_read", "cache_write", "output", "reasoning"])
def test_one_token_of_any_kind_takes_something(bucket: str) -> None:
    figure = spent(usage=Usage(**{bucket: 1}), is_hosted=True)  # type: ignore[arg-type]
    assert isinstance(figure, Estimate)
    assert figure.p05 > 0


@given(
    st.builds(
        Measured,
        cpu_s=st.none() | st.just(0.0) | st.floats(min_value=1e-9, max_value=1e6),
        counter_mj=st.none() | st.just(0.0) | st.floats(min_value=1e-3, max_value=1e9),
        counter=st.sampled_from([None, "measured-rapl", "measured-nvml"]),
    ),
    st.builds(Usage, input=st.integers(0, 10**6), output=st.integers(0, 10**6)),
    st.booleans(),
)
def test_a_figure_is_above_zero_and_in_order_or_has_a_reason(
    measured: Measured,
    usage: Usage,
    is_hosted: bool,  # noqa: FBT001 hypothesis passes it by position
) -> None:
    figure = spent(measured, usage, is_hosted=is_hosted)
    if isinstance(figure, Unknown):
        assert figure.why
    else:
        assert 0 < figure.p05 < figure.p50 < figure.p95
