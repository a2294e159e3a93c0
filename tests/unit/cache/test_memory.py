"""No more is remembered than there is room for, and nothing for too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.cache.answers import an_answer

from jevons.cache.memory import ENTRY_BYTES, Memory

if TYPE_CHECKING:
    from jevons.types.decision import Remembered

NAMES = [bytes([number]) * 32 for number in range(6)]
A, B, C = NAMES[:3]


def room(answers: int) -> int:
    return answers * (ENTRY_BYTES + 100)


def test_the_one_not_asked_for_longest_goes_first() -> None:
    memory = Memory(most_bytes=room(2), longest_s=60)
    for name in (A, B):
        memory.keep(name, an_answer(), 100)
    assert memory.find(A, now_s=0) is not None
    memory.keep(C, an_answer(), 100)
    assert [memory.find(name, now_s=0) is not None for name in (A, B, C)] == [True, False, True]
    assert (len(memory), memory.size) == (2, room(2))


def test_what_has_no_room_at_all_leaves_the_others_alone() -> None:
    memory = Memory(most_bytes=room(1), longest_s=60)
    memory.keep(A, an_answer(), 100)
    memory.keep(B, an_answer(), 101)
    assert (len(memory), memory.find(B, now_s=0)) == (1, None)


def test_an_answer_takes_the_place_of_the_one_before_it() -> None:
    memory = Memory(most_bytes=room(3), longest_s=60)
    memory.keep(A, an_answer(receipt="req_1"), 100)
    memory.keep(A, an_answer(receipt="req_2"), 50)
    found = memory.find(A, now_s=0)
    assert found is not None
    assert found.receipt == "req_2"
    assert memory.size == ENTRY_BYTES + 50


def test_what_is_too_old_goes_whether_anybody_asks_for_it_or_not() -> None:
    memory = Memory(most_bytes=room(3), longest_s=60)
    memory.keep(A, an_answer(at_s=0.0), 100)
    memory.keep(B, an_answer(at_s=30.0), 100)
    assert memory.find(A, now_s=59.9) is not None
    memory.expire(60.0)
    assert (len(memory), memory.size) == (1, room(1))
    assert memory.find(B, now_s=90.0) is None
    assert (len(memory), memory.size) == (0, 0)


def test_some_can_be_forgotten_by_what_they_are() -> None:
    memory = Memory(most_bytes=room(3), longest_s=60)
    memory.keep(A, an_answer(key="key_1"), 100)
    memory.keep(B, an_answer(key="key_2"), 100)
    memory.drop_if(lambda answer: answer.key == "key_1")
    memory.drop(A)
    assert [memory.find(name, now_s=0) is not None for name in (A, B)] == [False, True]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["keep", "find", "drop", "wait"]),
            st.sampled_from(NAMES),
            st.integers(0, 9000),
        ),
        max_size=60,
    )
)
def test_it_never_holds_more_than_it_may_and_counts_rightly(
    steps: list[tuple[str, bytes, int]],
) -> None:
    memory, now_s = Memory(most_bytes=20_000, longest_s=9), 0.0
    given_: dict[bytes, Remembered] = {}
    sizes: dict[bytes, int] = {}
    for what, name, size in steps:
        if what == "keep":
            given_[name] = an_answer(receipt=f"req_{size}", at_s=now_s)
            memory.keep(name, given_[name], size)
            sizes[name] = size
        elif what == "drop":
            memory.drop(name)
        elif what == "wait":
            now_s += 1
        else:
            found = memory.find(name, now_s=now_s)
            assert found is None or (found is given_[name] and now_s - found.at_s < 9)
        held = memory.answers()
        assert memory.size == sum(sizes[each] + ENTRY_BYTES for each in held) <= 20_000
        assert len(memory) == len(held) <= 20_000 // ENTRY_BYTES
