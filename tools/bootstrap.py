"""Make `.venv` and fill it from a lock: `python3 tools/bootstrap.py run|dev`.

Needs Python 3.11 or newer and nothing else. Every package comes as a wheel whose hash is in
`requirements/`, so no compiler is needed and nothing unexpected is installed.

Rule 1: the standard library only.
Rule 2: nothing outside the checkout is touched.
Rule 3: a second run that finds the same lock does nothing, and takes a tenth of a second.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = ("run", "dev")  # each holds everything that the one before it holds
OLDEST = (3, 11)
LAST_WORDS = 15  # lines


def main() -> None:
    """Bring `.venv` up to the lock that was named."""
    if sys.version_info < OLDEST:
        sys.exit(
            f"jevons needs Python 3.11 or newer; this is {sys.version.split()[0]}. "
            "Name another one: make PYTHON=python3.12 …"
        )
    lock = " ".join(sys.argv[1:])
    if lock not in LOCKS:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(LOCKS)}")
    if not is_fresh(lock):
        build(lock)


def is_fresh(lock: str) -> bool:
    """Tell whether `.venv` already holds this lock, or one that holds all of it."""
    enough = LOCKS[LOCKS.index(lock) :]
    return PYTHON.exists() and any(
        stamp(each).exists() and stamp(each).read_text() == fingerprint(each) for each in enough
    )


def build(lock: str) -> None:
    """Make what is missing, and stamp it."""
    started_s = time.monotonic()
    if not PYTHON.exists():
        say(f"making .venv with Python {sys.version.split()[0]}")
        make_venv()
    say(f"installing requirements/{lock}.txt, every wheel checked against its hash")
    requirements = ROOT / "requirements" / f"{lock}.txt"
    pip("install", "--require-hashes", "--only-binary", ":all:", "-r", str(requirements))
    say("installing jevons itself")
    pip("install", "--no-index", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    stamp(lock).write_text(fingerprint(lock))
    say(f"ready in {time.monotonic() - started_s:.0f} s")


def make_venv() -> None:
    """Make an environment with pip in it, or reachable from outside it."""
    shutil.rmtree(VENV, ignore_errors=True)
    with_pip = has("ensurepip")
    if not with_pip and not has("pip"):
        sys.exit(
            "This Python can make no virtual environment: it has neither ensurepip nor pip.\n"
            "On Debian or Ubuntu: apt install python3-venv"
        )
    options = [] if with_pip else ["--without-pip"]
    subprocess.run([sys.executable, "-m", "venv", *options, str(VENV)], check=True)


def has(module: str) -> bool:
    """Tell whether this Python has a module. Debian splits `ensurepip` into its own package."""
    return succeeds(sys.executable, "-c", f"import {module}")


def succeeds(*command: str) -> bool:
    """Tell whether a command ends well, whatever it prints."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def pip(*arguments: str) -> None:
    """Run pip on `.venv`: what it fetches is shown, what it complains of only if it fails."""
    inside = [str(PYTHON), "-m", "pip"]
    outside = [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    command = [*(inside if succeeds(*inside, "--version") else outside), *arguments]
    environment = {**os.environ, "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    said: list[str] = []
    with subprocess.Popen(
        [*command, "--progress-bar=off"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as running:
        for line in running.stdout or ():
            said.append(line)
            if line.lstrip().startswith(("Downloading ", "Installing collected")):
                print("  " + shorten(line.strip()), flush=True)
    if running.returncode:
        sys.stderr.writelines(said[-LAST_WORDS:])
        sys.exit("pip could not do it; its last words are above. Run the same command to retry.")


def shorten(line: str) -> str:
    """Keep a line of pip to one line of a terminal, and a file's name without its address."""
    first, _, rest = line.partition(" ")
    if first == "Downloading":
        return f"Downloading {rest.rsplit('/', 1)[-1]}"
    return f"Installing {line.count(',') + 1} packages"


def fingerprint(lock: str) -> str:
    """Name everything that decides what `.venv` holds."""
    digest = hashlib.sha256(f"{ROOT} {sys.version_info[:2]}".encode())
    for path in (ROOT / "requirements" / f"{lock}.txt", ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def stamp(lock: str) -> Path:
    """Name the file that says which lock `.venv` was filled from."""
    return VENV / f"stamp-{lock}"


def say(what: str) -> None:
    """Tell whoever waits what takes the time."""
    print(f"jevons: {what}", flush=True)


if __name__ == "__main__":
    main()
