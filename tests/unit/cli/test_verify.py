"""What is not covered yet reads as what it is: no fault, with its reason and its end."""

from __future__ import annotations

import pytest

from jevons.cli.verify import outstanding
from jevons.ledger.audit import Finding
from jevons.store import Report


@pytest.mark.parametrize(
    ("is_open", "caveat", "says"),
    [
        (True, "a server is running", "about once a second"),
        (False, "the ledger is not sealed", "Its next start does"),
    ],
)
def test_records_without_a_signature_say_why(
    caveat: str | None, says: str, *, is_open: bool
) -> None:
    report = Report(findings=(), unsigned=1, caveat=caveat)
    line = next(outstanding(report, is_open=is_open))
    assert line.startswith("1 record ")
    assert says in line


def test_what_is_a_finding_is_not_excused_as_well() -> None:
    finding = Finding(kind="unsigned", says="put there afterwards")
    assert not [*outstanding(Report(findings=(finding,), unsigned=1), is_open=False)]


@pytest.mark.parametrize(
    ("is_open", "says"), [(True, "comes with each answer"), (False, "was killed")]
)
def test_requests_without_a_receipt_say_why_they_have_none(says: str, *, is_open: bool) -> None:
    (line,) = outstanding(Report(findings=(), pending=3), is_open=is_open)
    assert line.startswith("3 requests ")
    assert says in line


def test_what_the_store_did_not_check_is_passed_on() -> None:
    report = Report(findings=(), caveat="a server is running")
    assert [*outstanding(report, is_open=True)] == ["a server is running"]


def test_nothing_is_said_where_everything_is_covered() -> None:
    assert [*outstanding(Report(findings=()), is_open=False)] == []
