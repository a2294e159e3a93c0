"""An authority of time stamps checkpoints, anybody can check that, and a ledger written again does not hold.

The authority is OpenSSL's own, asked over HTTP.
"""

# ruff: noqa: ASYNC240 nothing else runs on the loop while a test makes stamps and reads files

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from jevons.boot import open_house
from jevons.boot.stamping import Stamping
from jevons.cli import main
from jevons.providers.authority import RemoteAuthority
from jevons.settings import EngineSettings, PolicySettings, Settings, StampSettings
from jevons.store.stamps import Stamps, read_roots
from jevons.telemetry import Metrics
from jevons.types.errors import Malformed, Misconfigured, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here"),
]

CONFIG = """
[req]
distinguished_name = dn
prompt = no
[dn]
CN = {name}
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[signer]
extendedKeyUsage = critical, timeStamping
keyUsage = critical, digitalSignature
[tsa]
default_tsa = us
[us]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = sha256
"""


class Authority:
    """A certificate of a root, one of a signer under it, and what signs with that."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir()
        self.folder = folder
        self.roots = folder / "ca.pem"
        (folder / "cnf").write_text(CONFIG.format(folder=folder, name=name))
        (folder / "serial").write_text("01\n")
        new = ("req", "-config", "cnf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        self._run(
            *new, "-nodes", "-x509", "-extensions", "ca", "-keyout", "ca.key", "-out", "ca.pem"
        )
        self._run(*new, "-nodes", "-keyout", "key", "-out", "csr", "-subj", f"/CN=signer of {name}")
        issue = (
            "x509",
            "-req",
            "-in",
            "csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-set_serial",
            "7",
        )
        self._run(*issue, "-extfile", "cnf", "-extensions", "signer", "-out", "cert.pem")

    def stamp(self, question: bytes) -> bytes:
        (self.folder / "q").write_bytes(question)
        sign = ("ts", "-reply", "-config", "cnf", "-queryfile", "q", "-inkey", "key", "-out", "a")
        self._run(*sign, "-signer", "cert.pem")
        return (self.folder / "a").read_bytes()

    def holds(self, note: Path, stamp: Path) -> bool:
        """Check one as somebody would who has nothing of ours."""
        check = ("ts", "-verify", "-data", str(note), "-in", str(stamp), "-CAfile", "ca.pem")
        return self._run(*check, "-untrusted", "cert.pem", ok=None).returncode == 0

    @asynccontextmanager
    async def serving(self, status: int = 200) -> AsyncGenerator[str]:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert b"content-type: application/timestamp-query" in head
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            body = self.stamp(await reader.readexactly(length))
            writer.write(
                b"HTTP/1.1 %d OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
                % (status, len(body))
                + body
            )
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/tsr"

    def _run(self, *words: str, ok: bool | None = True) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            ["openssl", *words], cwd=self.folder, check=False, capture_output=True, timeout=60
        )
        assert ok is None or done.returncode == 0, done.stderr
        return done


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "ours", "an authority")


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "theirs", "another")


def settings(folder: Path, url: str, **fields: Any) -> Settings:
    return Settings(
        data_dir=folder,
        engine=EngineSettings(enabled=False),
        stamp=StampSettings(url=url, **fields),
    )


async def stamped(folder: Path, url: str, **fields: Any) -> int:
    """Open a house, and have its newest checkpoint stamped; say how many records are under it."""
    async with open_house(settings(folder, url, **fields)) as house:
        assert house.shown.stamping is not None
        async with asyncio.timeout(20):
            while not await house.shown.stamping.round():  # noqa: ASYNC110 a checkpoint has no event
                await asyncio.sleep(0.05)
        return house.metrics.stamped


def verified(folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(
        main, ["verify", "--json", *words], env={"JEVONS_DATA_DIR": str(folder)}
    )
    return done.exit_code, json.loads(done.output)


async def test_a_checkpoint_is_stamped_and_anybody_can_check_that(
    tmp_path: Path, authority: Authority, another: Authority
) -> None:
    async with authority.serving() as url:
        size = await stamped(tmp_path, url, roots=authority.roots)
    (stamp,) = (tmp_path / "stamps").glob("*.tsr")
    assert authority.holds(stamp.with_suffix(".note"), stamp)
    assert not another.holds(stamp.with_suffix(".note"), stamp)
    status, report = verified(tmp_path, "--stamp-roots", str(authority.roots))
    assert (status, report["findings"], report["kept"]) == (0, [], 0)
    (said,) = report["stamped"]
    assert (said["size"], said["checked"], said["by"]) == (size, True, "CN=an authority, 7")
    assert verified(tmp_path)[1]["stamped"][0]["checked"] is False
    status, report = verified(tmp_path, "--stamp-roots", str(another.roots))
    assert (status, [each["kind"] for each in report["findings"]]) == (1, ["bad_stamp"])


async def test_the_newest_is_stamped_once_and_the_next_when_there_is_one(
    tmp_path: Path, authority: Authority
) -> None:
    async with authority.serving() as url:
        first = await stamped(tmp_path, url)
        again = await stamped(tmp_path, url)  # the second start is a record of its own
        assert again > first
    sizes = sorted(int(each.stem) for each in (tmp_path / "stamps").glob("*.tsr"))
    assert sizes == [first, again]
    assert Stamps(tmp_path / "stamps").newest() == again


async def test_a_ledger_that_was_written_again_does_not_hold_against_its_stamp(
    tmp_path: Path, authority: Authority
) -> None:
    async with authority.serving() as url:
        await stamped(tmp_path, url)
    keep = {"signing.key", "stamps"}
    for each in tmp_path.iterdir():
        if each.name not in keep:
            each.unlink()
    async with open_house(settings(tmp_path, "")):
        pass
    status, report = verified(tmp_path)
    assert status == 1
    assert {each["kind"] for each in report["findings"]} <= {"forked", "truncated"}
    assert report["findings"]


@pytest.mark.parametrize("change", ["note", "stamp", "gone", "refused"])
async def test_what_is_no_stamp_of_a_checkpoint_is_found(
    tmp_path: Path, authority: Authority, change: str
) -> None:
    async with authority.serving() as url:
        await stamped(tmp_path, url)
    (stamp,) = (tmp_path / "stamps").glob("*.tsr")
    note = stamp.with_suffix(".note")
    match change:
        case "note":
            note.write_text(note.read_text().replace("\n", "\n\n", 1))
        case "stamp":
            stamp.write_bytes(stamp.read_bytes()[:-9] + bytes(9))
        case "gone":
            note.unlink()
        case _:
            stamp.write_bytes(authority.stamp(b"\x30\x00"))
    status, report = verified(tmp_path, "--stamp-roots", str(authority.roots))
    assert (status, [each["kind"] for each in report["findings"]]) == (1, ["bad_stamp"])


async def test_an_answer_to_another_question_is_not_kept(
    tmp_path: Path, authority: Authority, another: Authority
) -> None:
    stamps = Stamps(tmp_path / "stamps", read_roots(authority.roots))
    note = "a/log\n7\n" + "A" * 43 + "=\n\n— a/log AAAAAA==\n"
    ask, other = stamps.ask(note), stamps.ask(note)
    assert stamps.keep(ask, authority.stamp(ask.body)).size == 7
    for answer in (authority.stamp(other.body), another.stamp(ask.body), b"nothing", b""):
        with pytest.raises(Malformed):
            stamps.keep(ask, answer)
    assert len([*(tmp_path / "stamps").iterdir()]) == 2


@pytest.mark.parametrize("status", [500, 302])
async def test_an_authority_that_does_not_answer_is_said_not_to(
    authority: Authority, status: int
) -> None:
    async with authority.serving(status) as url:
        question = Stamps(authority.folder).ask("a").body
        with pytest.raises(StoreUnavailable, match=f"answers {status}"):
            await RemoteAuthority(url, timeout_s=5).stamp(question)
    with pytest.raises(StoreUnavailable, match="gives no stamp"):
        await RemoteAuthority(url, timeout_s=5).stamp(question)


async def test_rounds_go_on_when_the_authority_is_away_and_back(
    tmp_path: Path, authority: Authority
) -> None:
    async with open_house(settings(tmp_path, "http://127.0.0.1:1/")) as house:
        stamping = house.shown.stamping
        assert stamping is not None
        async with asyncio.timeout(20):
            while await stamping._pages.newest() is None:  # noqa: ASYNC110  # pyright: ignore[reportPrivateUsage] it has no event
                await asyncio.sleep(0.05)
        with pytest.raises(StoreUnavailable):
            await stamping.round()
        async with authority.serving() as url:
            back = Stamping(
                stamping._pages,  # pyright: ignore[reportPrivateUsage] as above
                Stamps(tmp_path / "stamps"),
                RemoteAuthority(url, timeout_s=5).stamp,
                every_s=1,
                metrics=Metrics(),
            )
            assert await back.round()


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"url": "freetsa.org"}, "url is"),
        ({"url": "http://127.0.0.1:1", "roots": "nowhere.pem"}, "nowhere.pem"),
    ],
)
async def test_what_cannot_be_set_stops_the_start(
    tmp_path: Path, fields: dict[str, Any], why: str
) -> None:
    if "roots" in fields:
        fields = fields | {"roots": tmp_path / fields["roots"]}
    with pytest.raises(Misconfigured, match=why):
        async with open_house(settings(tmp_path / "data", **fields)):
            pass


async def test_a_profile_that_lets_nothing_out_lets_no_hash_out(tmp_path: Path) -> None:
    said = Settings(
        data_dir=tmp_path,
        engine=EngineSettings(enabled=False),
        policy=PolicySettings(profile="air-gapped"),
        stamp=StampSettings(url="http://tsa.example"),
    )
    with pytest.raises(Misconfigured, match=r"stamp:tsa\.example"):
        async with open_house(said):
            pass
