"""A PostgreSQL server of our own: made in a temporary folder, stopped by its process.

It is run as an unprivileged user where tests run as root, since PostgreSQL refuses to be run by that
one. The distribution's own cluster, if there is one, is never touched.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jevons.store.where import Server

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ("MISSING", "Cluster", "both", "cluster")

both = pytest.mark.parametrize("path", ["sqlite", "postgres"], indirect=True)
"""Has a test that is given a `path` run on a file and on a server."""

MISSING = "there is no PostgreSQL here (Debian: apt-get install postgresql)"
_START_S = 30.0


def _programs() -> Path | None:
    """Where `initdb` and `postgres` are; Debian does not put them in the path."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((each for each in folders if (each / "postgres").exists()), None)


def _unprivileged() -> list[str]:
    """Who runs it."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]


class Cluster:
    """A running server."""

    def __init__(self, programs: Path, folder: Path, *, flushes: bool) -> None:
        self._programs = programs
        self._folder = folder
        self._flushes = flushes
        self._numbers = count(1)
        self._server: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        """How a database of it is reached."""
        return f"postgresql://jevons@/{database}?host={self._folder}"

    def make(self, folder: Path) -> Server:
        """Make an empty database for a ledger whose keys are in a folder."""
        name = f"books_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return Server(self.url(name), folder)

    def execute(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Execute a statement as whoever owns the server."""
        import psycopg  # noqa: PLC0415 an extra

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def cut_off(self) -> None:
        """End the session of everybody else."""
        self.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [
            *_unprivileged(),
            str(self._programs / "postgres"),
            *("-D", str(self._folder / "data"), "-k", str(self._folder)),
            *("-c", "listen_addresses=", "-c", "max_connections=200"),
            *("-c", f"fsync={'on' if self._flushes else 'off'}"),
        ]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(command, stdout=log, stderr=log)
        until_s = time.monotonic() + _START_S
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > until_s:
                raise AssertionError((self._folder / "log").read_text()[-2000:])
            time.sleep(0.05)

    def stop(self, *, at_once: bool = False) -> None:
        """Stop it: in order, or as a crash would."""
        if self._server is not None:
            self._server.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)
            self._server.wait(60)
            self._server = None

    def _answers(self) -> bool:
        asked = [str(self._programs / "pg_isready"), "-q", "-h", str(self._folder)]
        return subprocess.run(asked, check=False).returncode == 0


@contextmanager
def cluster(*, flushes: bool = False) -> Generator[Cluster | None]:
    """Run a server for a while; None where there is no PostgreSQL.

    Args:
        flushes: Whether a commit is flushed to the device: only a crash of the machine shows it.
    """
    programs = _programs()
    if programs is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="jevons-pg-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
        making = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "jevons"]
        making += ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]
        subprocess.run([*_unprivileged(), *making], check=True, stdout=subprocess.DEVNULL)
        server = Cluster(programs, folder, flushes=flushes)
        server.start()
        try:
            yield server
        finally:
            server.stop(at_once=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
