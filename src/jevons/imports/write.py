"""Settings as TOML.

Only the shapes that our settings have: scalars, lists of scalars, tables, and lists of tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("write_toml",)

_DELETE = "\x7f"  # the one control character that JSON lets stand and TOML does not


def write_toml(settings: Mapping[str, object], *, head: str = "") -> str:
    """Write settings as TOML.

    Args:
        settings: Names to scalars, lists of scalars, tables, or lists of tables.
        head: What the first lines say, as comments.
    """
    lines = [f"# {line}".rstrip() for line in head.splitlines()]
    return "\n".join([*lines, *_table(settings, ())]).strip("\n") + "\n"


def _table(table: Mapping[str, object], path: tuple[str, ...]) -> Iterator[str]:
    """Write a table's own values first, since what follows a heading belongs to it."""
    for name, value in table.items():
        if not isinstance(value, Mapping) and not _is_tables(value):
            yield f"{name} = {_value(value)}"
    for name, value in table.items():
        inner = (*path, name)
        if isinstance(value, Mapping):
            yield from ("", f"[{'.'.join(inner)}]")
            yield from _table(cast("Mapping[str, object]", value), inner)
        elif _is_tables(value):
            for each in cast("list[Mapping[str, object]]", value):
                yield from ("", f"[[{'.'.join(inner)}]]")
                yield from _table(each, inner)


def _is_tables(value: object) -> bool:
    if not isinstance(value, list):
        return False
    inside = cast("list[object]", value)
    return bool(inside) and all(isinstance(each, Mapping) for each in inside)


def _value(value: object) -> str:
    """Write a scalar or a list of them; JSON's are TOML's, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace(_DELETE, "\\u007f")
