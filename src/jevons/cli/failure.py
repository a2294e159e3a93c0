"""How a command fails: a line for whoever reads along, and an object for a program.

Rule 1: every failure has a code. One of the house or of the server keeps its own.
Rule 2: with `--json` a failure is one JSON object on standard output. The line on standard error
    and the exit status are the same with it and without it.
"""

from __future__ import annotations

from contextlib import suppress
from errno import EIO, ENOSPC
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import click

from jevons.types.errors import JevonsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

__all__ = ("Failure", "failure_of", "telling", "wants_json")


class Failure(click.ClickException):
    """A command could not do what it was asked.

    Args:
        message: What was wrong, and what to do.
        code: Its stable name, for programs.
        details: What else a program may want to know, as the server said it.
    """

    def __init__(self, message: str, *, code: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.details = details


class telling:  # noqa: N801 it reads as a statement
    """Tell a failure to the program that reads standard output, and let it pass.

    Args:
        as_json: Whether there is such a program.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, kind: object, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._as_json or error is None or isinstance(error, click.exceptions.Exit):
            return
        from jevons.cli.screen import emit

        failure = failure_of(error)
        with suppress(OSError):  # nothing can be written there: the line on standard error says so
            emit({"error": {"message": failure.message, "code": failure.code, **failure.details}})


def wants_json(words: Sequence[str]) -> bool:
    """Tell whether a command line asks for JSON, also one that cannot be understood."""
    return "--json" in takewhile(lambda word: word != "--", words)


def failure_of(error: BaseException) -> Failure:
    """Give any error its message and its code."""
    match error:
        case Failure():
            return error
        case JevonsError():
            return Failure(str(error), code=error.code)
        case click.ClickException():
            return Failure(error.format_message(), code="usage")
        case OSError() if isinstance(error.filename, str) or error.errno in {ENOSPC, EIO}:
            about = error.filename or "nothing more can be written"
            return Failure(f"{error.strerror}: {about}", code="file")
        case KeyboardInterrupt() | click.Abort():
            return Failure("interrupted", code="interrupted")
        case _:
            return Failure(f"{type(error).__name__}: {error}", code="bug")
