"""`jevons policy explain`: one decision in words, one that could be or one that was.

Reads settings, profiles and the books on this machine; no server is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jevons.cli.options import A_REGION, example, existing_ledger, read_settings, shared

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.settings import Settings
    from jevons.types.account import Ended
    from jevons.types.actor import Actor
    from jevons.types.request import Generate

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
        told = _what_would(settings, what, **said)
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


def _what_would(
    settings: Settings, what: str, *, key: str | None, surface: str | None, **said: Any
) -> dict[str, Any]:
    from jevons.boot.weigh import would

    actor = _actor(settings, key) if key else None
    if what != "-" and not what.endswith(".json"):
        return would(settings, what, actor, **said)
    body = _read_body(what, surface)
    return would(settings, body.model, actor, body, **said)


def _what_became(settings: Settings, request: str, profile: str | None) -> dict[str, Any]:
    from jevons.boot.weigh import became

    record = _recorded(settings, request)
    actor = _actor(settings, record.key, must_exist=False)
    return became(settings, record, actor, profile=profile)


def _read_body(path: str, surface: str | None) -> Generate:
    """Read the body of a request, of a file or of standard input.

    Raises:
        Malformed: It is not one.
    """
    import sys
    from pathlib import Path

    import msgspec

    from jevons.clock import SystemClock
    from jevons.types.errors import Malformed
    from jevons.wire import embedding, messages, openai_chat, responses

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
