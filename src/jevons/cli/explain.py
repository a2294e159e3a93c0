"""`jevons policy explain`: one decision in words, one that could be or one that was.

Reads settings, profiles and the books on this machine; no server is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jevons.cli.options import example, existing_ledger, read_settings, shared

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.policy.egress import Egress
    from jevons.settings import Settings
    from jevons.types.account import Ended, Receipt
    from jevons.types.custody import Label
    from jevons.types.model import Endpoint

__all__ = ("explain", "labelled")

_CLASSES = ("public", "internal", "personal", "special")


@click.command(
    epilog=example(
        "jevons policy explain qwen --class personal --region EEA",
        "jevons policy explain req_01KASC0YVJ8J3Q5M9W8T2Z4X6B",
    )
)
@click.argument("what", metavar="MODEL|REQUEST")
@click.option("--class", "data_class", type=click.Choice(_CLASSES), help="Of the data.")
@click.option("--region", metavar="CODE", help="Where the people live whom it is about.")
@click.option("--unread", is_flag=True, help="With what cannot be looked through, as a picture.")
@click.option("--profile", metavar="PROFILE", help="Instead of the one that is switched on.")
@shared
def explain(
    *,
    what: str,
    data_class: str | None,
    region: str | None,
    unread: bool,
    profile: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Say whether data may go to a model, by which rule, and where else; or what became of one.

    MODEL is a model, an endpoint or an alias in the settings: each endpoint of it is explained.
    REQUEST is the `req_` id of a request in the books on this machine: what was decided is told
    as it was written then, and which endpoint its data may go to now. Status 1 if the data may
    go to no endpoint of MODEL, or REQUEST was refused.
    """
    from jevons.cli.screen import emit

    settings = read_settings(config)
    if what.startswith("req_"):
        told = _what_became(settings, what, profile)
    else:
        told = _what_would(settings, what, profile, data_class, region, unread=unread)
    if as_json:
        emit(told)
    else:
        for line in _lines(told):
            click.echo(line)
    if not told["is_allowed"]:
        raise click.exceptions.Exit(1)


def labelled(label: Label) -> dict[str, str]:
    """Write a label as JSON has it."""
    return {"data_class": label.data_class.word, "region": label.region}


def _lines(told: dict[str, Any]) -> list[str]:
    lines = [each["says"] for each in told.get("endpoints", [told])]
    if told.get("rules"):
        lines.append(f"allowed by {', '.join(told['rules'])}")
    if not told["is_allowed"]:
        lines.append(f"nearest endpoint that may have it: {told['nearest'] or 'none'}")
    return lines


def _what_would(
    settings: Settings,
    model: str,
    profile: str | None,
    data_class: str | None,
    region: str | None,
    *,
    unread: bool,
) -> dict[str, Any]:
    """Decide for each endpoint of a model, as of now."""
    from jevons.boot.policy import known_endpoints
    from jevons.catalog import Catalog
    from jevons.types.errors import UnknownModel

    egress, label = _egress(settings, profile, data_class, region, unread=unread)
    catalog = Catalog(known_endpoints(settings))
    asked = catalog.find(model)
    if not asked:
        names = ", ".join(each.name for each in catalog.endpoints) or "none"
        message = f"no endpoint is called {model!r}; the settings have {names}"
        raise UnknownModel(message)
    told = [_told(egress, label, endpoint) for endpoint in asked]
    return {
        "label": labelled(label),
        "is_allowed": any(each["is_allowed"] for each in told),
        "endpoints": told,
        "nearest": _nearest(egress, label, catalog.endpoints),
    }


def _what_became(settings: Settings, request: str, profile: str | None) -> dict[str, Any]:
    """Tell what was decided about a request, as its record has it."""
    from jevons.boot.policy import known_endpoints
    from jevons.types.account import Refused

    record = _recorded(settings, request)
    unread = bool(record.unread)
    egress, label = _egress(settings, profile, record.data_class, record.region, unread=unread)
    told = {
        "request": record.id,
        "at_ms": record.at_ms,
        "key": record.key,
        "asked": record.asked,
        "label": labelled(label),
        "policy": record.policy,
    }
    if isinstance(record, Refused):
        return told | {
            "is_allowed": False,
            "rule": record.rule,
            "says": record.says,
            "nearest": _nearest(egress, label, known_endpoints(settings)),
        }
    return told | {
        "is_allowed": True,
        "rules": record.rules,
        "says": _went(record),
        "nearest": record.endpoint,
    }


def _went(receipt: Receipt) -> str:
    """Say where a request's data went, in one sentence."""
    about = "" if receipt.region == "unknown" else f" of people in {receipt.region}"
    tried = "".join(f", after {each.endpoint!r} failed" for each in receipt.tried if each.error)
    if receipt.endpoint is None:
        return f"{receipt.data_class} data{about} was allowed to leave, and nobody answered{tried}"
    where = f"{receipt.endpoint!r} ({receipt.host}, {receipt.place})"
    return f"{receipt.data_class} data{about} went to {where}{tried}: {receipt.why}"


def _recorded(settings: Settings, request: str) -> Ended:
    import msgspec

    from jevons.store import look_up
    from jevons.types.account import Ended
    from jevons.types.errors import NotFound

    path = existing_ledger(settings)
    filed = look_up(path, request)
    if filed is None:
        message = f"no request {request!r} in {path}"
        raise NotFound(message)
    return msgspec.json.decode(filed.leaf, type=Ended)


def _egress(
    settings: Settings,
    profile: str | None,
    data_class: str | None,
    region: str | None,
    *,
    unread: bool,
) -> tuple[Egress, Label]:
    from jevons.boot.policy import house_label, load_profile
    from jevons.catalog.places import groups
    from jevons.policy.egress import Egress
    from jevons.policy.profile import CLASSES
    from jevons.types.custody import Label

    loaded = load_profile(profile or settings.policy.profile or "open")
    house = house_label(settings.policy, loaded)
    label = Label(
        data_class=CLASSES[data_class] if data_class else house.data_class,
        region=region or house.region,
        unread=unread,
    )
    return Egress(loaded, groups()), label


def _told(egress: Egress, label: Label, endpoint: Endpoint) -> dict[str, Any]:
    """Decide for one endpoint: as it is, else with tokens for what identifies people."""
    from jevons.clock import SystemClock
    from jevons.policy.egress import sentence, veiled

    moment_ms = SystemClock().now_ms()
    form, decision = label, egress.decide(label, endpoint, moment_ms)
    if not decision.is_allowed:
        form = veiled(label)
        decision = egress.decide(form, endpoint, moment_ms)
    return {
        "endpoint": endpoint.name,
        "is_allowed": decision.is_allowed,
        "is_veiled": form.veiled and decision.is_allowed,
        "rules": [each.id for each in decision.statements],
        "says": sentence(form if decision.is_allowed else label, endpoint, decision),
    }


def _nearest(egress: Egress, label: Label, endpoints: tuple[Endpoint, ...]) -> str | None:
    """Name the first endpoint that may have it; the settings' order is the operator's own."""
    may = [each.name for each in endpoints if _told(egress, label, each)["is_allowed"]]
    return may[0] if may else None
