"""What was found in a piece is known when it comes again, and memory has an end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.privacy.memory import Memory

if TYPE_CHECKING:
    from jevons.privacy import Kind


class Looking:
    """Finds a mail address in whatever has a sign for one, and notes what it was shown."""

    def __init__(self) -> None:
        self.shown: list[bytes] = []

    def look(self, piece: bytes) -> tuple[Kind, ...]:
        self.shown.append(piece)
        return ("email",) if b"@" in piece else ()


def test_a_piece_is_looked_at_once() -> None:
    memory, looking = Memory(bytes(16)), Looking()
    found = [memory.recall(piece, looking.look) for piece in (b"a@b", b"ab", b"a@b", b"ab")]
    assert found == [("email",), (), ("email",), ()]
    assert looking.shown == [b"a@b", b"ab"]


def test_what_is_asked_for_stays_and_the_rest_is_forgotten() -> None:
    memory, looking = Memory(bytes(16), most=2), Looking()
    for piece in b"kakbkckdk":
        memory.recall(bytes([piece]), looking.look)
    assert looking.shown == [b"k", b"a", b"b", b"c", b"d"]
    memory.recall(b"a", looking.look)
    assert looking.shown[-1] == b"a"


def test_no_word_of_a_piece_is_kept() -> None:
    memory = Memory(bytes(16))
    memory.recall(b"anna@example.org", Looking().look)
    assert b"anna" not in repr(vars(memory)).encode()


def test_a_generation_may_end_while_a_piece_is_looked_at() -> None:
    memory, inner = Memory(bytes(16), most=1), Looking()

    def look(piece: bytes) -> tuple[Kind, ...]:
        for other in (b"a", b"b", b"c"):  # as other threads would
            memory.recall(other, inner.look)
        return inner.look(piece)

    assert memory.recall(b"a@b", look) == ("email",)
    assert memory.recall(b"a@b", look) == ("email",)
