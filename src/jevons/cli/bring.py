"""`jevons import`: another gateway's configuration as ours, and what it could not carry over."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jevons.cli.failure import Failure
from jevons.cli.options import Listed, example, shared
from jevons.types.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jevons.imports import Imported

__all__ = ("bring", "litellm", "portkey")

_LARGEST_BYTES = 4 * 1024 * 1024

_EXAMPLES = example(
    "jevons import litellm config.yaml > jevons.toml",
    "jevons import litellm config.yaml -o jevons.toml --json | jq .left",
    "curl -s https://example.org/config.json | jevons import portkey -",
)


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give an import its argument and options."""
    argument = click.argument(
        "source", type=click.Path(dir_okay=False, allow_dash=True), metavar="FILE"
    )
    out = click.option(
        "--output",
        "-o",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="PATH",
        help="Write the settings there, and not to standard output.",
    )
    force = click.option("--force", is_flag=True, help="Write over a file that is there.")
    return argument(out(force(shared(command))))


@click.group("import", cls=Listed, epilog=_EXAMPLES)
def bring() -> None:
    """Turn another gateway's configuration into settings of jevons.

    The settings go to standard output; what was carried over, changed or left goes to standard
    error, every leaf of the configuration once. Keys that stand in it are not written down: the
    report says which variables to set.
    """


@bring.command(
    epilog=example(
        "jevons import litellm config.yaml > jevons.toml",
        "jevons import litellm - -o jevons.toml < config.yaml",
    )
)
@_options
def litellm(**said: Any) -> None:
    """Turn LiteLLM's configuration in FILE into settings; `-` is standard input.

    Addresses that it takes from the environment (`os.environ/NAME`) are taken from here.
    """
    from jevons.imports import import_litellm

    _bring(import_litellm, **said)


@bring.command(
    epilog=example(
        "jevons import portkey config.json > jevons.toml",
        "jevons import portkey config.json --provider openai-prod=openai -o jevons.toml",
    )
)
@click.option(
    "--provider",
    "slugs",
    multiple=True,
    metavar="SLUG=PROVIDER",
    help="What a virtual key or @slug stands for, as `openai`; may repeat.",
)
@_options
def portkey(*, slugs: tuple[str, ...], **said: Any) -> None:
    """Turn Portkey's config in FILE, as JSON, into settings; `-` is standard input.

    Where a target names no model, it becomes one endpoint for each model of its provider's that
    the catalogue lists.
    """
    from functools import partial

    from jevons.imports import import_portkey

    _bring(partial(import_portkey, providers=_pairs(slugs)), **said)


def _pairs(slugs: tuple[str, ...]) -> dict[str, str]:
    parted = [slug.removeprefix("@").partition("=") for slug in slugs]
    pairs = {name: provider for name, _, provider in parted}
    if not all(pairs.values()):
        message = "it takes SLUG=PROVIDER, as openai-prod=openai"
        raise click.BadParameter(message, param_hint="--provider")
    return pairs


def _bring(
    turn: Callable[..., Imported],
    *,
    source: str,
    output: Path | None,
    force: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    from jevons.cli.screen import emit

    if output is not None and output.exists() and not force:
        message = f"{output} is there already; name another file or add --force"
        raise Failure(message, code="exists")
    try:
        imported = turn(_text(source), environ=_environ(), today=_today())
    except Malformed as error:
        name = "standard input" if source == "-" else source
        message = f"{name}: {error}"
        raise Failure(message, code=error.code) from None
    report = _report(imported)
    if not imported.endpoints:
        if not as_json:
            _tell(imported)
        message = "no endpoint could be carried over"
        raise Failure(message, code="nothing_carried", **report)
    if output is not None:
        output.write_text(imported.toml, encoding="utf-8")
    if as_json:
        emit({"toml": imported.toml, **report})
        return
    if output is None:
        click.echo(imported.toml, nl=False)
    _tell(imported)


def _text(source: str) -> str:
    with click.open_file(source, "rb") as file:
        data: bytes = file.read(_LARGEST_BYTES + 1)
    if len(data) > _LARGEST_BYTES:
        message = f"it has more than {_LARGEST_BYTES} bytes"
        raise Malformed(message)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"line {line}: it is not UTF-8"
        raise Malformed(message) from None


def _environ() -> Mapping[str, str]:
    return dict(os.environ)  # noqa: TID251 addresses that a configuration points to, no settings


def _today() -> str:
    from datetime import UTC, datetime

    from jevons.clock import SystemClock

    return datetime.fromtimestamp(SystemClock().now_ms() / 1e3, UTC).date().isoformat()


def _report(imported: Imported) -> dict[str, Any]:
    """Sort every leaf by what became of it."""
    sorted_: dict[str, list[dict[str, str]]] = {"carried": [], "changed": [], "left": []}
    for fate in imported.fates:
        sorted_[fate.state].append({"path": fate.path, "says": fate.says})
    return {
        "endpoints": imported.endpoints,
        **sorted_,
        "set": [each._asdict() for each in imported.needed],
        "notes": imported.notes,
    }


def _tell(imported: Imported) -> None:
    from jevons.cli.screen import console

    terminal = console(stderr=True)
    for line in _lines(imported):
        terminal.print(line, soft_wrap=True)


def _lines(imported: Imported) -> Iterator[str]:
    counts = [fate.state for fate in imported.fates]
    carried, changed, left = [counts.count(state) for state in ("carried", "changed", "left")]
    yield f"{len(counts)} settings: {carried} carried over, {changed} changed, {left} left"
    for state in ("carried", "changed", "left"):
        found = [fate for fate in imported.fates if fate.state == state]
        yield from ("", f"{state}:") if found else ()
        yield from [f"  {fate.path}: {fate.says}" for fate in found]
    if imported.needed:
        yield from ("", "to set in the environment before the start:")
        yield from [f"  {each.name}: {each.why}" for each in imported.needed]
    yield from ("", "otherwise than there:") if imported.notes else ()
    yield from [f"  {note}" for note in imported.notes]
