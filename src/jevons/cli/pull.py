"""`jevons pull`: fetch weights and verify them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from jevons.cli.options import example, read_settings, shared, weights_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from rich.progress import TaskID

    from jevons.engine.pull import Progress, Weights
    from jevons.settings import Settings

__all__ = ("bars", "fetch", "pull", "wanted")


@click.command(
    epilog=example(
        "jevons pull qwen2.5-coder-1.5b",
        "jevons pull hf://OWNER/REPOSITORY/FILE.gguf --allow-unpinned",
    )
)
@click.argument("reference", metavar="NAME|hf://...|file://...")
@click.option(
    "--allow-unpinned", is_flag=True, help="Take bytes that nothing vouches for, and hold to them."
)
@shared
def pull(*, reference: str, allow_unpinned: bool, config: Path | None, as_json: bool) -> None:
    """Fetch weights into the data folder, and verify every byte.

    The names are those of `jevons models`. Sources are tried in order; a broken download
    continues where it stopped.
    """
    from jevons.cli.screen import emit

    folder = weights_dir(read_settings(config))
    weights = fetch(reference, folder, allow_unpinned=allow_unpinned)
    if as_json:
        emit({"name": weights.name, "path": str(weights.path), "sha256": weights.sha256})
    else:
        click.echo(f"{weights.path}\nsha256 {weights.sha256}")


def wanted(settings: Settings) -> Weights:
    """Have the weights that the settings name, or the best default, fetched if need be.

    Raises:
        WeightsRefused: No source had the bytes that were promised.
    """
    from jevons.engine.pull import find

    folder = weights_dir(settings)
    found = find(settings.engine.model, folder)
    if found is not None:
        return found
    if settings.engine.model is not None:
        return fetch(settings.engine.model, folder)
    return _fetch_default(folder)


def _fetch_default(folder: Path) -> Weights:
    """Fetch the first default that can be had, saying why those before it could not."""
    from jevons.catalog.weights import weights_cards
    from jevons.types.errors import WeightsRefused

    names = [card.name for card in weights_cards() if card.rank is not None]
    for name in names[:-1]:
        try:
            return fetch(name, folder)
        except WeightsRefused as error:
            click.echo(f"{error}; trying the next", err=True)
    return fetch(names[-1], folder)


def fetch(reference: str, folder: Path, *, allow_unpinned: bool = False) -> Weights:
    """Fetch weights, showing progress on standard error.

    Raises:
        WeightsRefused: No source had the bytes that were promised.
    """
    from jevons.engine.pull import pull as pull_weights

    with bars() as show:
        return pull_weights(reference, folder, show, allow_unpinned=allow_unpinned)


@contextmanager
def bars() -> Generator[Callable[[Progress], None]]:
    """Show a bar for each step on standard error; without a terminal, its last state at the end."""
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    from jevons.cli.screen import console

    label = TextColumn("{task.description}", markup=False)
    columns = (label, BarColumn(20), DownloadColumn(), TransferSpeedColumn())
    shown = Bars(*columns, console=console(stderr=True))
    tasks: dict[str, TaskID] = {}

    def show(progress: Progress) -> None:
        name = f"{progress.step} {progress.detail}"
        if progress.step == "failed":
            shown.console.print(name)
            return
        shown.start()
        if name not in tasks:
            tasks[name] = shown.add_task(name, total=progress.total_bytes)
        shown.update(tasks[name], completed=progress.done_bytes, total=progress.total_bytes)

    try:
        yield show
    finally:
        if tasks:
            shown.stop()
