"""Names over several entries: groups, aliases, and who stands in for whom.

Rule 1: an endpoint stands in for another only where both are of one model; that is the only
    failing over that jevons does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.imports.row import tail_of

if TYPE_CHECKING:
    from jevons.imports.draft import Draft
    from jevons.imports.row import Row
    from jevons.imports.tree import Part

__all__ = ("Groups", "add_aliases", "add_fallbacks", "groups_of")

Groups = dict[str, list["Row"]]
"""Rows by the name that LiteLLM's callers use."""


def groups_of(draft: Draft) -> Groups:
    """Sort rows by the name that they were listed under."""
    groups: Groups = {}
    for row in draft.rows:
        groups.setdefault(row.wants[0], []).append(row)
    return groups


def add_aliases(draft: Draft, section: Part, groups: Groups) -> None:
    """Carry `model_group_alias`: other names for a group."""
    for part in section.parts():
        target = part.text or part.at("model").text
        path = part.path if part.text else part.at("model").path
        if part.key in groups:
            draft.account.left(part.path, "the name is that of an entry, which keeps it")
        elif target not in groups:
            draft.account.left(part.path, "nothing that was carried over has that name")
        else:
            for row in groups[target]:
                row.wants.append(part.key)
            draft.account.carried(path, "aliases")
            draft.account.left(part.path, "a name that can be asked for is also listed")


def add_fallbacks(draft: Draft, section: Part, groups: Groups) -> None:
    """Carry fallbacks from one server of a model to another; leave those to other models."""
    for mapping in section.parts():
        for part in mapping.parts():
            for target in part.parts() or (part,):
                _add_fallback(draft, part.key, target, groups)


def _add_fallback(draft: Draft, name: str, target: Part, groups: Groups) -> None:
    own, others = groups.get(name, []), groups.get(target.text, [])
    tails = {tail_of(row.model) for row in (*own, *others)}
    if not own or not others or len(tails) != 1 or tails == {""}:
        return
    for row in others:
        if name not in row.wants:
            row.wants.append(name)
    how = f"alias {name!r}: endpoints of one model stand in for each other, the cheapest first"
    draft.account.changed(target.path, how)
