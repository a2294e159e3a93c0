"""What was used while requests were under way is shared out whole, by the work of each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.engine.shares import PROMPT_WEIGHT, Share, Shares, Spent

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["begin", "end", "work"]),
        st.integers(0, 7),
        st.floats(0, 10),
    ),
    max_size=60,
)


class Meter:
    """Counters that a test turns."""

    def __init__(self) -> None:
        self.now = Spent(5.0, 7.0)

    def read(self) -> Spent:
        return self.now

    def turn(self, cpu_s: float) -> None:
        self.now = Spent(self.now.cpu_s + cpu_s, self.now.counter_mj + 3 * cpu_s)


@given(STEPS)
def test_the_shares_add_up_to_what_was_used_while_any_was_under_way(
    steps: list[tuple[str, int, float]],
) -> None:
    meter, ended, used_s = Meter(), list[Spent](), 0.0
    shares, under_way = Shares(meter.read), list[Share]()
    for act, which, cpu_s in [*steps, *[("end", 0, 1.0)] * len(steps)]:
        meter.turn(cpu_s)
        used_s += cpu_s if under_way else 0.0
        if act == "begin":
            under_way.append(shares.begin())
        elif under_way and act == "end":
            ended.append(shares.end(under_way.pop(which % len(under_way))))
        elif under_way:
            under_way[which % len(under_way)].wrote()
    assert sum([each.cpu_s for each in ended]) == pytest.approx(used_s)
    assert sum([each.counter_mj for each in ended]) == pytest.approx(3 * used_s)
    assert all(each.cpu_s >= 0 for each in ended)


@given(STEPS, st.floats(0.01, 2))
def test_the_shares_and_what_was_idle_are_all_that_the_counter_read(
    steps: list[tuple[str, int, float]], weight: float
) -> None:
    meter, ended = Meter(), list[Spent]()
    first = meter.now
    shares, under_way = Shares(meter.read, prompt_weight=weight), list[Share]()
    for act, which, turned in [*steps, *[("end", 0, 1.0)] * len(steps), ("begin", 0, 1.0)]:
        meter.turn(turned)
        if act == "begin":
            under_way.append(shares.begin())
        elif under_way and act == "end":
            ended.append(shares.end(under_way.pop(which % len(under_way))))
        elif under_way:
            under_way[which % len(under_way)].read(which)
    given_mj = shares.idle.counter_mj + sum([each.counter_mj for each in ended])
    given_mj += sum([share.spent.counter_mj for share in under_way])
    assert given_mj == pytest.approx(meter.now.counter_mj - first.counter_mj, rel=1e-9)


def test_who_wrote_more_took_more() -> None:
    meter = Meter()
    shares = Shares(meter.read)
    long, short = shares.begin(), shares.begin()
    for _ in range(3):
        long.wrote()
    short.wrote()
    meter.turn(4.0)
    assert shares.end(short).cpu_s == pytest.approx(1.0)
    assert shares.end(long).cpu_s == pytest.approx(3.0)


def test_reading_counts_less_than_writing() -> None:
    meter = Meter()
    shares = Shares(meter.read)
    reader, writer = shares.begin(), shares.begin()
    reader.read(10)
    for _ in range(10):
        writer.wrote()
    meter.turn(1.0)
    assert shares.end(reader).cpu_s == pytest.approx(PROMPT_WEIGHT / (1 + PROMPT_WEIGHT))


def test_what_was_used_while_nobody_asked_is_nobodys() -> None:
    meter = Meter()
    shares = Shares(meter.read)
    meter.turn(100.0)
    share = shares.begin()
    meter.turn(1.0)
    assert shares.end(share).cpu_s == pytest.approx(1.0)
