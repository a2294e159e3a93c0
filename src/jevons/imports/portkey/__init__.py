"""Portkey's gateway config.

Source: portkey.ai/docs/api-reference/inference-api/config-object, read 2026-11-24.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from jevons.imports.draft import Draft, Unmade
from jevons.imports.portkey.provider import PROVIDERS
from jevons.imports.portkey.target import Target, of
from jevons.imports.portkey.why import WHY
from jevons.imports.read import read_json
from jevons.imports.server import reserve_variables
from jevons.imports.tree import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jevons.imports.draft import Imported
    from jevons.imports.row import Row
    from jevons.imports.source import Source

__all__ = ("import_portkey",)

_UNKNOWN = "jevons has no such setting"
_MODES: Mapping[str, str] = MappingProxyType(
    {
        "single": "an endpoint is an endpoint",
        "fallback": (
            "endpoints of one model stand in for each other, the cheapest first; a request is never "
            "sent to another model"
        ),
        "loadbalance": "of endpoints of one model the cheapest is asked, and the next if it fails",
    }
)


def import_portkey(
    text: str,
    *,
    environ: Mapping[str, str],
    today: str,
    providers: Mapping[str, str] | None = None,
) -> Imported:
    """Turn Portkey's config into ours.

    Args:
        text: The config, as JSON.
        environ: For what points to it; Portkey's configs do so nowhere.
        today: `YYYY-MM-DD`.
        providers: What virtual keys and `@slugs` stand for, as Portkey's provider names.

    Raises:
        Malformed: It cannot be read; the message names the line.
    """
    tree = read_json(text)
    root = Part((), tree)
    draft = Draft(tree, environ=environ, today=today)
    reserve_variables(draft, root, _keyless(root))
    _set_retries(draft, root)
    _add(draft, root, (), providers or {})
    draft.name_endpoints()
    made = draft.rows_by_path()
    for part, _ in _walk(root, ()):
        _tell(draft, part, made.get(part.path, []))
    return draft.close(gateway="Portkey", command="portkey", otherwise=_UNKNOWN)


def _walk(part: Part, around: tuple[Part, ...]) -> Iterator[tuple[Part, tuple[Part, ...]]]:
    """Yield a config and every target in it, each with what it stands in."""
    yield part, around
    for target in of(part, "targets").parts():
        yield from _walk(target, (*around, part))


def _add(draft: Draft, root: Part, around: tuple[Part, ...], slugs: Mapping[str, str]) -> None:
    for part, outer in _walk(root, around):
        if of(part, "targets").value is not None:
            continue
        since = draft.account.mark()
        try:
            draft.rows += Target(draft, part, outer, slugs).rows()
        except Unmade as error:
            draft.account.give_up(part.path, str(error), since=since)


def _keyless(root: Part) -> Iterator[Source]:
    """Yield whose keys are sent by callers: those of targets that have none."""
    for part, _ in _walk(root, ()):
        source = PROVIDERS.get(of(part, "provider").text)
        if source is not None and of(part, "api_key", "virtual_key").value is None:
            yield source


def _set_retries(draft: Draft, root: Part) -> None:
    """Carry the outermost number of retries; one number holds for all endpoints here."""
    found: float | None = None
    for part, _ in _walk(root, ()):
        attempts = of(part, "retry").at("attempts")
        if attempts.number is None or attempts.number < 0:
            continue
        if found is None:
            found = attempts.number
            draft.settings["retries"] = {"tries": int(found)}
        if attempts.number == found:
            draft.account.changed(attempts.path, "[retries] tries, over all endpoints of a request")
        else:
            draft.account.left(attempts.path, "[retries] tries is one number for all endpoints")


def _tell(draft: Draft, part: Part, made: list[Row]) -> None:
    """Say what became of whatever a config or target says besides its server."""
    mode = of(part, "strategy").at("mode")
    if mode.text in _MODES:
        draft.account.changed(mode.path, _MODES[mode.text])
    else:
        draft.account.left(mode.path, "jevons routes by model, price and policy")
    if made:
        draft.tell_names(of(part, "override_params").at("model").path, made)
    retry = of(part, "retry")
    heeds = of(retry, "use_retry_after_header")
    if heeds.value is True:
        draft.account.carried(heeds.path, "an endpoint that says when is asked then")
    draft.account.left(heeds.path, "an endpoint that says when is always asked then")
    draft.account.left(retry.path, WHY["on_status_codes"])
    strategy = of(part, "strategy")
    draft.account.left(of(strategy, "on_status_codes").path, WHY["on_status_codes"])
    draft.account.left(strategy.path, "jevons routes by model, price and policy")
    for inner in part.parts():
        if inner.key != "targets":
            draft.account.left(inner.path, WHY.get(_snake(inner.key), _UNKNOWN))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()
