"""Tests of the operator's own say what a right answer is, or grade nothing."""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING

import pytest

from jevons.grading.checks import Broke, Check, passed
from jevons.grading.command import said_right

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

ASKED = (("system", "You extract invoices."), ("user", "What does it come to?"))


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (Check("a", matches=re.compile(r"\bok\b")), "it is ok", "token"),
        (Check("a", contains=("total", "VAT")), "total and VAT", "total"),
        (Check("a", lacks=("sorry",)), "5", "sorry, no"),
        (Check("a", max_chars=3), "abc", "abcd"),
        (Check("a", is_json=True), '{"a": [1]}', "{'a': 1}"),
        (Check("a", is_json=True), "null", "NaN"),
        (Check("a", is_json=True), "[]", "[" * 100_000),
        (Check("a", near=0.01), "1,005", "1,020"),
        (Check("a", near=0.01), "The answer is 990", "about a thousand"),
    ],
)
async def test_an_answer_is_right_that_is_as_was_said(check: Check, right: str, wrong: str) -> None:
    reference = "1000"
    assert check.is_right(right, reference)
    assert not check.is_right(wrong, reference)


async def test_a_number_is_near_another_of_the_same_unit_only() -> None:
    near = Check("a", near=0.01)
    assert near.is_right("1005 km", "1000km")
    assert not near.is_right("1005 km", "1000 mi")
    assert not near.is_right("1005", "1000 km")


async def test_a_number_is_near_nothing_where_the_reference_gives_none() -> None:
    assert not Check("a", near=1.0).is_right("5", "I do not know")


@pytest.mark.parametrize(
    ("check", "is_for"),
    [
        (Check("a"), True),
        (Check("a", system=re.compile("invoices")), True),
        (Check("a", system=re.compile("poems")), False),
        (Check("a", prompt=re.compile("come to")), True),
        (Check("a", prompt=re.compile("invoices")), False),
        (Check("a", system=re.compile("invoices"), prompt=re.compile("poems")), False),
    ],
)
async def test_a_test_is_for_requests_of_its_class(check: Check, *, is_for: bool) -> None:
    assert check.is_for(ASKED) is is_for


async def test_all_tests_that_apply_have_to_be_passed_and_the_reference_may_fail() -> None:
    checks = [
        Check("a", contains=("5",)),
        Check("b", max_chars=2),
        Check("c", prompt=re.compile("poem"), contains=("rose",)),
    ]
    assert await passed(checks, ASKED, ["five", "5", "about 5"]) == (0.0, 1.0, 0.0)


async def test_where_no_test_applies_none_grades() -> None:
    assert await passed([Check("c", prompt=re.compile("poem"))], ASKED, ["a", "b"]) is None


def a_program(folder: Path, text: str) -> tuple[str, ...]:
    path = folder / "check.py"
    path.write_text(text)
    return (sys.executable, str(path))


async def test_a_command_reads_what_was_asked_and_answered_and_grades_it(tmp_path: Path) -> None:
    command = a_program(
        tmp_path,
        "import json, sys\n"
        "said = json.load(sys.stdin)\n"
        "assert said['messages'][-1] == {'role': 'user', 'content': 'What does it come to?'}\n"
        "sys.exit(0 if said['answer'] == '5' else 1)\n",
    )
    assert await passed([Check("a", command=command)], ASKED, ["4", "5"]) == (0.0, 1.0)


@pytest.mark.parametrize(
    "text",
    [
        "import sys; sys.exit(2)",
        "raise SystemExit(-1)",
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
        "import time; time.sleep(60)",
    ],
)
async def test_a_command_that_breaks_grades_nothing(tmp_path: Path, text: str) -> None:
    check = Check("mine", command=a_program(tmp_path, text), seconds=0.5)
    with pytest.raises(Broke, match="mine"):
        await passed([check], ASKED, ["4", "5"])


async def test_a_command_that_is_not_there_grades_nothing() -> None:
    assert await said_right(["/nowhere/check"], b"{}", seconds=1) is None
    assert await said_right(["a\0b"], b"{}", seconds=1) is None


async def test_what_a_slow_command_started_ends_with_it(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    later = f"import time; time.sleep(1); open({str(mark)!r}, 'w').close()"
    command = a_program(
        tmp_path,
        f"import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', {later!r}])\ntime.sleep(60)\n",
    )
    assert await said_right(command, b"{}", seconds=0.7) is None
    time.sleep(1.5)  # noqa: ASYNC251 nothing else goes on here
    assert not mark.exists()


async def test_a_command_is_told_nothing_of_the_house(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JEVONS_SECRET", "hush")
    command = a_program(tmp_path, "import os, sys; sys.exit(int('JEVONS_SECRET' in os.environ))")
    assert await said_right(command, b"{}", seconds=10) is True


async def test_a_command_that_reads_nothing_and_writes_without_end_is_bounded(
    tmp_path: Path,
) -> None:
    command = a_program(tmp_path, "import sys\nfor _ in range(200): print('x' * 100_000)\n")
    assert await said_right(command, b"x" * 10_000_000, seconds=10) is True


SCHEMA = b'{"type": "object", "required": ["total"], "additionalProperties": false, "properties": {"total": {"type": "number"}}}'


async def test_an_answer_is_right_that_has_the_shape_that_was_asked_for() -> None:
    checks = [Check("shape", fits_schema=True)]
    answers = ['{"total": 5}', '{"total": "5"}', '{"sum": 5}', "five"]
    assert await passed(checks, ASKED, answers, schema=SCHEMA) == (1.0, 0.0, 0.0, 0.0)
    assert await passed(checks, ASKED, answers) is None


async def test_where_no_answer_has_that_shape_nothing_is_graded() -> None:
    with pytest.raises(Broke, match="shape"):
        await passed([Check("shape", fits_schema=True)], ASKED, ["5", "{}"], schema=SCHEMA)
    unreadable = b'{"type": "object", "nobodyKnowsThis": 1}'
    with pytest.raises(Broke, match="shape"):
        await passed([Check("shape", fits_schema=True)], ASKED, ["{}", "{}"], schema=unreadable)
