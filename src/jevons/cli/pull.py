"""`jevons pull`: fetch weights and verify them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from jevons.cli.options import example, read_settings, shared, weights_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from jevons.engine.pull import Progress
    from jevons.settings import Settings
    from jevons.types.weights import Weights

__all__ = ("fetch", "pull", "wanted")


@click.command(
    epilog=example(
        "jevons pull qwen2.5-coder-0.5b-instruct",
        "jevons pull hf://Qwen/Qwen2.5-0.5B-Instruct-GGUF/qwen2.5-0.5b-instruct-q4_k_m.gguf",
    )
)
@click.argument("reference", metavar="NAME|hf://…|file://…")
@shared
def pull(*, reference: str, config: Path | None, as_json: bool) -> None:
    """Fetch weights into the data folder, and verify every byte.

    The names are those of `jevons models`. Sources are tried in order; a broken download
    continues where it stopped.
    """
    from jevons.cli.screen import emit

    weights = fetch(reference, weights_dir(read_settings(config)))
    if as_json:
        emit(weights)
    else:
        click.echo(f"{weights.name}: {weights.path}")


def wanted(settings: Settings) -> Weights:
    """Have the weights that the settings name, or the default ones, fetched if need be.

    Raises:
        WeightsRefused: No source had the bytes that were promised.
    """
    from jevons.catalog.weights import DEFAULT

    return fetch(settings.engine.model or DEFAULT, weights_dir(settings))


def fetch(reference: str, folder: Path) -> Weights:
    """Fetch weights unless they are there, showing progress on standard error.

    Raises:
        WeightsRefused: No source had the bytes that were promised.
    """
    from jevons.engine.pull import pull as pull_weights

    with _progress() as show:
        return pull_weights(reference, folder, show)


@contextmanager
def _progress() -> Generator[Callable[[Progress], None]]:
    """Show a bar for each source as it is tried."""
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TransferSpeedColumn,
    )
    from rich.progress import (
        Progress as Bars,
    )

    from jevons.cli.screen import console

    columns = (
        TextColumn("{task.description}"),
        BarColumn(24),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    bars = Bars(*columns, console=console(stderr=True), transient=False)
    tasks: dict[str, object] = {}

    def show(progress: Progress) -> None:
        task = tasks.get(progress.source)
        if task is None:
            task = tasks[progress.source] = bars.add_task(
                progress.source, total=progress.total_bytes
            )
        bars.update(task, completed=progress.done_bytes)

    with bars:
        yield show
