"""One request that could be, weighed against the rules for each endpoint by itself."""

from __future__ import annotations

import sys
from pathlib import Path
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
from jevons.policy.nearest import wanting
from jevons.policy.profile import CLASSES
from jevons.types.actor import Actor
from jevons.types.custody import UNKNOWN_PLACE, Label
from jevons.types.errors import CallerError, Malformed, PolicyError
from jevons.types.request import Inspected
from jevons.wire import embedding, messages, openai_chat, responses

if TYPE_CHECKING:
    from jevons.policy import Rule
    from jevons.settings import Settings
    from jevons.types.model import Endpoint
    from jevons.types.request import Generate

__all__ = ("Weighing", "cited", "read_body", "weighing")

_BY_KEY, _BY_REQUEST = RULES[2:-2], RULES[-2:]
"""Rules that are asked of one endpoint before the profile, and after it. The first two are not:
whoever asks at a terminal is no key, and what model it is was found out before."""

_ANYBODY = Actor(key="", name="anybody", salting=b"")


class Weighing(NamedTuple):
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


def weighing(
    settings: Settings,
    model: str,
    actor: Actor | None = None,
    body: Generate | None = None,
    *,
    profile: str | None,
    data_class: str | None,
    region: str | None,
    unread: bool,
) -> Weighing:
    """Put together what is asked.

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
        Misconfigured: There is no such profile, or it is none.
    """
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
    return Weighing(asking, Egress(loaded, groups()), Catalog(known_endpoints(settings)))


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


def read_body(path: str, surface: str | None) -> Generate:
    """Read the body of a request.

    Args:
        path: Of a file; `-` is standard input.
        surface: That it is written for; None guesses by its fields.

    Raises:
        Malformed: It is not one.
    """
    try:
        body = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (OSError, msgspec.DecodeError) as error:
        message = f"{path}: {error}"
        raise Malformed(message) from None
    parse = {
        "chat": openai_chat.parse_request,
        "responses": responses.parse_request,
        "messages": messages.parse_request,
        "embeddings": embedding.parse_request,
    }[surface or ("responses" if "input" in fields else "chat")]
    return parse(body, id="req_", at_ms=SystemClock().now_ms(), actor=None)


def cited(rule: str, says: str) -> str:
    """Add to the sentence of one of the house's own rules where that rule is written."""
    found = [each.judge for each in RULES if each.name == rule]
    if not found:
        return says
    code: Any = getattr(found[0], "__code__")  # noqa: B009 a rule is any callable; ours are functions
    bare = f"(rule {rule})"
    whole = f"(rule {rule}, jevons/policy/rules.py line {code.co_firstlineno})"
    return says.replace(bare, whole) if bare in says else f"{says} {whole}"
