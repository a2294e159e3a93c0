"""What is like what was asked: labels become rows, rows a certificate, and the books know it first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from jevons.auto import Likeness, Nearest, Terms
from jevons.grading import Alike
from jevons.store import LikeRow, Likes
from jevons.testing import Book, Clock
from jevons.types.account import Certified
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jevons.store import Books

pytestmark = pytest.mark.anyio

TERMS = Terms(loss=0.1, delta=0.1, days=30.0, requests=1000)
DAY_S = 86_400.0
NAMES = [f"req_{number}" for number in range(400)]


class Bookkeeper(Book):
    """Books of which nothing but records is wanted."""

    @property
    def certified(self) -> list[Certified]:
        return [each for each in self.records if isinstance(each, Certified)]


def opened(path: Path, clock: Clock, *, terms: Terms = TERMS) -> Alike:
    study = Likeness(terms, learn=40)
    return Alike(study, Nearest(), Likes(path), clock, holdout=0.5, terms=terms)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 what is waited for is behind a door
            await asyncio.sleep(0.01)


def teach(alike: Alike, count: int, *, same: bool, since: int = 0) -> None:
    for number in range(since, since + count):
        alike.compare(0.9, f"req_{number}", same=same)


async def test_a_certificate_is_in_the_books_before_anything_is_given_and_outlives_the_process(
    tmp_path: Path,
) -> None:
    path, clock, book = tmp_path / "cache.db", Clock(), Bookkeeper()
    books: Books = book  # type: ignore[assignment] it records, and that is all that is asked
    async with opened(path, clock) as alike:
        await alike.begin(books)
        assert not any(alike.gives(1.0, name) for name in NAMES)
        gate = book.hold(Certified)
        teach(alike, 200, same=True)
        await gate.reached()
        assert not any(alike.gives(1.0, name) for name in NAMES), "the books do not know yet"
        gate.open()
        await until(lambda: any(alike.gives(1.0, name) for name in NAMES))
        free = next(name for name in NAMES if alike.gives(1.0, name))
        (began,) = book.certified
        assert alike.gives(0.9, free) == began.id
        assert (began.of, began.likeness, began.ended) == ("cache", pytest.approx(0.9), "")
        assert (began.reference, began.arms, began.loss) == ("", (), 0.1)
        given = [bool(alike.gives(0.95, name)) for name in NAMES]
        assert 100 < sum(given) < 300, "half of them are drawn to be asked anew"

    async with opened(path, clock) as again:
        await again.begin(books)
        assert again.gives(0.9, free) == began.id
        assert len(book.certified) == 1, "and the books are told once"

        teach(again, 400, same=False, since=1000)
        await until(lambda: len(book.certified) == 2)
        assert (book.certified[1].id, book.certified[1].ended) == (began.id, "quality")
        assert again.gives(1.0, free) == ""


async def test_it_ends_by_age_also_if_nobody_asks(tmp_path: Path) -> None:
    path, clock, book = tmp_path / "cache.db", Clock(), Bookkeeper()
    rows = [LikeRow(at_ms=clock.now_ms(), likeness=0.9, grade=1.0)] * 200
    Likes(path).add(rows)
    async with opened(path, clock) as alike:
        await alike.begin(book)  # type: ignore[arg-type] as above
        assert [each.ended for each in book.certified] == [""]
        clock.move(31 * DAY_S)
        assert alike.gives(1.0, "req_1") == "", "at once"
        await until(lambda: len(book.certified) == 2)
        assert book.certified[1].ended == "age"


async def test_books_that_cannot_be_written_are_tried_again_and_nothing_is_given_meanwhile(
    tmp_path: Path,
) -> None:
    path, clock, book = tmp_path / "cache.db", Clock(), Bookkeeper()
    async with opened(path, clock) as alike:
        await alike.begin(book)  # type: ignore[arg-type] as above
        book.fail(Certified)
        teach(alike, 200, same=True)
        await until(lambda: len(Likes(path).after(0)) == 201)
        await asyncio.sleep(0.1)
        assert alike.gives(1.0, "req_1") == ""


async def test_other_settings_end_it_and_what_was_shown_is_only_learned_from(
    tmp_path: Path,
) -> None:
    path, clock, book = tmp_path / "cache.db", Clock(), Bookkeeper()
    labels = [LikeRow(at_ms=clock.now_ms(), likeness=0.9, grade=1.0)] * 200
    Likes(path).add([LikeRow(at_ms=clock.now_ms(), terms=(0.1, 0.1, 30.0, 1000)), *labels])
    async with opened(path, clock) as alike:
        await alike.begin(book)  # type: ignore[arg-type] as above
    strict = TERMS._replace(loss=0.01)
    async with opened(path, clock, terms=strict) as alike:
        await alike.begin(book)  # type: ignore[arg-type] as above
        assert [each.ended for each in book.certified] == ["", "settings"]
        assert not any(alike.gives(1.0, name) for name in NAMES)
    async with opened(path, clock, terms=strict) as alike:
        await alike.begin(book)  # type: ignore[arg-type] as above
        assert len(book.certified) == 2, "the same settings change nothing"


def test_rows_are_numbered_and_it_is_remembered_how_far_the_books_know(tmp_path: Path) -> None:
    likes = Likes(tmp_path / "cache.db")
    assert (likes.after(0), likes.noted()) == ([], 0)
    likes.add([LikeRow(at_ms=1, likeness=0.5, grade=1.0), LikeRow(at_ms=2, ended="age")])
    likes.note(2)
    assert [(number, row.at_ms) for number, row in likes.after(0)] == [(1, 1), (2, 2)]
    assert (likes.noted(), likes.after(2)) == (2, [])
    assert (tmp_path / "cache.db").stat().st_mode & 0o077 == 0
    (tmp_path / "none").write_text("no database at all, but long enough to be taken for one" * 9)
    with pytest.raises(StoreUnavailable):
        Likes(tmp_path / "none").after(0)


def test_what_can_be_compared_comes_to_something(tmp_path: Path) -> None:
    alike = opened(tmp_path / "cache.db", Clock())
    assert alike.core("It is long, and it says much; nothing of it can be compared.") == ""
    assert alike.core("1,200.0") == alike.core("The answer is 1200") != ""
    alike.add(b"f", "Is it cold?", b"n")
    found = alike.find(b"f", "is it cold")
    assert found is not None
    assert found.name == b"n"
    alike.keep_only(())
    assert alike.find(b"f", "is it cold") is None
