"""What a server prints when it is up can be copied as it stands."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from jevons.cli.serve import curl_line

if TYPE_CHECKING:
    from pathlib import Path


def test_the_line_for_curl_reads_a_key_in_a_folder_with_a_space(tmp_path: Path) -> None:
    path = tmp_path / "my house" / "key"
    path.parent.mkdir()
    path.write_text("jv_secret\n")
    header = next(
        line for line in curl_line("http://x", str(path)).splitlines() if "Bearer" in line
    )
    words = header.strip().removesuffix("\\")
    said = subprocess.run(
        ["/bin/sh", "-c", f"printf '%s ' {words}"], check=True, capture_output=True, text=True
    )
    assert said.stdout == "-H Authorization: Bearer jv_secret "
