"""A body made fit for its vendor, by the vendor's own rules, each change of it named.

Rule 1: pure; a body is never changed in place.
Rule 2: nothing is changed that no rule names, and no change is without its reason.
Rule 3: what would change the meaning is refused, never dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec

from jevons.types.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jevons.catalog.vendor import Product, Rule

__all__ = ("Fitted", "fit", "thinks")

_Fields = dict[str, msgspec.Raw]

_SWITCHES = ("thinking.type", "enable_thinking", "reasoning_effort")
_OFF = (False, 0, "none", "disabled")
_ENCODER = msgspec.json.Encoder(decimal_format="number")  # bounds come from TOML as decimals


class Fitted(NamedTuple):
    """A body that its vendor takes."""

    fields: dict[str, msgspec.Raw]
    changed: tuple[str, ...]
    """Each change: `field: what was done, why`."""


def fit(
    fields: Mapping[str, msgspec.Raw], rules: Iterable[Rule], *, model: str, thinking: bool
) -> Fitted:
    """Apply a vendor's rules to a body.

    Args:
        fields: Top-level fields of the body, undecoded, each of them JSON.
        rules: Those that hold for this model and dialect, in order.
        model: What the vendor calls the model; refusals name it.
        thinking: Whether the model will think.

    Raises:
        Unsupported: A rule refuses a field.
    """
    fitted = dict(fields)
    changed: list[str] = []
    for rule in rules:
        if _holds(rule, fitted, thinking=thinking):
            done = _apply(rule, fitted, model)
            if done:
                changed.append(f"{rule.field}: {done}, {rule.why}")
    return Fitted(fitted, tuple(changed))


def thinks(fields: Mapping[str, msgspec.Raw], product: Product | None) -> bool:
    """Whether a body makes its model think, by the field that switches that.

    Args:
        fields: Top-level fields of the body, undecoded.
        product: What is known of the model; None takes it to think only if the body says so.
    """
    switch = product.switch if product is not None else ""
    said = [_asked(fields, path) for path in (switch, *_SWITCHES)]
    asked = next((each for each in said if each is not None), None)
    return bool(asked) if product is None else product.thinks(asked=asked)


def _asked(fields: Mapping[str, msgspec.Raw], path: str) -> bool | None:
    """Read a switch: whether it is on, or None if it is not there."""
    first, *rest = path.split(".")
    value = _value(fields[first]) if first in fields else None
    for key in rest:
        value = cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
    return None if value is None else value not in _OFF


def _holds(rule: Rule, fields: _Fields, *, thinking: bool) -> bool:
    if rule.when != "always" and (rule.when == "thinking") is not thinking:
        return False
    if rule.beside and rule.beside not in fields:
        return False
    if rule.field not in fields:
        return rule.do == "force"
    value = _value(fields[rule.field])
    return value is not None and _kind(value) not in rule.unless


def _apply(rule: Rule, fields: _Fields, model: str) -> str:
    """Do what a rule says; say what was done, or nothing if there was nothing to do."""
    if rule.do == "refuse":
        message = f"{model} does not take {rule.field} {_shown(fields[rule.field])}: {rule.why}"
        raise Unsupported(message, param=rule.field)
    if rule.do == "drop":
        del fields[rule.field]
        return "dropped"
    if rule.do == "rename":
        return _rename(rule, fields)
    return _change(rule, fields)


def _rename(rule: Rule, fields: _Fields) -> str:
    value = fields.pop(rule.field)
    if rule.to in fields:
        return f"dropped beside {rule.to}"
    fields[rule.to] = value
    return f"renamed to {rule.to}"


def _change(rule: Rule, fields: _Fields) -> str:
    before = _value(fields[rule.field]) if rule.field in fields else None
    after = _changed(rule, before)
    if after == before:
        return ""
    fields[rule.field] = msgspec.Raw(_ENCODER.encode(after))
    return f"set to {_shown(fields[rule.field])}"


def _changed(rule: Rule, value: Any) -> Any:
    if rule.do == "force":
        return rule.to
    if rule.do == "map":
        return rule.to.get(value, value) if isinstance(value, str) else value
    least, most = rule.to
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return _within(value, least, most) if is_number else value


def _within(value: float, least: float, most: float) -> float:
    return least if value < least else min(value, most)


def _value(raw: msgspec.Raw) -> Any:
    return msgspec.json.decode(raw)


def _kind(value: Any) -> Any:
    """Tell what a value is by its `type`, if it is an object that has one."""
    return cast("dict[str, Any]", value).get("type") if isinstance(value, dict) else value


def _shown(raw: msgspec.Raw) -> str:
    return bytes(raw).decode("utf-8", "replace")[:80]
