"""Moments, as they are typed and as tables have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("at_option", "moment", "moment_of")

F = TypeVar("F", bound="Callable[..., Any]")


def at_option(function: F) -> F:
    """Give a command `--at`."""
    return click.option(
        "--at",
        metavar="DATE",
        help="As of this day or moment, YYYY-MM-DD or YYYY-MM-DDTHH:MMZ; without it, now.",
    )(function)


def moment_of(at: str | None) -> int:
    """Turn `--at` into Unix milliseconds.

    Raises:
        click.BadParameter: It is no moment.
    """
    from jevons.catalog.moments import is_moment, moment_ms
    from jevons.clock import SystemClock

    if at is None:
        return SystemClock().now_ms()
    if not is_moment(at):
        message = f"{at!r} is neither YYYY-MM-DD nor YYYY-MM-DDTHH:MMZ"
        raise click.BadParameter(message, param_hint="--at")
    return moment_ms(at)


def moment(at_ms: int) -> str:
    """Write a moment as tables have it.

    Args:
        at_ms: Unix milliseconds.
    """
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(at_ms / 1e3, UTC):%Y-%m-%d %H:%M:%S} UTC"
