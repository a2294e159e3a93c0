"""A house opened on what was imported answers under the names, and with the keys, that were there."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import yaml
from click.testing import CliRunner

from jevons.boot import open_house
from jevons.cli import main
from jevons.settings import load
from jevons.testing import Vendor
from jevons.testing.reply import refusal, whole

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

SECRET = "sk-hush-7d1f"


def litellm(*urls: str) -> str:
    """Write LiteLLM's configuration of a group, one server each."""
    entries = [
        {
            "model_name": "chat",
            "litellm_params": {"model": "openai/acme/tiny", "api_base": url, "api_key": SECRET},
        }
        for url in urls
    ]
    tree = {"model_list": entries, "router_settings": {"model_group_alias": {"old": "chat"}}}
    return yaml.safe_dump(tree)


def portkey(*urls: str) -> str:
    """Write Portkey's config of the same."""
    targets = [
        {
            "provider": "openai",
            "custom_host": url,
            "api_key": SECRET,
            "override_params": {"model": "acme/tiny"},
        }
        for url in urls
    ]
    return json.dumps({"strategy": {"mode": "fallback"}, "targets": targets})


def run(gateway: str, text: str | bytes, *options: str) -> Result:
    return CliRunner().invoke(main, ["import", gateway, "-", *options], input=text)


async def ask(folder: Path, model: str) -> dict[str, Any]:
    """Open a house on the settings in a folder, and ask it."""
    settings = load(folder / "jevons.toml", {"JEVONS_DATA_DIR": str(folder / "data")})
    async with open_house(settings) as house:
        key = (folder / "data/key").read_text().strip()
        transport = httpx2.ASGITransport(app=house.app)  # type: ignore[arg-type] its own words for ASGI
        async with httpx2.AsyncClient(transport=transport, base_url="http://jevons") as client:
            heard = await client.post(
                "/v1/chat/completions",
                headers={"authorization": f"Bearer {key}"},
                json={"model": model, "messages": [{"role": "user", "content": "Hi"}]},
            )
    assert heard.status_code == 200, heard.text
    return heard.json()


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["chat", "old", "acme/tiny"])
async def test_a_request_reaches_the_server_that_litellm_asked(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Vendor(whole("Moved.")) as vendor:
        done = run("litellm", litellm(vendor.url), "-o", str(tmp_path / "jevons.toml"))
        assert done.exit_code == 0, done.output
        monkeypatch.setenv("CHAT_API_KEY", SECRET)
        answer = await ask(tmp_path, name)
    assert answer["choices"][0]["message"]["content"] == "Moved."
    assert vendor.heard[0].headers["authorization"] == f"Bearer {SECRET}"
    assert json.loads(vendor.heard[0].body)["model"] == "acme/tiny"


@pytest.mark.anyio
async def test_a_request_that_one_target_fails_reaches_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Vendor(refusal(503)) as down, Vendor(whole("Moved.")) as up:
        done = run("portkey", portkey(down.url, up.url), "-o", str(tmp_path / "jevons.toml"))
        assert done.exit_code == 0, done.output
        monkeypatch.setenv("OPENAI_API_KEY", SECRET)
        answer = await ask(tmp_path, "acme/tiny")
    assert answer["choices"][0]["message"]["content"] == "Moved."
    assert len(down.heard) == len(up.heard) == 1


@pytest.mark.parametrize(("gateway", "write"), [("litellm", litellm), ("portkey", portkey)])
def test_settings_and_report_are_apart_and_neither_has_the_key(gateway: str, write: Any) -> None:
    done = run(gateway, write("http://10.0.0.5/v1"))
    assert done.exit_code == 0
    assert done.stdout.startswith("# From a configuration of ")
    assert "[[endpoint]]" in done.stdout
    assert "settings: " in done.stderr
    assert "to set in the environment before the start:" in done.stderr
    assert SECRET not in done.output


def test_a_program_is_told_everything_in_one_object() -> None:
    done = run("litellm", litellm("http://10.0.0.5/v1"), "--json")
    told = json.loads(done.stdout)
    assert done.stderr == ""
    assert told["endpoints"] == ["chat-1"] or told["endpoints"] == ["chat"]
    assert {"path", "says"} == {*told["changed"][0]}
    assert told["set"][0]["name"] == "CHAT_API_KEY"
    assert told["toml"].startswith("#")
    assert told["notes"]
    assert SECRET not in done.stdout


def test_a_file_that_is_there_is_written_over_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "jevons.toml"
    path.write_text("mine")
    text = litellm("http://10.0.0.5/v1")
    refused = run("litellm", text, "-o", str(path))
    assert refused.exit_code == 1
    assert path.read_text() == "mine"
    assert "--force" in refused.stderr
    assert run("litellm", text, "-o", str(path), "--force").stdout == ""
    assert path.read_text().startswith("# From")


def test_a_configuration_of_which_nothing_can_be_carried_fails_and_says_why() -> None:
    text = "model_list: [{model_name: a, litellm_params: {model: bedrock/x}}]"
    done = run("litellm", text)
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "does not know the provider 'bedrock'" in done.stderr
    told = json.loads(run("litellm", text, "--json").stdout)["error"]
    assert told["code"] == "nothing_carried"
    assert len(told["left"]) == 2


@pytest.mark.parametrize(
    ("gateway", "text", "says"),
    [
        ("litellm", "a: 1\nb: [", "standard input: line 2: "),
        ("litellm", b"a: 1\nb: \xff", "standard input: line 2: it is not UTF-8"),
        ("portkey", "{\n'a': 1}", "standard input: line 2: "),
        ("portkey", b" " * (4 * 1024 * 1024 + 1), "standard input: it has more than 4194304 bytes"),
    ],
)
def test_what_cannot_be_read_is_one_line_that_names_the_line(
    gateway: str, text: str | bytes, says: str
) -> None:
    done = run(gateway, text)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: {says}")
    assert done.stderr.count("\n") == 1


def test_a_file_is_called_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    gone = CliRunner().invoke(main, ["import", "litellm", str(path)])
    assert gone.exit_code == 1
    assert str(path) in gone.stderr
    path.write_text("\ufeffa: 1\na: 2", encoding="utf-8")
    wrong = CliRunner().invoke(main, ["import", "litellm", str(path)])
    assert wrong.stderr == f"Error: {path}: line 2: the key 'a' is there twice\n"


def test_what_a_slug_stands_for_must_be_said_whole() -> None:
    config = '{"virtual_key": "prod", "override_params": {"model": "gpt-4.1"}}'
    assert run("portkey", config, "--provider", "prod").exit_code == 2
    done = run("portkey", config, "--provider", "@prod=openai")
    assert 'vendor = "openai"' in done.stdout


def test_other_commands_do_not_load_what_reads_yaml() -> None:
    line = "import sys; from jevons.cli import main; main(['--help'], standalone_mode=False); "
    line += "sys.exit(any(name.split('.')[0] == 'yaml' for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", line], check=False, stdout=subprocess.DEVNULL)
    assert done.returncode == 0
