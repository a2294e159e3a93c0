"""What the hardware says it burned, where it says so.

Linux shows the energy counters of processors (RAPL) under `/sys/class/powercap`; NVIDIA's
library shows those of graphics cards. Virtual machines mostly have neither.

Rule 1: a counter that cannot be read is no counter. RAPL is for root alone on most systems
    since 2020 (CVE-2020-8694).
Rule 2: packages and the whole platform (`psys`) hold the same energy: one of them is read.
Rule 3: a processor's counter is for the whole machine. What falls to this process is its
    share of the processor time that the machine spent meanwhile.

Source: Linux, Documentation/power/powercap/powercap.rst; NVML API reference,
`nvmlDeviceGetTotalEnergyConsumption`, millijoules since the driver was loaded.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Counter", "Zone", "counter", "nvml", "rapl", "share_of_machine")

_POWERCAP = Path("/sys/class/powercap")
_STAT = Path("/proc/stat")
_MJ_PER_UJ = 1e-3


class Counter(NamedTuple):
    """A counter that was found."""

    method: Literal["measured-rapl", "measured-nvml"]
    read_mj: Callable[[], float]
    """Millijoules of this process since the first reading; only grows."""


class Zone:
    """One of RAPL's counters, which start again at 0 when they are full.

    Full is reached in about an hour under load, so it must be read more often than that.

    Args:
        read_uj: Reads the counter, microjoules.
        range_uj: The most it can hold.
    """

    def __init__(self, read_uj: Callable[[], int], range_uj: int) -> None:
        self._read_uj = read_uj
        self._range_uj = range_uj
        self._last_uj = read_uj()

    def passed_mj(self) -> float:
        """Tell what was burned since the last call, millijoules."""
        now_uj, last_uj = self._read_uj(), self._last_uj
        self._last_uj = now_uj
        passed_uj = now_uj - last_uj
        return (passed_uj if passed_uj >= 0 else passed_uj + self._range_uj) * _MJ_PER_UJ


def counter(*, on_gpu: bool) -> Counter | None:
    """Find the counter of whatever the engine computes on.

    Args:
        on_gpu: Whether that is a graphics card.
    """
    return nvml() if on_gpu else rapl()


def rapl(folder: Path = _POWERCAP) -> Counter | None:
    """Read the processors' counters, if this process may."""
    try:
        zones = [_zone(path) for path in _zones(folder)]
        part = share_of_machine(time.process_time, _machine_s)
        part()
    except (OSError, ValueError):
        return None
    return _summed(zones, part) if zones else None


def share_of_machine(own_s: Callable[[], float], all_s: Callable[[], float]) -> Callable[[], float]:
    """Tell, at each call, which part of the processor time since the last one was ours.

    Args:
        own_s: Processor seconds of this process.
        all_s: Processor seconds of the machine.

    Returns:
        0 to 1. The kernel counts the machine's in ticks, so a short time can seem to be
        more ours than there was; it is 1 then.
    """
    last = [own_s(), all_s()]

    def part() -> float:
        now = [own_s(), all_s()]
        own, everybody = now[0] - last[0], now[1] - last[1]
        last[:] = now
        return min(own / everybody, 1.0) if everybody > 0 else 1.0

    return part


def nvml(library: Any = None) -> Counter | None:
    """Read the graphics cards' counters, if there are any and `nvidia-ml-py` is installed."""
    if library is None:
        try:
            import pynvml  # noqa: PLC0415  # pyright: ignore[reportMissingImports] an extra
        except ImportError:
            return None
        library = pynvml
    try:
        library.nvmlInit()
        cards = [
            library.nvmlDeviceGetHandleByIndex(number)
            for number in range(library.nvmlDeviceGetCount())
        ]
        first_mj = _cards_mj(library, cards)
    except library.NVMLError:
        return None
    return Counter("measured-nvml", lambda: _cards_mj(library, cards) - first_mj)


def _cards_mj(library: Any, cards: list[Any]) -> float:
    return sum([float(library.nvmlDeviceGetTotalEnergyConsumption(card)) for card in cards])


def _summed(zones: list[Zone], part: Callable[[], float]) -> Counter:
    total_mj = 0.0

    def read_mj() -> float:
        nonlocal total_mj
        total_mj += sum([zone.passed_mj() for zone in zones]) * part()
        return total_mj

    return Counter("measured-rapl", read_mj)


def _zones(folder: Path) -> list[Path]:
    """Find the packages and their memory; the platform where there are no packages."""
    named = {path: (path / "name").read_text().strip() for path in folder.glob("intel-rapl:*")}
    packages = [path for path, name in named.items() if name.startswith(("package", "dram"))]
    return packages or [path for path, name in named.items() if name == "psys"]


def _zone(path: Path) -> Zone:
    range_uj = int((path / "max_energy_range_uj").read_text())
    return Zone(lambda: int((path / "energy_uj").read_text()), range_uj)


def _machine_s() -> float:
    """Read the busy processor seconds of the machine, since it started."""
    user, nice, system, _idle, _wait, interrupts, soft = map(
        int, _STAT.read_text().split(maxsplit=8)[1:8]
    )
    return (user + nice + system + interrupts + soft) / os.sysconf("SC_CLK_TCK")
