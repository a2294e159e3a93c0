"""One request that could be, or one that was, weighed against the rules for each endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from jevons.boot.policy import house_label, known_endpoints, load_profile
from jevons.boot.privacy import open_privacy
from jevons.catalog import Catalog
from jevons.catalog.places import groups
from jevons.clock import SystemClock
from jevons.policy import RULES, Asking
from jevons.policy.egress import Egress, sentence, veiled
from jevons.policy.judge import can_veil
from jevons.policy.nearest import nearest, wanting
from jevons.policy.profile import CLASSES
from jevons.types.account import Refused
from jevons.types.actor import Actor
from jevons.types.custody import UNKNOWN_PLACE, Label
from jevons.types.errors import CallerError, PolicyError, UnknownModel
from jevons.types.request import Inspected

if TYPE_CHECKING:
    from jevons.policy import Rule
    from jevons.settings import Settings
    from jevons.types.account import Ended, Receipt
    from jevons.types.model import Endpoint
    from jevons.types.request import Generate

__all__ = ("became", "cited", "would")

_BY_KEY, _BY_REQUEST = RULES[2:-2], RULES[-2:]
"""Rules that are asked of one endpoint before the profile, and after it. The first two are not:
whoever asks at a terminal is no key, and what model it is was found out before."""

_ANYBODY = Actor(key="", name="anybody", salting=b"")


def would(
    settings: Settings,
    model: str,
    actor: Actor | None = None,
    body: Generate | None = None,
    *,
    profile: str | None = None,
    data_class: str | None = None,
    region: str | None = None,
    unread: bool = False,
) -> dict[str, Any]:
    """Decide for each endpoint of a model, or each that a request asks for, as of now.

    Args:
        settings: What there is, and what the house says of its data.
        model: Asked for.
        actor: Whose limits count; None is anybody, who has none.
        body: What is asked of it; None is nothing in particular.
        profile: Instead of the one in the settings.
        data_class: Of the data, instead of what the key and the house say.
        region: Where the people live whom it is about, instead of that too.
        unread: Whether some of it cannot be looked through.

    Raises:
        UnknownModel: There is none.
        Misconfigured: There is no such profile, or it is none.
    """
    it = _weighing(
        settings,
        model,
        actor,
        body,
        profile=profile,
        data_class=data_class,
        region=region,
        unread=unread,
    )
    asked = it.catalog.find(model)
    if not asked:
        names = ", ".join(each.name for each in it.catalog.endpoints) or "none"
        message = f"no endpoint is called {model!r}; the settings have {names}"
        raise UnknownModel(message)
    told = [it.told(each) for each in asked]
    return {
        "label": _labelled(it),
        "is_allowed": any(each["is_allowed"] for each in told),
        "endpoints": told,
        **_elsewhere(it, asked),
    }


def became(
    settings: Settings, record: Ended, actor: Actor | None, *, profile: str | None = None
) -> dict[str, Any]:
    """Tell what was decided about a request, as its record has it.

    Args:
        settings: What there is now.
        record: Of what it came to.
        actor: Whose it was; None where nobody knows any more.
        profile: Instead of the one in the settings.

    Raises:
        Misconfigured: There is no such profile, or it is none.
    """
    it = _weighing(
        settings,
        record.asked,
        actor,
        profile=profile,
        data_class=record.data_class,
        region=record.region,
        unread=bool(record.unread),
    )
    told = {
        "request": record.id,
        "at_ms": record.at_ms,
        "key": record.key,
        "asked": record.asked,
        "label": _labelled(it),
        "policy": record.policy,
    }
    if isinstance(record, Refused):
        return told | {
            "is_allowed": False,
            "rule": record.rule,
            "says": cited(record.rule, record.says),
            **_elsewhere(it, it.catalog.find(record.asked)),
        }
    return told | {
        "is_allowed": True,
        "rules": record.rules,
        "says": _went(record),
        "nearest": record.endpoint,
    }


class _Weighing(NamedTuple):
    """What is asked, and all there is to ask about it."""

    asking: Asking
    egress: Egress
    catalog: Catalog

    def told(self, endpoint: Endpoint) -> dict[str, Any]:
        """Decide for one endpoint: as it is, else with tokens for what identifies people."""
        refused = self._refused(_BY_KEY, endpoint)
        if refused is not None:
            return refused
        label = self.asking.label
        form, decision = label, self.egress.decide(label, endpoint, self.asking.moment_ms)
        if not decision.is_allowed and self.asking.can_veil:
            form = veiled(label)
            decision = self.egress.decide(form, endpoint, self.asking.moment_ms)
        refused = self._refused(_BY_REQUEST, endpoint) if decision.is_allowed else None
        if refused is not None:
            return refused
        return {
            "endpoint": endpoint.name,
            "is_allowed": decision.is_allowed,
            "is_veiled": form.veiled and decision.is_allowed,
            "rules": [each.id for each in decision.statements],
            "says": sentence(form if decision.is_allowed else label, endpoint, decision),
        }

    def wants(self, endpoint: Endpoint) -> list[str]:
        """Say what would have to be otherwise for an endpoint that may not have it."""
        asking = self.asking
        found: list[str] = []
        if self._refused(_BY_KEY[:1], endpoint):
            found.append("the key might use it")
        if self._refused(_BY_KEY[1:], endpoint):
            known = f"the key might reach {endpoint.place}"
            found.append("its place were known" if endpoint.place == UNKNOWN_PLACE else known)
        label = veiled(asking.label) if asking.can_veil else asking.label
        if not self.egress.decide(label, endpoint, asking.moment_ms).is_allowed:
            found += wanting(self.egress, label, endpoint, asking.moment_ms) or ()
        if asking.needs - endpoint.can:
            found.append(f"it could do {', '.join(sorted(asking.needs - endpoint.can))}")
        if self._refused(_BY_REQUEST[1:], endpoint):
            found.append("the prompt were shorter")
        return found

    def _refused(self, rules: tuple[Rule, ...], endpoint: Endpoint) -> dict[str, Any] | None:
        for rule in rules:
            try:
                rule.judge(self.asking, (endpoint,))
            except (PolicyError, CallerError) as refusal:
                return {
                    "endpoint": endpoint.name,
                    "is_allowed": False,
                    "is_veiled": False,
                    "rules": [rule.name],
                    "says": cited(rule.name, str(refusal)),
                }
        return None


def _weighing(
    settings: Settings,
    model: str,
    actor: Actor | None = None,
    body: Generate | None = None,
    *,
    profile: str | None,
    data_class: str | None,
    region: str | None,
    unread: bool,
) -> _Weighing:
    """Put together what is asked."""
    loaded = load_profile(profile or settings.policy.profile or "open")
    house, whose = house_label(settings.policy, loaded), actor or _ANYBODY
    said = CLASSES[data_class] if data_class else whose.data_class
    label = Label(
        data_class=house.data_class if said is None else said,
        region=region or whose.region or house.region,
        unread=unread,
    )
    asking = Asking(model, whose, SystemClock().now_ms(), label=label, can_veil=True)
    if body is not None:
        asking = _asked(asking, _looked_through(body, settings))
    return _Weighing(asking, Egress(loaded, groups()), Catalog(known_endpoints(settings)))


def _looked_through(body: Generate, settings: Settings) -> Generate:
    """Have a request looked through, as the house would."""
    privacy = open_privacy(settings.privacy)
    inspected = None if privacy is None else privacy.inspect(body)
    return msgspec.structs.replace(body, inspected=inspected)


def _asked(asking: Asking, body: Generate) -> Asking:
    """Ask what a request asks: its class only rises, and what nobody looked through is not read."""
    label, seen = asking.label, body.inspected or Inspected(unread=("all of it",))
    return asking._replace(
        needs=body.needs,
        size_bytes=body.source.size_bytes,
        messages=body.messages,
        label=msgspec.structs.replace(
            label,
            data_class=max(label.data_class, seen.data_class),
            unread=label.unread or bool(seen.unread),
        ),
        can_veil=can_veil(body),
    )


def _labelled(it: _Weighing) -> dict[str, str]:
    """Write what is known of the data as JSON has it."""
    label = it.asking.label
    return {"data_class": label.data_class.word, "region": label.region}


def _elsewhere(it: _Weighing, asked: tuple[Endpoint, ...]) -> dict[str, Any]:
    """Find where else it may go, and what would have to be otherwise for where it may not."""
    endpoints = it.catalog.endpoints
    allowed = [each for each in endpoints if it.told(each)["is_allowed"]]
    refused = [each for each in asked if each not in allowed]
    near = nearest((*refused, *asked, *allowed)[0], allowed) if allowed else None
    return {
        "nearest": None if near is None else near.endpoint.name,
        "nearest_is_veiled": near is not None and it.told(near.endpoint)["is_veiled"],
        "differs": () if near is None else near.differs,
        "refused": [{"endpoint": each.name, "wants": it.wants(each)} for each in refused],
    }


def _went(receipt: Receipt) -> str:
    """Say where a request's data went, in one sentence."""
    about = "" if receipt.region == "unknown" else f" of people in {receipt.region}"
    tried = "".join(f", after {each.endpoint!r} failed" for each in receipt.tried if each.error)
    if receipt.endpoint is None:
        return f"{receipt.data_class} data{about} was allowed to leave, and nobody answered{tried}"
    where = f"{receipt.endpoint!r} ({receipt.host}, {receipt.place})"
    return f"{receipt.data_class} data{about} went to {where}{tried}: {receipt.why}"


def cited(rule: str, says: str) -> str:
    """Add to the sentence of one of the house's own rules where that rule is written."""
    found = [each.judge for each in RULES if each.name == rule]
    if not found:
        return says
    code: Any = getattr(found[0], "__code__")  # noqa: B009 a rule is any callable; ours are functions
    bare = f"(rule {rule})"
    whole = f"(rule {rule}, jevons/policy/rules.py line {code.co_firstlineno})"
    return says.replace(bare, whole) if bare in says else f"{says} {whole}"
