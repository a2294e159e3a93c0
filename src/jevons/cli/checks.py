"""What `jevons doctor` looks at, one function each.

Rule 1: a check changes nothing.
Rule 2: what is not ok says what to do.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from jevons import figures
from jevons.cli.client import Client, address
from jevons.cli.options import ledger_path, weights_dir
from jevons.clock import SystemClock
from jevons.settings import load
from jevons.types.errors import JevonsError, StoreUnavailable, WeightsRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jevons.engine.power import Counter
    from jevons.settings import Settings
    from jevons.store.where import Where

__all__ = ("Line", "energy", "examine")

_OLDEST = (3, 11)
_ROOM_BYTES = 2_000_000_000
"""The default weights, twice while they are fetched, and a ledger of a million answers."""
_BLOCK_BYTES = 4 * 1024 * 1024
_RAPL = Path("/sys/class/powercap/intel-rapl:0/energy_uj")
"""Energy of the first processor package: Linux, Documentation/power/powercap."""
_NVIDIA = Path("/proc/driver/nvidia/version")
_OTHER_PORT = "stop it, or set server.port (JEVONS_SERVER_PORT) to a free one"
_ELSEWHERE = "set JEVONS_DATA_DIR to a folder elsewhere"
_BUILT_MS = 1_767_225_600_000
"""2026-01-01. A clock that shows less is wrong: no release is older."""


class Line(NamedTuple):
    """One finding."""

    state: Literal["ok", "warn", "fail"]
    name: str
    found: str
    advice: str | None = None


def examine(config: Path | None, *, quick: bool = False) -> Iterator[Line]:
    """Look at everything, in the order in which it would go wrong.

    Args:
        config: Settings file; None is the usual one.
        quick: Do not read the weights.
    """
    yield from (_python(), _system(), _engine(), _clock(), _energy())
    try:
        settings = load(config)
    except JevonsError as error:
        yield Line("fail", "settings", str(error), "mend the file; see docs/reference/settings.md")
        return
    path = config or Path("jevons.toml")
    yield Line("ok", "settings", str(path) if path.exists() else "defaults")
    if settings.privacy.names:
        yield _names(settings)
    yield _folder(settings)
    yield _room(settings)
    yield from _weights(settings, quick=quick)
    yield _port(settings)
    ledger = ledger_path(settings)
    if not isinstance(ledger, Path) or ledger.exists():
        yield _ledger(ledger)


def _python() -> Line:
    found = platform.python_version()
    if sys.version_info < _OLDEST:
        return Line("fail", "python", found, "install Python 3.11 or newer, and jevons under it")
    return Line("ok", "python", found)


def _system() -> Line:
    found = f"{sys.platform} {platform.machine()}, {os.cpu_count()} processors"
    if sys.platform not in {"linux", "darwin"}:
        return Line("warn", "system", found, "it is tested on Linux and macOS only: run it there")
    return Line("ok", "system", found)


def _engine() -> Line:
    if find_spec("xllamacpp") is None:
        advice = ".venv/bin/pip install -e '.[engine]', or set engine.enabled = false"
        return Line("warn", "engine", "not installed: only remote endpoints are served", advice)
    return Line("ok", "engine", "llama.cpp is installed")


def _names(settings: Settings) -> Line:
    from jevons.boot.privacy import open_privacy

    try:
        open_privacy(settings.privacy)
    except JevonsError as error:
        advice = ".venv/bin/pip install -e '.[ner]', or set privacy.names = false"
        return Line("fail", "names", str(error), advice)
    return Line("ok", "names", "the model that finds them is installed, and is the one measured")


def _clock() -> Line:
    now_ms = SystemClock().now_ms()
    found = f"{datetime.fromtimestamp(now_ms / 1e3, UTC):%Y-%m-%d %H:%M:%S} UTC"
    if now_ms < _BUILT_MS:
        return Line("fail", "clock", found, "set the machine's clock: receipts carry its time")
    return Line("ok", "clock", found)


def _energy() -> Line:
    from jevons.engine.power import nvml, rapl

    return energy(processors=rapl(), cards=nvml())


def energy(*, processors: Counter | None, cards: Counter | None) -> Line:
    """Say which counter the engine would read.

    Args:
        processors: What it finds where processors compute.
        cards: What it finds where a graphics card does.
    """
    found = ["RAPL, of the processors"] if processors else []
    found += ["NVML, of the graphics cards"] if cards else []
    if not found:
        modelled = "modelled from processor time: no counter can be read"
        return Line("ok", "energy", modelled, _missing_counter())
    shown = " or ".join(found) + (", where the engine computes" if len(found) > 1 else "")
    return Line("ok", "energy", f"measured: {shown}")


def _missing_counter() -> str:
    """Say how the interval gets narrower on this machine."""
    if _NVIDIA.exists() and find_spec("pynvml") is None:
        return ".venv/bin/pip install -e '.[nvidia]' reads the graphics cards"
    if _RAPL.exists():
        return f"RAPL is there: let the server's user read {_RAPL}, or set house.watts_per_thread"
    return "set house.watts_per_thread and house.grid for a narrower interval"


def _folder(settings: Settings) -> Line:
    folder = settings.data_dir
    there = _nearest(folder)
    if not (there.is_dir() and os.access(there, os.W_OK)):
        return Line("fail", "data folder", f"{folder} cannot be written", _ELSEWHERE)
    return Line("ok", "data folder", str(folder) if folder.exists() else f"{folder}, not made yet")


def _room(settings: Settings) -> Line:
    free = shutil.disk_usage(_nearest(settings.data_dir)).free
    found = f"{figures.bytes_of(free)} free"
    if free < _ROOM_BYTES:
        advice = (
            f"free {figures.bytes_of(_ROOM_BYTES)} for the model and the ledger, or {_ELSEWHERE}"
        )
        return Line("warn", "room", found, advice)
    return Line("ok", "room", found)


def _nearest(folder: Path) -> Path:
    """Find the folder itself, or the nearest above it that exists."""
    return next(each for each in (folder, *folder.absolute().parents) if each.exists())


def _weights(settings: Settings, *, quick: bool) -> Iterator[Line]:
    from jevons.engine.pull import find

    if not settings.engine.enabled:
        yield Line("ok", "weights", "engine.enabled is false: none are needed")
        return
    folder, name = weights_dir(settings), settings.engine.model
    try:
        wanted = find(name, folder)
    except WeightsRefused as error:
        yield Line("fail", "weights", str(error), "set engine.model to one of these")
        return
    if wanted is None:
        missing = f"{name} is not here" if name else f"no default model is in {folder}"
        advice = "`jevons serve` fetches it; one that was written to since is read again first"
        yield Line("warn", "weights", missing, advice)
    for path in sorted(folder.glob("*.gguf")):
        yield Line("ok", "weights", f"{path.name}, not read") if quick else _held(path)


def _held(path: Path) -> Line:
    """Hold weights against what the catalogue promises, or against what was fetched once."""
    from jevons.catalog.weights import weights_cards
    from jevons.engine.stamp import promised_by

    pinned = {card.file_name: card.sha256 for card in weights_cards()}.get(path.name)
    promised = pinned or promised_by(path)
    if promised is None:
        advice = f"nothing vouches for it: name it in engine.model, file://{path}, or remove it"
        return Line("warn", "weights", f"{path.name}, not fetched by jevons", advice)
    sha256 = _sha256(path)
    if sha256 != promised:
        advice = f"`jevons pull {path.stem}` (or the hf:// it is from) removes it and fetches it"
        return Line("fail", "weights", f"{path.name} has sha256 {sha256}, not {promised}", advice)
    promise = "the catalogue's" if pinned else "that of its first fetch"
    return Line("ok", "weights", f"{path.name}, sha256 is {promise}")


def _sha256(path: Path) -> str:
    from jevons.cli.pull import bars
    from jevons.engine.pull import Progress

    digest, total, done = hashlib.sha256(), path.stat().st_size, 0
    with bars() as show, path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            done += len(block)
            show(Progress("verify", path.stem, done, total))
    return digest.hexdigest()


def _port(settings: Settings) -> Line:
    if settings.server.port == 0:
        return Line("ok", "port", "a free one is taken at each start")
    client = Client(address(settings), None)
    where = client.url.partition("://")[2]
    found = client.presence()
    if found == "nobody":
        return Line("ok", "port", f"{where} is free")
    if found == "jevons":
        return Line("ok", "port", f"jevons answers at {where}")
    return Line("fail", "port", f"another program answers at {where}", _OTHER_PORT)


def _ledger(where: Where) -> Line:
    from jevons.store import verify

    try:
        report = verify(where)
    except StoreUnavailable as error:
        return Line(
            "fail", "ledger", str(error), "see to the database server, and to [ledger] database"
        )
    if not report.ok:
        found = f"does not hold, findings: {len(report.findings)}"
        advice = "`jevons verify` says which; docs/how-to/check-the-books.md, what to do then"
        return Line("fail", "ledger", found, advice)
    return Line("ok", "ledger", f"verified, {report.leaves} records")
