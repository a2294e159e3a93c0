"""What is measured: how each gateway is configured, started, asked if it is ready and stopped.

Each gateway gets a folder and a free port of its own and writes nowhere else. All of them
stand in front of the same upstream, one hop, plain HTTP, on the loopback.
"""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import machine

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ("MODEL", "Peer", "Running", "jevons", "nginx", "running", "upstream")

MODEL = "bench/static"
"""What callers ask for; jevons' catalogue has one endpoint of this name."""

_POLL_S = 0.002
_PATIENCE_S = 30.0

_NGINX = """\
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream static {{
    server 127.0.0.1:{upstream};
    keepalive 512;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /readyz {{ return 200; }}
    location / {{
      proxy_pass http://static;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""

_JEVONS = """\
[server]
port = {port}

[ledger]
commit = "{commit}"
origin = "bench.jevons.local/ledger"

[house]
grid = "FR"

[engine]
enabled = false

[[endpoint]]
name = "static"
model = "{model}"
url = "http://127.0.0.1:{upstream}/v1"
upstream_model = "static"
host = "bench"
place = "FR"
grid = "FR"
max_connections = 512

[endpoint.price]
input_per_mtok = "0.14"
output_per_mtok = "0.28"
cache_read_per_mtok = "0.014"
since = "2026-01-01"
source = "made up for the benchmark"

[endpoint.footprint]
active_params_b = 37.0
total_params_b = 671.0
precision = "fp8"
source = "made up for the benchmark"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A server that can be started."""

    name: str
    command: tuple[str, ...]
    folder: Path
    port: int
    ready: str = "/readyz"
    """Path that answers 200 when it serves."""
    key_file: Path | None = None
    data_dir: Path | None = None


class Running(NamedTuple):
    """A server that serves."""

    peer: Peer
    pid: int
    start_s: float
    """From starting the process to its first good answer."""

    @property
    def pids(self) -> tuple[int, ...]:
        """The process and its descendants."""
        return machine.family(self.pid)

    @property
    def key(self) -> str:
        """What a caller has to show."""
        file = self.peer.key_file
        return file.read_text().strip() if file else "none"


def upstream(folder: Path) -> Peer:
    """Describe the static upstream."""
    port = machine.free_port()
    program = str(Path(__file__).with_name("upstream.py"))
    return Peer(
        name="upstream",
        command=(sys.executable, program, str(port)),
        folder=_made(folder / "upstream"),
        port=port,
        ready="/stats",
    )


def nginx(folder: Path, upstream_port: int) -> Peer | None:
    """Describe nginx as a bare relay: one worker, upstream connections kept, no access log.

    Returns:
        None where nginx is not installed.
    """
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        return None
    port = machine.free_port()
    config = _made(folder / "nginx") / "nginx.conf"
    config.write_text(_NGINX.format(folder=config.parent, port=port, upstream=upstream_port))
    return Peer(
        name="nginx",
        command=(program, "-c", str(config), "-p", str(config.parent)),
        folder=config.parent,
        port=port,
    )


def jevons(folder: Path, upstream_port: int, commit: Literal["disk", "os"]) -> Peer:
    """Describe jevons with everything on: keys, policy, meter, durable ledger."""
    port = machine.free_port()
    home = _made(folder / f"jevons-{commit}")
    config = home / "jevons.toml"
    config.write_text(_JEVONS.format(port=port, upstream=upstream_port, commit=commit, model=MODEL))
    data_dir = home / "data"
    command = (sys.executable, "-m", "jevons", "serve", "--no-engine", "--config", str(config))
    return Peer(
        name=f"jevons {commit}",
        command=command,
        folder=home,
        port=port,
        key_file=data_dir / "key",
        data_dir=data_dir,
    )


@contextmanager
def running(peer: Peer, core: int | None) -> Generator[Running]:
    """Start a server on a core, wait until it serves, and stop it in the end."""
    with (peer.folder / "output.log").open("ab") as output, machine.pinned(core):
        began_s = time.monotonic()
        process = subprocess.Popen(
            peer.command, stdout=output, stderr=output, cwd=peer.folder, env=_environment(peer)
        )
    try:
        _await_ready(peer, process, began_s + _PATIENCE_S)
        yield Running(peer, process.pid, time.monotonic() - began_s)
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _environment(peer: Peer) -> dict[str, str]:
    """Hand on the environment without settings of the caller's own jevons."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JEVONS_")}
    return kept | {"JEVONS_DATA_DIR": str(peer.data_dir)} if peer.data_dir else kept


def _await_ready(peer: Peer, process: subprocess.Popen[bytes], until_s: float) -> None:
    while not _is_ready(peer):
        if process.poll() is not None or time.monotonic() > until_s:
            said = (peer.folder / "output.log").read_text(errors="replace")[-2000:]
            message = f"{peer.name} does not serve: {' '.join(peer.command)}\n{said}"
            raise SystemExit(message)
        time.sleep(_POLL_S)


def _is_ready(peer: Peer) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=1)
    try:
        connection.request("GET", peer.ready)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
