"""Only the rooms that serve attempts, and the puller of weights, can reach out of the process.

Read from the source: no other file imports or calls anything that opens a connection, starts
a process or loads native code. `tests/e2e/test_outbound.py` watches a running house as well.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conftest import Page

MODULES = (
    "socket", "ssl", "http.client", "urllib.request", "ftplib", "smtplib", "poplib", "imaplib",
    "telnetlib", "xmlrpc", "socketserver", "asyncio.streams", "asyncio.subprocess", "subprocess",
    "multiprocessing", "concurrent.futures.process", "pty", "ctypes", "cffi", "httpx", "httpx2",
    "httpcore2", "requests", "aiohttp", "urllib3", "grpc", "websockets", "openai", "anthropic",
    "xllamacpp", "pynvml", "spacy", "thinc", "opentelemetry",
)  # fmt: skip
CALLS = {
    "open_connection", "open_unix_connection", "create_connection", "create_unix_connection",
    "create_datagram_endpoint", "sock_connect", "connect_tcp", "connect_unix", "connect_ex",
    "create_subprocess_exec", "create_subprocess_shell", "subprocess_exec", "subprocess_shell",
    "open_process", "run_process", "urlopen", "popen", "posix_spawn", "posix_spawnp", "system",
    "fork", "forkpty", "execv", "execve", "execvp", "spawnv", "dlopen", "import_module",
    "__import__",
}  # fmt: skip

MAY = {
    "jevons.providers": "serves attempts over HTTP, shows checkpoints to witnesses, sends spans, counts limits, asks for stamps, has people sign on",
    "jevons.engine": "serves attempts in this process, pulls weights, reads power counters",
    "jevons.ner": "reads texts with a model in this process",
}
"""Rooms that may reach out, each with its reason. A file not in one of them may not."""

ASKS_ITSELF = {
    "jevons.cli.client": "the terminal's client of a jevons server, and of nothing else",
    "jevons.cli.outside": "reads a log that a jevons server publishes, for `jevons verify URL`",
}
"""Files that ask a jevons server as any caller would, and are not part of one."""

STARTS_ITSELF = {
    "jevons.boot.proved": "proves a profile in a process of its own, which ends before a house opens",
}
"""Files that start this program once more, and nothing else."""

RUNS_YOURS = {
    "jevons.grading.command": "runs tests that the operator names, with nothing of the house in them",
}
"""Files that start what the settings name, and nothing of which a request says the name."""


def reaches(page: Page) -> Iterator[str]:
    """Name everything in a file that could leave the process."""
    for node in ast.walk(page.tree):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{each.name}" for each in node.names]
        elif isinstance(node, ast.Call):
            name = (
                node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
            )
            if name in CALLS:
                yield f"{page.name}:{node.lineno} calls {name}"
            continue
        else:
            continue
        for name in names:
            if any(name == each or name.startswith(f"{each}.") for each in MODULES):
                yield f"{page.name}:{node.lineno} imports {name}"


def is_inside(name: str, rooms: Sequence[str]) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def test_no_other_room_can_open_a_connection(pages: Sequence[Page]) -> None:
    allowed = (*MAY, *ASKS_ITSELF, *STARTS_ITSELF, *RUNS_YOURS)
    found = [each for page in pages if not is_inside(page.name, allowed) for each in reaches(page)]
    assert found == []


def test_every_exception_is_still_needed(pages: Sequence[Page]) -> None:
    for room in (*MAY, *ASKS_ITSELF, *STARTS_ITSELF, *RUNS_YOURS):
        inside = [page for page in pages if is_inside(page.name, (room,))]
        assert any(each for page in inside for each in reaches(page)), f"{room} reaches nothing"


@pytest.mark.parametrize(
    "line",
    [
        "import socket",
        "from urllib.request import urlopen",
        "import asyncio; asyncio.open_connection('a', 1)",
        "from asyncio import subprocess",
        "loop.create_connection(None)",
        "import httpx2 as web",
        "__import__('socket')",
    ],
)
def test_the_reader_sees_every_way_out(line: str, pages: Sequence[Page]) -> None:
    page = pages[0]._replace(tree=ast.parse(line))
    assert list(reaches(page))
