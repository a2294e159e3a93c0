"""It is told who graded what, and what nobody could."""

from __future__ import annotations

from jevons.reports import labels
from jevons.store import PairRow


def a_row(by: str, **fields: object) -> PairRow:
    grades = {"dear": 1.0, "cheap": 0.0}
    return PairRow(**{"at_ms": 1, "by": by, "grades": grades, **fields})  # type: ignore[arg-type] a test's own fields


def test_each_kind_of_grader_is_counted_and_old_rows_are_said_to_be() -> None:
    told = labels([a_row("checks"), a_row("checks", times=4.0), a_row("import"), a_row("")])
    assert told.by == {"checks": 2, "import": 1, "unknown": 1}
    assert told.aimed == 1


def test_a_judge_that_grades_its_own_answers_is_named() -> None:
    told = labels([a_row("judge", judge="dear"), a_row("judge", judge="other")])
    assert told.judges == {"dear": 1, "other": 1}
    assert told.own == ("dear",)


def test_what_nobody_graded_is_counted_apart_and_ends_are_no_prompts() -> None:
    told = labels([a_row("judge", judge="dear", failed="judge", grades={}), a_row("", ended="age")])
    assert told.failed == {"judge": 1}
    assert told.by == {}


def test_those_who_asked_are_held_beside_the_grader_of_the_same_prompt() -> None:
    said = [
        a_row("feedback", name="lab_1", grades={"cheap": 0.0}),
        a_row("feedback", name="lab_1", grades={"cheap": 1.0}),
        a_row("feedback", name="lab_2", grades={"dear": 1.0}),
        a_row("feedback", name="lab_3", grades={"dear": 1.0}),
    ]
    told = labels([a_row("checks", name="lab_1"), a_row("judge", name="lab_2"), *said])
    assert told.by == {"checks": 1, "judge": 1}
    assert told.users is not None
    assert (told.users.prompts, told.users.share.point) == (2, 0.5)


def test_where_nobody_said_anything_of_a_graded_prompt_nothing_differs() -> None:
    assert labels([a_row("checks", name="lab_1")]).users is None


def test_people_are_held_beside_each_kind_of_grader_and_only_their_last_word_counts() -> None:
    good, bad, none = ({"dear": 1.0, "cheap": each} for each in (1.0, 0.0, 0.0))
    both = {"dear": 0.0, "cheap": 0.0}
    said = [
        a_row("human", name="lab_1", grades=good, was=good, was_by="judge"),
        a_row("human", name="lab_1", grades=bad, was=good, was_by="judge"),
        a_row("human", name="lab_2", grades=both, was=good, was_by="judge"),
        a_row("human", name="lab_3", grades=none, was=none, was_by="checks"),
    ]
    told = labels(said)
    assert told.by == {"human": 4}
    assert told.people["judge"].share.point == 0.5
    assert (told.people["checks"].prompts, told.people["checks"].share.point) == (1, 0.0)
