"""A view as one file that needs nothing else: to be kept, sent and printed."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from markupsafe import Markup

from jevons.dashboard.frame import asset, write

if TYPE_CHECKING:
    from jevons.dashboard.blocks import View

__all__ = ("sheet",)


def sheet(view: View, *, origin: str, made: str, is_synthetic: bool) -> str:
    """Write a view as HTML that holds its own styles and font, and asks nobody for anything.

    Args:
        view: What it shows.
        origin: Of the log that it was made of.
        made: When, and as of which state of the log.
        is_synthetic: Whether the records were made up.
    """
    font = f"data:font/woff2;base64,{b64encode(asset('inter.woff2')).decode()}"
    style = asset("style.css").decode().replace("inter.woff2", font)
    return write(
        "sheet.html",
        view=view,
        style=Markup(style),  # noqa: S704 ours
        origin=origin,
        made=made,
        is_synthetic=is_synthetic,
        is_file=True,
    )
