"""No budget carries more than it is, and nothing that was charged is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from jevons.budget.purse import Held, Purse, Spent
from jevons.budget.terms import Terms
from jevons.testing.make import a_receipt, an_intent
from jevons.types.budget import Amounts, Budget
from jevons.types.errors import BudgetExceeded

if TYPE_CHECKING:
    from jevons.types.account import Intent, Receipt

NOON_MS = 1_795_910_400_000 + 12 * 3_600_000  # of 2026-11-29
DAY_MS = 86_400_000
LINE = ("search", "lab", "acme")


def amounts(nusd: int | None = 0, mj: int | None = 0, ug: int | None = 0) -> Amounts:
    return Amounts(cost_nusd=nusd, energy_mj=mj, carbon_ug=ug)


def budget(account: str = "lab", **fields: Any) -> Budget:
    usual: dict[str, Any] = {"at_ms": 0, "account": account, "per": "day"}
    return Budget(**{**usual, **fields})


def purse(*budgets: Budget) -> Purse:
    made = Purse()
    made.terms = Terms.of(budgets)
    return made


def intent(name: str, held: Amounts | None, at_ms: int = NOON_MS) -> Intent:
    return an_intent(id=name, at_ms=at_ms, account=LINE, held=held)


def receipt(name: str, charged: Amounts | None, day: str = "2026-11-29") -> Receipt:
    return a_receipt(id=name, at_ms=NOON_MS, account=LINE, day=day, charged=charged)


def left(where: Purse, at_ms: int = NOON_MS) -> list[int]:
    return [each.left for each in where.balances(at_ms)]


@pytest.mark.parametrize("account", ["key_1", "search", "lab", "acme"])
@pytest.mark.parametrize("unit", ["cost_nusd", "energy_mj", "carbon_ug"])
def test_what_is_held_is_not_there_for_the_next(account: str, unit: str) -> None:
    fields: dict[str, Any] = {unit: 10}
    where = purse(budget(account, **fields))
    where.hold(intent("one", amounts(6, 6, 6)))
    with pytest.raises(BudgetExceeded, match=account):
        where.hold(intent("two", amounts(5, 5, 5)))
    where.hold(intent("three", amounts(4, 4, 4)))
    assert left(where) == [0]


def test_a_hold_is_taken_from_every_budget_or_from_none() -> None:
    where = purse(budget("key_1", cost_nusd=100), budget("acme", cost_nusd=10))
    with pytest.raises(BudgetExceeded):
        where.hold(intent("one", amounts(11)))
    assert left(where) == [10, 100]


def test_what_is_settled_is_what_it_came_to() -> None:
    where = purse(budget(cost_nusd=10))
    where.hold(intent("one", amounts(10)))
    where.settle(receipt("one", amounts(3)))
    assert left(where) == [7]


def test_what_is_released_was_never_there() -> None:
    where = purse(budget(cost_nusd=10))
    where.hold(intent("one", amounts(10)))
    where.release("one")
    where.release("one")
    assert left(where) == [10]


def test_of_a_line_what_has_a_budget_is_listed_with_its_period() -> None:
    where = purse(budget("key_1", per="month", energy_mj=3), budget("acme", cost_nusd=9))
    rows = where.rows("key_1", LINE, "2026-11-29")
    assert rows == [("acme", "2026-11-29"), ("key_1", "2026-11")]


def test_what_another_purse_set_aside_is_given_back_here() -> None:
    where, one = purse(budget(cost_nusd=10)), intent("one", amounts(6))
    where.hold(intent("counted", amounts(6)))  # as what all of them hold together has it
    parts = where.held("counted")
    assert parts is not None
    where.adopt(Held(one, (("lab", "2026-11-29"),), parts))
    assert (where.held("one"), where.held("two"), left(where)) == (parts, None, [4])
    where.release("one")
    assert left(where) == [10]


def test_nothing_is_held_for_an_intent_that_says_nothing() -> None:
    where = purse(budget(cost_nusd=10))
    where.hold(intent("one", None))
    where.take(intent("two", None))
    assert left(where) == [10]


def test_what_another_let_pass_is_set_aside_unasked() -> None:
    where = purse(budget(cost_nusd=10))
    where.take(intent("one", amounts(12)))
    assert left(where) == [-2]


def test_a_request_is_charged_as_of_the_day_on_which_it_was_asked() -> None:
    where = purse(budget(cost_nusd=10), budget(per="month", cost_nusd=100))
    where.hold(intent("one", amounts(10)))
    where.settle(receipt("one", amounts(8)))
    assert left(where, NOON_MS) == [2, 92]
    assert left(where, NOON_MS + DAY_MS) == [10, 92]
    assert left(where, NOON_MS + 2 * DAY_MS) == [10, 100], "another month"


def test_a_budget_that_is_set_later_finds_what_was_spent_before() -> None:
    where = purse()
    where.settle(receipt("one", amounts(8)))
    where.terms = Terms.of([budget(cost_nusd=10)])
    assert left(where) == [2]


def test_a_budget_that_is_set_later_holds_for_the_next_request() -> None:
    where = purse(budget(cost_nusd=100, alert_at=(50,)))
    where.hold(intent("one", amounts(8)))
    where.settle(receipt("one", amounts(8)))
    where.terms = Terms.of([budget(cost_nusd=10, alert_at=(50,))])
    with pytest.raises(BudgetExceeded):
        where.hold(intent("two", amounts(3)))
    assert [each.limit for each in where.settle(receipt("three", amounts(1)))] == [10]


def test_what_the_books_say_was_spent_is_spent() -> None:
    where = purse(budget(cost_nusd=10), budget(per="month", cost_nusd=100))
    where.begin(
        [Spent("lab", "2026-11-29", 3, 0, 0), Spent("lab", "2026-11-01", 4, 0, 0, (1, 0, 0))]
    )
    assert left(where) == [7, 93]
    assert [each.unknown for each in where.balances(NOON_MS)] == [0, 1]


def test_a_figure_that_is_not_known_is_refused_and_says_what_to_set() -> None:
    where = purse(budget(cost_nusd=10))
    with pytest.raises(BudgetExceeded, match="ceiling_usd") as caught:
        where.hold(intent("one", amounts(None)))
    assert caught.value.retry_after_s is None
    where.hold(intent("two", amounts(1, None, None)))


def test_a_figure_that_is_not_known_is_counted_apart() -> None:
    where = purse(budget(cost_nusd=10, hard=False))
    where.hold(intent("one", amounts(None)))
    where.settle(receipt("one", amounts(None)))
    (balance,) = where.balances(NOON_MS)
    assert (balance.spent, balance.held, balance.unknown) == (0, 0, 1)


def test_a_receipt_of_before_there_were_budgets_is_charged_to_none() -> None:
    where = purse(budget(cost_nusd=10))
    where.settle(receipt("one", None))
    assert left(where) == [10]


def test_a_refusal_says_which_budget_what_is_left_and_when_it_renews() -> None:
    where = purse(budget(cost_nusd=2_000_000_000))
    where.settle(receipt("one", amounts(1_500_000_000)))
    with pytest.raises(BudgetExceeded) as caught:
        where.hold(intent("two", amounts(600_000_000)))
    assert str(caught.value) == (
        "the budget of 'lab' for 2026-11-29, 2.000000 USD a day, has 0.500000 USD left, and this "
        "could take 0.600000 USD; a lower max_tokens takes less; it renews at 2026-11-30 00:00 UTC"
    )
    assert (caught.value.rule, caught.value.retry_after_s) == ("budget", 43_200)


@pytest.mark.parametrize(
    ("unit", "says"), [("energy_mj", "0.000000 Wh"), ("carbon_ug", "0.000001 g CO2e")]
)
def test_a_refusal_says_figures_in_their_units(unit: str, says: str) -> None:
    fields: dict[str, Any] = {unit: 1}
    where = purse(budget(**fields))
    with pytest.raises(BudgetExceeded, match=says):
        where.hold(intent("one", amounts(2, 2, 2)))


def test_a_soft_budget_refuses_nothing() -> None:
    where = purse(budget(cost_nusd=10, hard=False))
    where.hold(intent("one", amounts(20)))
    where.settle(receipt("one", amounts(20)))
    assert left(where) == [-10]


# another attempt


def test_what_an_attempt_used_is_set_aside_for_the_next() -> None:
    where = purse(budget(cost_nusd=10))
    where.hold(intent("one", amounts(6)))
    where.widen("one", amounts(3), now_ms=NOON_MS)
    assert left(where) == [1]
    with pytest.raises(BudgetExceeded):
        where.widen("one", amounts(3), now_ms=NOON_MS)
    assert left(where) == [1]
    where.settle(receipt("one", amounts(9)))
    assert left(where) == [1]


def test_what_is_not_held_is_not_widened() -> None:
    where = purse(budget(cost_nusd=10))
    where.widen("one", amounts(3), now_ms=NOON_MS)
    assert left(where) == [10]


# alerts


def test_each_threshold_is_told_once_in_a_period() -> None:
    where = purse(budget(cost_nusd=100, hard=False, alert_at=(80, 100)))
    told = [where.settle(receipt(f"{number}", amounts(cost))) for number, cost in
            enumerate((79, 1, 19, 1, 50))]  # fmt: skip
    assert [[each.percent for each in some] for some in told] == [[], [80], [], [100], []]
    assert told[1][0].spent == 80
    assert [each.percent for each in where.settle(receipt("x", amounts(100), "2026-11-30"))] == [
        80,
        100,
    ]


def test_what_was_told_before_a_restart_is_not_told_again() -> None:
    before = purse(budget(cost_nusd=100, alert_at=(80,)))
    (told,) = before.settle(receipt("one", amounts(90)))
    after = Purse()
    after.terms = Terms.of([budget(cost_nusd=100, alert_at=(80,)), told])
    after.begin([Spent("lab", "2026-11-29", 90, 0, 0)])
    assert after.reached(NOON_MS) == []


def test_a_budget_that_is_made_smaller_is_told_of_at_once() -> None:
    where = purse(budget(cost_nusd=100, alert_at=(80,)))
    where.settle(receipt("one", amounts(50)))
    where.terms = Terms.of([budget(cost_nusd=60, alert_at=(80,))])
    assert [(each.percent, each.limit) for each in where.reached(NOON_MS)] == [(80, 60)]
    assert where.reached(NOON_MS) == []


# memory


def test_old_periods_are_forgotten_unless_something_is_held_of_them() -> None:
    where = purse(budget(cost_nusd=100, hard=False, alert_at=(1,)))
    where.hold(intent("old", amounts(5)))
    for day in range(1, 60):
        at_ms = NOON_MS + day * DAY_MS
        name = f"{day}"
        where.hold(intent(name, amounts(5), at_ms))
        where.settle(receipt(name, amounts(5), f"2027-{1 + day // 29:02}-{1 + day % 28:02}"))
    periods = where._slots["lab"]  # pyright: ignore[reportPrivateUsage] memory has no door
    assert "2026-11-29" in periods
    assert len(periods) <= 12
    assert len(where._alerted) <= 8  # pyright: ignore[reportPrivateUsage] as above


# any order of anything

NAMES = ("key_1", "search", "lab", "acme")
LIMIT = 1000


class Shop(RuleBasedStateMachine):
    """Callers come and go in any order, against sums that are done by hand."""

    asked: Bundle[str] = Bundle("asked")

    def __init__(self) -> None:
        super().__init__()
        self.purse = purse(
            budget("key_1", cost_nusd=LIMIT),
            budget("lab", cost_nusd=LIMIT, energy_mj=LIMIT // 2),
            budget("acme", per="month", carbon_ug=LIMIT),
        )
        self.held: dict[str, list[int]] = {}
        self.spent = [0, 0, 0]
        self.count = 0

    def room(self) -> list[int]:
        held = [sum(each[unit] for each in self.held.values()) for unit in range(3)]
        limits = (LIMIT, LIMIT // 2, LIMIT)
        return [limits[unit] - self.spent[unit] - held[unit] for unit in range(3)]

    @rule(target=asked, most=st.tuples(*[st.integers(0, LIMIT // 3)] * 3))
    def ask(self, most: tuple[int, int, int]) -> str:
        name = f"req_{self.count}"
        self.count += 1
        fits = all(want <= room for want, room in zip(most, self.room(), strict=True))
        try:
            self.purse.hold(intent(name, amounts(*most)))
        except BudgetExceeded:
            assert not fits
        else:
            assert fits
            self.held[name] = [*most]
        return name

    @rule(name=asked, more=st.tuples(*[st.integers(0, LIMIT // 3)] * 3))
    def try_again(self, name: str, more: tuple[int, int, int]) -> None:
        if name not in self.held:
            return
        fits = all(want <= room for want, room in zip(more, self.room(), strict=True))
        try:
            self.purse.widen(name, amounts(*more), now_ms=NOON_MS)
        except BudgetExceeded:
            assert not fits
        else:
            assert fits
            self.held[name] = [a + b for a, b in zip(self.held[name], more, strict=True)]

    @rule(name=consumes(asked), share=st.floats(0, 1))
    def answer(self, name: str, share: float) -> None:
        held = self.held.pop(name, None)
        if held is not None:
            came_to = [int(each * share) for each in held]
            self.spent = [a + b for a, b in zip(self.spent, came_to, strict=True)]
            self.purse.settle(receipt(name, amounts(*came_to)))

    @rule(name=consumes(asked))
    def fail_to_begin(self, name: str) -> None:
        self.held.pop(name, None)
        self.purse.release(name)

    @rule()
    def start_again(self) -> None:
        """What is under way is lost, and settled at its worst."""
        for held in self.held.values():
            self.spent = [a + b for a, b in zip(self.spent, held, strict=True)]
        self.held.clear()
        after = Purse()
        after.terms = self.purse.terms
        after.begin([Spent(name, "2026-11-29", *self.spent, unknown=(0, 0, 0)) for name in NAMES])
        self.purse = after

    @invariant()
    def no_budget_carries_more_than_it_is(self) -> None:
        assert min(self.room()) >= 0

    @invariant()
    def every_sum_is_what_it_is_by_hand(self) -> None:
        held = [sum(each[unit] for each in self.held.values()) for unit in range(3)]
        for name in NAMES:
            for period in ("2026-11-29", "2026-11"):
                slot = self.purse.slot(name, period)
                assert (slot.spent, slot.held) == (self.spent, held)


TestShop = Shop.TestCase
TestShop.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
