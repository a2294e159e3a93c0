"""Nobody asks faster than their account may, to the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from msgspec.structs import replace

from jevons.budget.pace import Pace, limits_of
from jevons.budget.terms import Terms
from jevons.testing import Clock
from jevons.testing.make import a_request, an_actor
from jevons.types.budget import Limit
from jevons.types.errors import RateLimited
from jevons.types.request import Sampling

if TYPE_CHECKING:
    from jevons.types.pace import Room
    from jevons.types.request import Generate

ACTOR = an_actor(account=("search", "lab"))


class House:
    def __init__(self, *limits: Limit) -> None:
        self.clock = Clock()
        self.terms = Terms.of(limits)
        self.pace = Pace(lambda: self.terms, self.clock)
        self.count = 0

    def enter(self, **fields: Any) -> str:
        name = f"req_{self.count}"
        self.count += 1
        self.pace.enter(asked(id=name, **fields))
        return name

    def rooms(self) -> tuple[Room, ...]:
        return self.pace.rooms(ACTOR)


def asked(size: int = 0, **fields: Any) -> Generate:
    request = a_request(actor=ACTOR, **fields)
    return replace(request, source=replace(request.source, size_bytes=size))


def limit(account: str = "lab", **fields: Any) -> Limit:
    return Limit(at_ms=0, account=account, **fields)


def test_without_a_limit_nothing_is_kept() -> None:
    for house in (House(), House(limit("another", requests=1))):
        assert not house.pace.enter(asked())
        assert house.pace.rooms(ACTOR) == ()
    assert not House(limit(requests=1)).pace.enter(a_request(actor=None))


@pytest.mark.parametrize("account", ["key_1", "search", "lab"])
def test_as_many_requests_a_minute_as_there_may_be(account: str) -> None:
    house = House(limit(account, requests=3))
    for _ in range(3):
        house.enter()
    with pytest.raises(RateLimited, match=account) as caught:
        house.enter()
    assert caught.value.retry_after_s == 20
    house.clock.move(19.9)
    with pytest.raises(RateLimited):
        house.enter()
    house.clock.move(0.1)
    house.enter()


def test_what_is_refused_takes_nothing() -> None:
    house = House(limit("search", requests=100), limit("lab", requests=1))
    house.enter()
    for _ in range(50):
        with pytest.raises(RateLimited):
            house.enter()
    (room,) = house.rooms()
    assert (room.what, room.limit, room.remaining) == ("requests", 1, 0)
    house.terms = Terms.of([limit("search", requests=100)])
    (room,) = house.rooms()
    assert room.remaining == 99


def test_as_many_at_once_as_there_may_be() -> None:
    house = House(limit(parallel=2))
    first = house.enter()
    house.enter()
    with pytest.raises(RateLimited, match="2 requests under way"):
        house.enter()
    house.pace.leave(first, tokens=None)
    house.enter()


def test_what_is_under_way_stays_so_when_a_limit_changes() -> None:
    house = House(limit(parallel=2))
    first = house.enter()
    house.terms = Terms.of([limit(parallel=1)])
    with pytest.raises(RateLimited):
        house.enter()
    house.pace.leave(first, tokens=None)
    house.enter()


def test_tokens_are_taken_as_expected_and_made_right_at_the_end() -> None:
    house = House(limit(tokens=1000))
    name = house.enter(size=400, sampling=Sampling(max_tokens=600))
    assert room_of(house) == 300
    house.pace.leave(name, tokens=150)
    assert room_of(house) == 850


def test_what_nobody_counted_stays_as_expected() -> None:
    house = House(limit(tokens=1000))
    house.pace.leave(house.enter(size=400), tokens=None)
    assert room_of(house) == 900


def test_tokens_that_ran_over_are_owed() -> None:
    house = House(limit(tokens=60))
    house.pace.leave(house.enter(size=4), tokens=180)
    assert room_of(house) == 0
    house.clock.move(119)
    with pytest.raises(RateLimited) as caught:
        house.enter(size=4)
    assert caught.value.retry_after_s == 2
    house.clock.move(2)
    house.enter(size=4)


def test_a_request_of_more_than_a_minutes_worth_waits_for_a_full_bucket_only() -> None:
    house = House(limit(tokens=10))
    house.enter(size=4000)
    with pytest.raises(RateLimited):
        house.enter(size=4)


def test_the_narrowest_of_each_kind_is_told() -> None:
    house = House(
        limit("key_1", requests=5, tokens=100),
        limit("search", requests=9),
        limit("lab", requests=2),
    )
    house.enter()
    told = {room.what: (room.limit, room.remaining) for room in house.rooms()}
    assert told == {"requests": (2, 1), "tokens": (100, 100)}
    (first, *_) = house.rooms()
    assert first.reset_s == 30


def room_of(house: House) -> int:
    (room,) = house.rooms()
    return room.remaining


@given(
    limit_a_minute=st.integers(1, 50),
    steps_ms=st.lists(st.integers(0, 9_000), max_size=120),
)
def test_no_stretch_of_time_holds_more_than_a_full_bucket_and_what_flowed_in(
    limit_a_minute: int, steps_ms: list[int]
) -> None:
    house = House(limit(requests=limit_a_minute))
    passed: list[int] = []
    now_ms = 0
    for step in steps_ms:
        house.clock.move(step / 1e3)
        now_ms += step
        try:
            house.enter()
        except RateLimited:
            pass
        else:
            passed.append(now_ms)
    for start, since in enumerate(passed):
        for end, until in enumerate(passed[start:], start=1):
            assert (end - 1) * 60_000 < limit_a_minute * (60_000 + until - since + 2)


def test_one_of_several_that_count_alone_has_its_part_and_one_at_least() -> None:
    house = House(limit(requests=10, tokens=2, parallel=7))
    house.pace = Pace(lambda: house.terms, house.clock, parts=3)
    assert [room.limit for room in house.rooms()] == [3, 1]
    house.enter()
    house.enter()
    with pytest.raises(RateLimited, match="2 requests under way"):
        house.enter()


def test_what_others_let_in_is_counted_and_never_owed() -> None:
    house = House(limit(requests=2, tokens=20, parallel=9))
    for number in range(5):
        house.pace.note(asked(size=40, id=f"req_{number}"))
    assert [room.remaining for room in house.rooms()] == [0, 0]
    house.clock.move(30)
    assert [room.remaining for room in house.rooms()] == [1, 10]
    for number in range(5):
        house.pace.leave(f"req_{number}", tokens=None)
    house.pace.note(a_request(actor=None))
    house.enter()


def test_what_others_let_in_is_under_way_here_too() -> None:
    house = House(limit(parallel=1))
    house.pace.note(asked(id="req_far"))
    with pytest.raises(RateLimited):
        house.enter()
    house.pace.leave("req_far", tokens=3)
    house.enter()


def test_the_limits_of_a_line_are_listed_the_keys_own_first() -> None:
    own, above = limit("key_1", requests=1), limit("lab", tokens=2)
    assert limits_of(ACTOR, Terms.of([above, own, limit("another", tokens=1)])) == (own, above)
    assert limits_of(ACTOR, Terms()) == ()
