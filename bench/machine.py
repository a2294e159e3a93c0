"""What the machine says of itself: processor time, memory, pinning.

Every figure is a counter of the kernel's. Nothing here samples, and nothing runs between
two readings.
"""

from __future__ import annotations

import os
import platform
import socket
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

__all__ = (
    "Busy",
    "Cores",
    "Memory",
    "busy",
    "cores",
    "cpu_ns",
    "describe",
    "family",
    "free_port",
    "memory",
    "pinned",
)

_SCHED_CLOCK = 2
_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def cpu_ns(pids: Iterable[int]) -> int:
    """Read the processor time of processes, user and system, all threads, ended ones too.

    Source: `clock_getcpuclockid(3)`; the id of another process's clock is made as in Linux,
    `include/linux/posix-timers_types.h`, `make_process_cpuclock` (read 2026-11-23). Unlike
    `/proc/PID/stat`, which counts in hundredths of a second, it counts nanoseconds.
    """
    return sum(time.clock_gettime_ns(~pid << 3 | _SCHED_CLOCK) for pid in pids)


def family(pid: int) -> tuple[int, ...]:
    """List a process and its descendants."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").iterdir():
            found.extend(map(int, (task / "children").read_text().split()))
    return tuple(found)


class Busy(NamedTuple):
    """Processor time of the whole machine since its start."""

    used_ns: int
    """Every core, every process, the kernel's own work included."""
    stolen_ns: int
    """Wanted by this machine, given to another by the hypervisor."""


def busy() -> Busy:
    """Read `/proc/stat`; it counts in hundredths of a second.

    Source: `proc_stat(5)`: user, nice, system, idle, iowait, irq, softirq, steal.
    """
    first = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, first[1:9])
    return Busy((user + nice + system + irq + softirq) * _TICK_NS, steal * _TICK_NS)


class Memory(msgspec.Struct, frozen=True):
    """Resident memory, 1e6 bytes."""

    now_mb: float
    peak_mb: float


def memory(pids: Iterable[int]) -> Memory:
    """Add up the resident memory of processes; pages they share are counted for each."""
    fields = [
        dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        for pid in pids
    ]

    def total_mb(name: str) -> float:
        return round(sum(int(each[name].split()[0]) * 1024 for each in fields) / 1e6, 1)

    return Memory(total_mb("VmRSS"), total_mb("VmHWM"))


class Cores(NamedTuple):
    """Where things run; None is anywhere."""

    gateway: int | None
    rig: int | None
    """The upstream and the load generator."""


def cores() -> Cores:
    """Give the gateway a core of its own where there are two."""
    mine = sorted(os.sched_getaffinity(0))
    return Cores(mine[0], mine[1]) if len(mine) > 1 else Cores(None, None)


@contextmanager
def pinned(core: int | None) -> Generator[None]:
    """Run what is started inside on one core: a child inherits where its parent may run."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def free_port() -> int:
    """Find a port of the loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def describe() -> str:
    """Name the machine in a line."""
    models = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{len(models)} x {models[0] if models else platform.machine()}, {memory_gib:.0f} GiB, "
        f"Linux {platform.release()}, Python {platform.python_version()}"
    )
