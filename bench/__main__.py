"""Every benchmark, one after another: `python -m bench [--quick]`, which is `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHES = ("gateway.py", "engine.py")


def main() -> int:
    """Run each as a program of its own; the first status that is not 0 is ours."""
    folder = Path(__file__).parent
    found = [folder / name for name in BENCHES if (folder / name).exists()]
    statuses = [
        subprocess.run([sys.executable, str(each), *sys.argv[1:]], check=False).returncode
        for each in found
    ]
    return next((status for status in statuses if status), 0)


if __name__ == "__main__":
    sys.exit(main())
