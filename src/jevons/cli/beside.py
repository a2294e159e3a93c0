"""Doing something with the books, beside the server if one runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from jevons.cli.options import existing_ledger, ledger_path, read_settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from jevons.store import Archive, Books

__all__ = ("beside", "beside_answers", "on_this_machine")

T = TypeVar("T")


def beside(
    config: Path | None, act: Callable[[Books], Awaitable[T]], *, may_begin: bool = False
) -> T:
    """Open the books, do something with them, and close them.

    Args:
        config: Settings file; None is the usual one.
        act: What to do.
        may_begin: Whether to begin a ledger where there is none.

    Raises:
        NotFound: There is none, and none may be begun.
        StoreUnavailable: It cannot be opened or written.
    """
    from asyncio import run

    from jevons.clock import SystemClock, Ulids
    from jevons.store import Books
    from jevons.telemetry import configure_logs

    configure_logs(json=False)
    settings = read_settings(config)
    ledger = ledger_path(settings) if may_begin else existing_ledger(settings)
    clock = SystemClock()

    async def opened() -> T:
        async with Books.open(
            ledger,
            commit=settings.ledger.commit,
            origin=settings.ledger.origin,
            clock=clock,
            ids=Ulids(clock),
        ) as books:
            return await act(books)

    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return run(opened())


def beside_answers(config: Path | None, act: Callable[[Books, Archive | None], Awaitable[T]]) -> T:
    """Open the books and the archive, do something with both, and close them.

    Args:
        config: Settings file; None is the usual one.
        act: What to do; it is given no archive where none is and none may begin.

    Raises:
        NotFound: There are no books.
        StoreUnavailable: Something cannot be opened or written.
    """
    from jevons.boot.ledger import answers_path
    from jevons.clock import SystemClock
    from jevons.store import Archive, Limits, is_kept

    settings = read_settings(config)
    where, said = answers_path(settings), settings.answers

    async def opened(books: Books) -> T:
        if said.keep == "never" and not is_kept(where):
            return await act(books, None)
        limits = Limits(keep_days=said.days, max_bytes=said.max_mb * 1_000_000)
        held = [actor.key for actor in books.keys.list() if actor.held]
        async with Archive.open(where, limits=limits, clock=SystemClock(), held=held) as archive:
            return await act(books, archive)

    return beside(config, opened)


def on_this_machine() -> str:
    """Name whoever runs this command, as records have it.

    By the system's own word: variables may say anything.
    """
    from os import getuid
    from pwd import getpwuid

    try:
        return f"cli:{getpwuid(getuid()).pw_name}"
    except KeyError:  # a container may run as a number that has no name
        return f"cli:{getuid()}"
