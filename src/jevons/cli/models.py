"""`jevons models`: what can be asked, and which weights can be had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jevons.cli.options import example, read_settings, shared, weights_dir

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.settings import Settings


__all__ = ("models",)


@click.command(epilog=example("jevons models", "jevons models --json"))
@shared
def models(*, config: Path | None, as_json: bool) -> None:
    """List the endpoints that are configured and the weights in the catalogue.

    Reads settings and disk only; no server is asked.
    """
    from jevons.cli.screen import emit

    settings = read_settings(config)
    endpoints, weights = _endpoints(settings), _weights(settings)
    if as_json:
        emit({"endpoints": endpoints, "weights": weights})
    else:
        _show(endpoints, weights)


def _show(endpoints: list[dict[str, Any]], weights: list[dict[str, Any]]) -> None:
    from jevons.cli.screen import console, table

    terminal = console()
    remote = table("endpoint", "model", "place", "price", "url")
    for each in endpoints:
        price = "known" if each["is_priced"] else "unknown"
        remote.add_row(each["name"], each["model"], each["place"], price, each["url"])
    if endpoints:
        terminal.print(remote)
    local = table("weights", "size", "licence", "sha256", "here", right=("size",))
    for each in weights:
        pinned = "pinned" if each["is_pinned"] else "not pinned"
        here = "yes" if each["is_here"] else "-"
        local.add_row(each["name"], _size(each["size_bytes"]), each["licence"], pinned, here)
    terminal.print(local)


def _size(size_bytes: int | None) -> str:
    from jevons.figures import bytes_of

    return "not known" if size_bytes is None else bytes_of(size_bytes)


def _endpoints(settings: Settings) -> list[dict[str, Any]]:
    from jevons.boot.remote import row_of, url_of

    return [
        {
            "name": each.name,
            "model": each.model,
            "place": row.place,
            "url": url_of(each),
            "is_priced": row.price is not None,
        }
        for each, row in ((each, row_of(each)) for each in settings.endpoint)
    ]


def _weights(settings: Settings) -> list[dict[str, Any]]:
    from jevons.catalog.weights import weights_cards

    folder = weights_dir(settings)
    return [
        {
            "name": card.name,
            "model": card.model,
            "size_bytes": card.size_bytes,
            "licence": card.licence,
            "good_for": card.good_for,
            "is_pinned": card.sha256 is not None,
            "is_default": card.rank is not None,
            "is_here": (folder / card.file_name).exists(),
        }
        for card in weights_cards()
    ]
