"""A secret is in no file, no record and no message, and reaches only the endpoint that it is for."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from base64 import b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from click.testing import CliRunner
from tests.e2e.test_cli import ANSWER

from jevons.cli import main
from jevons.ledger.record import decode
from jevons.store import Vault, verify
from jevons.store.export import load
from jevons.testing import Vendor
from jevons.types.account import SecretChange
from jevons.types.errors import Malformed, Misconfigured, NotFound

if TYPE_CHECKING:
    from pathlib import Path

VALUE = "sk-this-is-the-key-of-a-vendor-0123456789"
KEY = bytes(range(32))
ME = "cli:me"


class Shell(NamedTuple):
    """Commands in one folder, and all that they said."""

    folder: Path
    said: list[str]

    def run(self, *words: str, stdin: str = "", ok: bool = True, **environ: str) -> str:
        env = {"JEVONS_DATA_DIR": str(self.folder), "JEVONS_ENGINE_ENABLED": "false", **environ}
        done = CliRunner().invoke(main, [*words], input=stdin, env=env)
        self.said.append(done.output + done.stderr)
        assert (done.exit_code == 0) is ok, done.output
        return done.output

    def records(self) -> list[SecretChange]:
        out = self.folder / "all.jevons"
        self.run("export", str(out), "--force")
        found = [decode(leaf) for leaf in load(out.read_bytes()).leaves]
        return [each for each in found if isinstance(each, SecretChange)]

    def remains(self, *values: str) -> list[str]:
        """Name the files that have a value in them, in any form in which it could be read."""
        forms = [
            form
            for value in values
            for form in (value.encode(), b64encode(value.encode()), value.encode().hex().encode())
        ]
        files = [each for each in self.folder.rglob("*") if each.is_file()]
        return [each.name for each in files if any(form in each.read_bytes() for form in forms)] + [
            text for text in self.said if any(value in text for value in values)
        ]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path, [])


def test_a_secret_is_set_listed_and_removed_and_is_nowhere_in_the_clear(shell: Shell) -> None:
    shell.run("secrets", "set", "deepseek", stdin=VALUE + "\n")
    shell.run("secrets", "set", "other", stdin="another-value\n")
    listed = json.loads(shell.run("secrets", "list", "--json"))
    assert [each["name"] for each in listed] == ["deepseek", "other"]
    assert Vault(shell.folder).read("deepseek") == VALUE
    shell.run("secrets", "rm", "other")
    shell.run("backup", str(shell.folder / "copy.db"))
    assert [(each.act, each.name) for each in shell.records()] == [
        ("set", "deepseek"),
        ("set", "other"),
        ("removed", "other"),
    ]
    assert all(each.by.startswith("cli:") for each in shell.records())
    assert shell.remains(VALUE, "another-value") == []
    assert verify(shell.folder / "ledger.db").findings == ()
    for each in ("secrets.json", "master.key"):
        assert (shell.folder / each).stat().st_mode & 0o077 == 0


def test_a_value_is_never_an_argument_and_a_wrong_one_is_not_repeated(shell: Shell) -> None:
    shell.run("secrets", "set", "deepseek", VALUE, ok=False)
    shell.run("secrets", "set", "no/name", stdin=VALUE, ok=False)
    shell.run("secrets", "set", "two-lines", stdin=f"{VALUE}\nand more", ok=False)
    shell.run("secrets", "set", "nothing", stdin="\n", ok=False)
    shell.run("secrets", "rm", "nothing", ok=False)
    assert VALUE not in "".join(shell.said[1:])
    assert not (shell.folder / "secrets.json").exists()


@pytest.mark.parametrize(("before", "after"), [(None, None), (None, KEY), (KEY, bytes(32))])
def test_another_master_key_opens_what_the_one_before_sealed(
    tmp_path: Path, before: bytes | None, after: bytes | None
) -> None:
    vault = Vault(tmp_path, master=before)
    vault.set("deepseek", VALUE, at_ms=1, by=ME)
    old = (tmp_path / "secrets.json").read_bytes()
    key = before or (tmp_path / "master.key").read_bytes()
    vault.rotate(after, at_ms=1, by=ME)
    assert Vault(tmp_path, master=after).read("deepseek") == VALUE
    assert (tmp_path / "master.key").exists() is (after is None)
    with pytest.raises(Misconfigured, match="not the key that"):
        Vault(tmp_path, master=key).read("deepseek")
    (tmp_path / "secrets.json").write_bytes(old)
    assert Vault(tmp_path, master=key).read("deepseek") == VALUE


def test_a_rotation_that_was_cut_off_is_ended_by_whoever_comes_next(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    vault.set("deepseek", VALUE, at_ms=1, by=ME)
    key, following = tmp_path / "master.key", tmp_path / "master.key.next"
    following.write_bytes(KEY)  # and cut off there
    assert vault.read("deepseek") == VALUE
    assert not following.exists()
    old = key.read_bytes()
    vault.rotate(at_ms=1, by=ME)
    following.write_bytes(key.read_bytes())
    key.write_bytes(old)  # as if cut off before the keys were changed
    assert vault.read("deepseek") == VALUE
    assert (key.read_bytes() != old, following.exists()) == (True, False)


def test_the_commands_rotate_and_take_the_key_from_the_environment(shell: Shell) -> None:
    shell.run("secrets", "set", "deepseek", stdin=VALUE)
    shell.run("secrets", "rotate")
    first, second = b64encode(KEY).decode(), b64encode(bytes(32)).decode()
    shell.run("secrets", "rotate", JEVONS_NEXT_MASTER_KEY=first)
    shell.run("secrets", "rotate", JEVONS_MASTER_KEY=first, ok=False)
    shell.run("secrets", "rotate", JEVONS_MASTER_KEY=first, JEVONS_NEXT_MASTER_KEY=second)
    wrong = shell.run("secrets", "set", "x", stdin="y", JEVONS_MASTER_KEY=first, ok=False)
    shell.run("secrets", "set", "x", stdin="y", JEVONS_MASTER_KEY="short", ok=False)
    shell.run("secrets", "set", "x", stdin="y", JEVONS_MASTER_KEY=second)
    assert "JEVONS_MASTER_KEY is not the key" in shell.said[-3]
    assert wrong == "" or VALUE not in wrong
    assert [each.act for each in shell.records()] == ["set", "rotated", "rotated", "rotated", "set"]
    assert shell.remains(VALUE, first, second) == []


@pytest.mark.anyio
async def test_what_a_command_that_was_cut_off_did_is_told_by_the_next(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    vault.set("deepseek", VALUE, at_ms=1, by=ME)
    told: list[SecretChange] = []

    async def record(change: SecretChange) -> None:
        told.append(change)

    await Vault(tmp_path).tell(record)
    await Vault(tmp_path).tell(record)
    assert [(each.act, each.name, each.by) for each in told] == [("set", "deepseek", "cli:me")]


def test_what_was_changed_in_the_file_does_not_open(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    for name in ("one", "two"):
        vault.set(name, f"{VALUE}-{name}", at_ms=1, by=ME)
    path = tmp_path / "secrets.json"
    said: dict[str, Any] = json.loads(path.read_bytes())
    one, two = said["secrets"]
    one["sealed"], one["salt"] = two["sealed"], two["salt"]
    path.write_text(json.dumps(said))
    with pytest.raises(Misconfigured, match="'one' does not open") as refused:
        vault.read("one")
    assert VALUE not in str(refused.value)
    assert vault.read("two") == f"{VALUE}-two"
    with pytest.raises(NotFound, match="jevons secrets set three"):
        vault.read("three")
    with pytest.raises(Malformed):
        vault.set("three", "a\x00b", at_ms=1, by=ME)
    path.write_text("{}")
    with pytest.raises(Misconfigured, match="not a file of secrets"):
        vault.read("one")


@pytest.mark.anyio
@pytest.mark.slow
async def test_an_endpoint_is_shown_its_secret_and_nobody_else_is(shell: Shell) -> None:
    folder = shell.folder
    async with Vendor(ANSWER) as vendor:
        (folder / "jevons.toml").write_text(
            f'[[endpoint]]\nname = "far"\nmodel = "a/b"\nurl = "{vendor.url}"\nplace = "CH"\n'
            'api_key = "secret:far"\n'
        )
        environ = {**os.environ, "JEVONS_DATA_DIR": str(folder), "JEVONS_ENGINE_ENABLED": "false"}

        async def jevons(*words: str, stdin: bytes = b"") -> int | None:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "jevons", *words),
                cwd=folder,
                env=environ,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            out, err = await asyncio.wait_for(child.communicate(stdin), 30)
            shell.said.append(out.decode() + err.decode())
            return child.returncode

        assert await jevons("serve", "--port", "0") == 1
        assert "no secret 'far'; `jevons secrets set far` makes it" in shell.said[-1]
        assert await jevons("secrets", "set", "far", stdin=VALUE.encode()) == 0
        server = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "jevons", "serve", "--port", "0", "--json"),
            cwd=folder,
            env=environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert server.stdout is not None
        try:
            line = await asyncio.wait_for(server.stdout.readline(), 30)
            environ["JEVONS_URL"] = json.loads(line)["url"]
            assert await jevons("ask", "Hi") == 0
        finally:
            server.terminate()
            out, err = await asyncio.wait_for(server.communicate(), 30)
        shell.said.append(out.decode() + err.decode())
        assert vendor.heard[0].headers["authorization"] == f"Bearer {VALUE}"
    assert await jevons("doctor", "--quick") in {0, 1}
    assert await jevons("export", "all.jevons") == 0
    assert shell.remains(VALUE) == []
