"""wrk, where it is installed: a second opinion on rates, by another hand."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from load import Load, body
from record import Crosscheck

if TYPE_CHECKING:
    from pathlib import Path

    from peers import Running

__all__ = ("crosscheck",)

_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_STATUS = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_SOCKET = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")


def crosscheck(running: Running, load: Load, folder: Path) -> Crosscheck | None:
    """Ask a peer for whole answers with wrk; None where it is not installed."""
    program = shutil.which("wrk")
    if program is None:
        return None
    script = folder / "wrk.lua"
    script.write_text(
        'wrk.method = "POST"\n'
        'wrk.headers["Content-Type"] = "application/json"\n'
        f'wrk.headers["Authorization"] = "Bearer {load.key}"\n'
        f"wrk.body = [==[{body(load).decode()}]==]\n"
    )
    url = f"http://127.0.0.1:{load.port}/v1/chat/completions"
    callers = str(load.callers)
    seconds = f"{max(round(load.seconds), 1)}s"
    said = subprocess.run(
        [program, "-t1", "-c", callers, "-d", seconds, "-s", str(script), url],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rate = _RATE.search(said)
    status, socket = _STATUS.search(said), _SOCKET.search(said)
    failed = int(status[1]) if status else 0
    failed += sum(map(int, socket.groups())) if socket else 0
    return Crosscheck(running.peer.name, load.callers, float(rate[1]) if rate else 0.0, failed)
