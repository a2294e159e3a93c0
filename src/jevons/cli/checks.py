"""What `jevons doctor` looks at, one function each.

Rule 1: a check changes nothing, apart from opening the engine to see that it opens.
Rule 2: what is not ok says what to do.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from jevons.cli import figures
from jevons.cli.client import locate
from jevons.cli.options import ledger_path, weights_dir
from jevons.clock import SystemClock
from jevons.settings import load
from jevons.types.errors import JevonsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jevons.settings import Settings

__all__ = ("Line", "examine")

_OLDEST = (3, 11)
_ROOM_BYTES = 2_000_000_000
"""The default weights, twice while they are fetched, and a ledger of a million answers."""
_RAPL = Path("/sys/class/powercap/intel-rapl:0/energy_uj")
"""Energy of the first processor package: Linux, Documentation/power/powercap."""
_NVIDIA = Path("/proc/driver/nvidia/version")
_BUILT_MS = 1_767_225_600_000
"""2026-01-01. A clock that shows less is wrong: no release is older."""


class Line(NamedTuple):
    """One finding."""

    state: Literal["ok", "warn", "fail"]
    name: str
    found: str
    advice: str | None = None


def examine(config: Path | None) -> list[Line]:
    """Look at everything, in the order in which it would go wrong."""
    lines = [_python(), _system(), _engine(), _clock(), _energy()]
    try:
        settings = load(config)
    except JevonsError as error:
        return [
            *lines,
            Line("fail", "settings", str(error), "mend the file; see docs/reference/settings.md"),
        ]
    shown = (
        str(config or Path("jevons.toml")) if config or Path("jevons.toml").exists() else "defaults"
    )
    return [*lines, Line("ok", "settings", shown), *_of_house(settings)]


def _of_house(settings: Settings) -> Iterator[Line]:
    yield _folder(settings)
    yield _room(settings)
    yield _weights(settings)
    yield _port(settings)
    if ledger_path(settings).exists():
        yield _ledger(ledger_path(settings))


def _python() -> Line:
    found = platform.python_version()
    if sys.version_info < _OLDEST:
        return Line("fail", "python", found, "jevons needs Python 3.11 or newer")
    return Line("ok", "python", found)


def _system() -> Line:
    found = f"{sys.platform} {platform.machine()}, {os.cpu_count()} processors"
    if sys.platform not in {"linux", "darwin"}:
        return Line("warn", "system", found, "it is tested on Linux and macOS only")
    return Line("ok", "system", found)


def _engine() -> Line:
    if find_spec("xllamacpp") is None:
        advice = 'pip install "jevons[engine]", or set engine.enabled = false'
        return Line("warn", "engine", "not installed: only remote endpoints are served", advice)
    return Line("ok", "engine", "llama.cpp is installed")


def _clock() -> Line:
    now_ms = SystemClock().now_ms()
    found = f"{datetime.fromtimestamp(now_ms / 1e3, UTC):%Y-%m-%d %H:%M:%S} UTC"
    if now_ms < _BUILT_MS:
        return Line("fail", "clock", found, "set the machine's clock: receipts carry its time")
    return Line("ok", "clock", found)


def _energy() -> Line:
    if os.access(_RAPL, os.R_OK):
        return Line("ok", "energy", "measured: RAPL can be read")
    if _NVIDIA.exists() and find_spec("pynvml") is not None:
        return Line("ok", "energy", "measured: NVML reads the graphics processor")
    advice = "set house.watts_per_thread and house.grid for a narrower interval"
    return Line("ok", "energy", "modelled from processor time: no counter can be read", advice)


def _folder(settings: Settings) -> Line:
    folder = settings.data_dir
    if not os.access(_nearest(folder), os.W_OK):
        return Line("fail", "data folder", f"{folder} cannot be written", "set JEVONS_DATA_DIR")
    return Line("ok", "data folder", str(folder) if folder.exists() else f"{folder}, not made yet")


def _room(settings: Settings) -> Line:
    free = shutil.disk_usage(_nearest(settings.data_dir)).free
    found = f"{figures.bytes_of(free)} free"
    if free < _ROOM_BYTES:
        advice = f"{figures.bytes_of(_ROOM_BYTES)} are needed for the model and the ledger"
        return Line("warn", "room", found, advice)
    return Line("ok", "room", found)


def _nearest(folder: Path) -> Path:
    """Find the folder itself, or the nearest above it that exists."""
    return next(each for each in (folder, *folder.absolute().parents) if each.exists())


def _weights(settings: Settings) -> Line:
    if not settings.engine.enabled:
        return Line("ok", "weights", "engine.enabled is false: none are needed")
    folder = weights_dir(settings)
    found = sorted(folder.glob("*.gguf"))
    if not found:
        return Line("warn", "weights", f"none in {folder}", "`jevons serve` fetches them")
    return Line("ok", "weights", ", ".join(each.name for each in found))


def _port(settings: Settings) -> Line:
    if settings.server.port == 0:
        return Line("ok", "port", "a free one is taken at each start")
    client = locate(settings, url=None, api_key=None)
    where = client.url.partition("://")[2]
    found = client.presence()
    if found == "nobody":
        return Line("ok", "port", f"{where} is free")
    if found == "jevons":
        return Line("ok", "port", f"jevons answers at {where}")
    return Line("fail", "port", f"another program answers at {where}", "set server.port")


def _ledger(path: Path) -> Line:
    from jevons.cli.verify import check

    report = check(path)
    if not report.ok:
        return Line("fail", "ledger", "something does not fit", "run `jevons verify`")
    return Line("ok", "ledger", f"verified, {report.leaves} records")
