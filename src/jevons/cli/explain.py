"""`jevons policy explain`: one decision in words, one that could be or one that was.

Reads settings, profiles and the books on this machine; no server is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jevons.cli.options import A_REGION, example, existing_ledger, read_settings, shared

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.cli.weigh import Weighing
    from jevons.settings import Settings
    from jevons.types.account import Ended, Receipt
    from jevons.types.actor import Actor
    from jevons.types.model import Endpoint

__all__ = ("explain",)

_CLASSES = ("public", "internal", "personal", "special")
_SURFACES = ("chat", "responses", "messages", "embeddings")


@click.command(
    epilog=example(
        "jevons policy explain qwen --class personal --region EEA",
        "jevons policy explain body.json --surface messages --key key_01KASC0YVJ8J3Q5M9W8T2Z4X6B",
        "jevons policy explain req_01KASC0YVJ8J3Q5M9W8T2Z4X6B",
    )
)
@click.argument("what", metavar="MODEL|FILE|REQUEST")
@click.option("--class", "data_class", type=click.Choice(_CLASSES), help="Of the data.")
@click.option(
    "--region", type=A_REGION, metavar="CODE", help="Where the people live whom it is about."
)
@click.option("--unread", is_flag=True, help="With what cannot be looked through, as a picture.")
@click.option("--key", metavar="KEY", help="Whose limits count too: the key_ id of a key.")
@click.option("--surface", type=click.Choice(_SURFACES), help="That FILE is written for.")
@click.option("--profile", metavar="PROFILE", help="Instead of the one that is switched on.")
@shared
def explain(*, what: str, config: Path | None, as_json: bool, **said: Any) -> None:
    """Say whether data may go to a model, by which rule, and where else; or what became of one.

    MODEL is a model, an endpoint or an alias in the settings: each endpoint of it is explained.
    FILE is the body of a request, a path that ends in .json or - for standard input: what it
    needs, how long it is and what is found in it count too.
    REQUEST is the req_ id of a request in the books on this machine: what was decided is told
    as it was written then, and which endpoint its data may go to now. Status 1 if the data may
    go to no endpoint of MODEL or FILE, or REQUEST was refused.
    """
    from jevons.cli.screen import emit

    settings = read_settings(config)
    if what.startswith("req_"):
        told = _what_became(settings, what, said["profile"])
    else:
        told = _what_would(settings, what, said)
    if as_json:
        emit(told)
    else:
        for line in _lines(told):
            click.echo(line)
    if not told["is_allowed"]:
        raise click.exceptions.Exit(1)


def _lines(told: dict[str, Any]) -> list[str]:
    each_told = told.get("endpoints", [told])
    lines = [each["says"] for each in each_told]
    if told.get("rules"):
        lines.append(f"allowed by {', '.join(told['rules'])}")
    if told["is_allowed"]:
        return lines
    if told["nearest"] is None:
        lines.append("no endpoint in the settings may have it")
    else:
        form = ", veiled" if told["nearest_is_veiled"] else ""
        differs = "; ".join(told["differs"]) or "alike in all that policies are told"
        lines.append(f"nearest endpoint that may have it{form}: {told['nearest']} ({differs})")
    lines += [
        f"{each['endpoint']!r} could have it if {' and '.join(each['wants'])}"
        for each in told["refused"]
        if each["wants"]
    ]
    return lines


def _what_would(settings: Settings, what: str, said: dict[str, Any]) -> dict[str, Any]:
    """Decide for each endpoint of a model, or each that a request asks for, as of now."""
    from jevons.cli.weigh import read_body, weighing
    from jevons.types.errors import UnknownModel

    actor = _actor(settings, said["key"]) if said["key"] else None
    body = None
    if what == "-" or what.endswith(".json"):
        body = read_body(what, said["surface"])
        what = body.model
    it = weighing(
        settings,
        what,
        actor,
        body,
        profile=said["profile"],
        data_class=said["data_class"],
        region=said["region"],
        unread=said["unread"],
    )
    asked = it.catalog.find(what)
    if not asked:
        names = ", ".join(each.name for each in it.catalog.endpoints) or "none"
        message = f"no endpoint is called {what!r}; the settings have {names}"
        raise UnknownModel(message)
    told = [it.told(each) for each in asked]
    return {
        "label": _labelled(it),
        "is_allowed": any(each["is_allowed"] for each in told),
        "endpoints": told,
        **_elsewhere(it, asked),
    }


def _what_became(settings: Settings, request: str, profile: str | None) -> dict[str, Any]:
    """Tell what was decided about a request, as its record has it."""
    from jevons.cli.weigh import cited, weighing
    from jevons.types.account import Refused

    record = _recorded(settings, request)
    it = weighing(
        settings,
        record.asked,
        _actor(settings, record.key, must_exist=False),
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


def _labelled(it: Weighing) -> dict[str, str]:
    """Write what is known of the data as JSON has it."""
    label = it.asking.label
    return {"data_class": label.data_class.word, "region": label.region}


def _elsewhere(it: Weighing, asked: tuple[Endpoint, ...]) -> dict[str, Any]:
    """Find where else it may go, and what would have to be otherwise for where it may not."""
    from jevons.policy.nearest import nearest

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


def _actor(settings: Settings, key: str, *, must_exist: bool = True) -> Actor | None:
    """Find what a key may do.

    Raises:
        NotFound: There is none with that id.
    """
    from jevons.store import keys_in
    from jevons.types.errors import NotFound

    found = [each for each in keys_in(existing_ledger(settings)) if each.key == key]
    if not found and must_exist:
        message = f"no key is called {key!r}; `jevons keys list` names them"
        raise NotFound(message)
    return found[0] if found else None
