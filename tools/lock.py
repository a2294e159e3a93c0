"""Resolve `requirements/*.txt` again, for every Python and platform that we promise.

The locks name versions and hashes and no address, so that they hold whatever index they
are fetched through. What is resolved is what the public index serves: local folders that
pip's own configuration may add are not read. What is pinned stays pinned, unless
`--upgrade` is given.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")
OPTIONS = (
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-annotate",
    "--no-header",
    "--quiet",
)


def resolve(name: str, *what: str) -> None:
    """Write one lock."""
    command = [str(UV), "pip", "compile", "pyproject.toml", *OPTIONS, *what, *sys.argv[1:]]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("UV_", "PIP_"))}
    print(f"jevons: resolving requirements/{name}.txt", flush=True)
    subprocess.run(
        [*command, "--output-file", f"requirements/{name}.txt"],
        cwd=ROOT,
        env=environment,
        check=True,
    )


if __name__ == "__main__":
    resolve("run", "--extra=engine", "--extra=proof", "--group=build")
    resolve(
        "dev",
        "--extra=engine",
        "--extra=ner",
        "--extra=oidc",
        "--extra=otel",
        "--extra=postgres",
        "--extra=proof",
        "--group=dev",
        "--constraints=requirements/run.txt",
    )
