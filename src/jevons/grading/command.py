"""A test of the operator's own, run as a process.

Rule 1: no shell, and nothing of a request in the words of the command: texts go in by standard input.
Rule 2: nothing of the house goes in: no environment, no open files. What it writes is not read.
Rule 3: it ends within its time, with all that it started. What it reaches besides, the network too,
    is the operator's to say: it runs as who runs the house.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from jevons.telemetry import log

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("said_right",)

_RIGHT, _WRONG = 0, 1


async def said_right(command: Sequence[str], said: bytes, *, seconds: float) -> bool | None:
    """Run it.

    Args:
        command: The program and its words.
        said: What it reads.
        seconds: Within which it ends, or is ended.

    Returns:
        Whether it ended with 0, and not with 1; None if it did neither.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        log.warning("auto.check_broke", command=command[0], error=str(error))
        return None
    try:
        async with asyncio.timeout(seconds):
            await process.communicate(said)
    except TimeoutError:
        log.warning("auto.check_broke", command=command[0], error=f"longer than {seconds:g} s")
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.shield(process.wait())
    if process.returncode in {_RIGHT, _WRONG}:
        return process.returncode == _RIGHT
    log.warning("auto.check_broke", command=command[0], status=process.returncode)
    return None
