"""A failure reaches the program that reads standard output, and nobody else's."""

from __future__ import annotations

import json

import click
import pytest

from jevons.cli.failure import Failure, telling, wants_json
from jevons.types.errors import Misconfigured


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Failure("no server at a; start one", code="no_server"), "no_server"),
        (Misconfigured("no settings file 'a'"), "misconfigured"),
        (click.BadParameter("not a number"), "usage"),
        (NotADirectoryError(20, "Not a directory", "a/b"), "file"),
        (KeyboardInterrupt(), "interrupted"),
        (click.Abort(), "interrupted"),
        (KeyError("choices"), "bug"),
        (ConnectionResetError(104, "reset"), "bug"),
    ],
)
def test_a_failure_is_told_with_its_code_and_goes_on(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: str
) -> None:
    with pytest.raises(type(error)), telling(as_json=True):
        raise error
    said = capsys.readouterr()
    assert said.err == ""
    told = json.loads(said.out)["error"]
    assert told["code"] == code
    assert told["message"]


def test_what_the_server_said_besides_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    refused = Failure("the key may not", code="forbidden", rule="endpoint-allowed")
    with pytest.raises(Failure), telling(as_json=True):
        raise refused
    assert json.loads(capsys.readouterr().out)["error"]["rule"] == "endpoint-allowed"


def test_nothing_is_told_where_nothing_failed_or_a_report_was_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with telling(as_json=True):
        pass
    with pytest.raises(click.exceptions.Exit), telling(as_json=True):
        raise click.exceptions.Exit(1)
    assert capsys.readouterr().out == ""


def test_a_person_is_told_in_words_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError), telling(as_json=False):
        raise KeyError
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("words", "wanted"),
    [(["verify", "--json"], True), (["ask", "hi"], False), (["ask", "--", "--json"], False)],
)
def test_json_is_asked_for_by_its_option_and_not_by_an_argument(
    words: list[str], *, wanted: bool
) -> None:
    assert wants_json(words) is wanted
