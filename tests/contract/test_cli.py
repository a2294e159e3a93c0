"""Each command explains itself, answers programs in JSON, and fails in one line that helps."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from jevons.cli import main
from jevons.cli.client import Client
from jevons.engine.stamp import write_stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from click.testing import Result


def commands(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Walk down to everything that does something."""
    if not isinstance(command, click.Group):
        yield words
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from commands(found, (*words, name))


EVERY = list(commands(main, ()))


@pytest.fixture
def call(tmp_path: Path) -> CliRunner:
    """A shell in an empty house, whose port nobody answers."""
    return CliRunner(
        env={"JEVONS_DATA_DIR": str(tmp_path / "house"), "JEVONS_SERVER_PORT": "1"},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the house keeps its weights."""
    made = tmp_path / "house/weights"
    made.mkdir(parents=True)
    return made


def is_one_line(result: Result) -> bool:
    return result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_has_help_with_an_example_and_both_shared_options(
    words: tuple[str, ...], call: CliRunner
) -> None:
    result = call.invoke(main, [*words, "--help"])
    assert result.exit_code == 0
    assert "Example:" in result.stdout
    assert "--json" in result.stdout
    assert "--config" in result.stdout


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_an_option_that_is_not_there_is_a_usage_error(
    words: tuple[str, ...], call: CliRunner
) -> None:
    assert call.invoke(main, [*words, "--no-such-option"]).exit_code == 2


@pytest.mark.parametrize(
    "words", [("ask", "Hello"), ("demo",), ("receipt", "req_1"), ("bench",)], ids=" ".join
)
def test_without_a_server_it_says_how_to_start_one(words: tuple[str, ...], call: CliRunner) -> None:
    result = call.invoke(main, words)
    assert result.exit_code == 1
    assert is_one_line(result)
    assert "`jevons serve`" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "words",
    [("verify",), ("export", "out.jsonl"), ("keys", "list"), ("keys", "revoke", "key_1")],
    ids=" ".join,
)
def test_without_a_ledger_it_says_what_begins_one_and_begins_none(
    words: tuple[str, ...], call: CliRunner, tmp_path: Path
) -> None:
    result = call.invoke(main, words)
    assert result.exit_code == 1
    assert is_one_line(result)
    assert "no ledger" in result.stderr
    assert not (tmp_path / "house").exists()


def test_a_wrong_setting_is_one_line_that_names_it(call: CliRunner, tmp_path: Path) -> None:
    config = tmp_path / "wrong.toml"
    config.write_text("[server]\nkeep_alive_s = 'often'\n")
    result = call.invoke(main, ["models", "--config", str(config)])
    assert result.exit_code == 1
    assert is_one_line(result)
    assert "server.keep_alive_s" in result.stderr


def test_a_settings_file_that_is_not_there_is_named(call: CliRunner) -> None:
    result = call.invoke(main, ["models", "--config", "nowhere.toml"])
    assert result.exit_code == 1
    assert "nowhere.toml" in result.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("ask", "Hello"), "no_server"),
        (("demo",), "no_server"),
        (("receipt", "req_1"), "no_server"),
        (("bench",), "no_server"),
        (("verify",), "not_found"),
        (("export", "out.jsonl"), "not_found"),
        (("keys", "revoke", "key_none"), "not_found"),
        (("models", "--config", "nowhere.toml"), "misconfigured"),
        (("serve", "--config", "nowhere.toml"), "misconfigured"),
        (("pull", "nothing"), "weights_refused"),
        (("completion", "csh"), "usage"),
        (("serve", "--once"), "usage"),
        (("ask",), "usage"),
        (("verify", "--no-such-option"), "usage"),
        (("no-such-command",), "usage"),
        (("--no-such-option",), "usage"),
    ],
    ids=str,
)
def test_with_json_a_failure_is_an_object_and_ends_as_it_does_without(
    words: tuple[str, ...], code: str, call: CliRunner
) -> None:
    plain, told = call.invoke(main, words), call.invoke(main, [*words, "--json"])
    error = json.loads(told.stdout)["error"]
    assert error["code"] == code
    assert error["message"] in told.stderr
    assert told.exit_code == plain.exit_code > 0
    assert told.stderr == plain.stderr
    assert plain.stdout == ""


def test_once_without_the_demo_is_a_usage_error(call: CliRunner) -> None:
    assert call.invoke(main, ["serve", "--once"]).exit_code == 2


@pytest.mark.parametrize(
    "words", [("keys", "create", "me"), ("pull", "smollm2-135m")], ids=" ".join
)
def test_a_data_folder_that_cannot_be_made_is_one_line_that_names_it(
    words: tuple[str, ...], call: CliRunner, tmp_path: Path
) -> None:
    (tmp_path / "house").write_text("a file")
    result = call.invoke(main, words)
    assert result.exit_code == 1
    assert is_one_line(result)
    assert str(tmp_path / "house") in result.stderr


def test_the_doctor_fails_on_a_data_folder_that_cannot_be_made(
    call: CliRunner, tmp_path: Path
) -> None:
    (tmp_path / "house").write_text("a file")
    result = call.invoke(main, ["doctor", "--json"])
    assert result.exit_code == 1
    failed = [line["name"] for line in json.loads(result.stdout) if line["state"] == "fail"]
    assert failed == ["data folder"]


def test_an_address_that_is_taken_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            [sys.executable, "-m", "jevons", "serve", "--no-engine", "--json"],
            env={
                "JEVONS_DATA_DIR": str(tmp_path),
                "JEVONS_SERVER_PORT": str(taken.getsockname()[1]),
            },
            check=False,
            capture_output=True,
            text=True,
        )
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "cannot_listen"
    assert "Traceback" not in done.stderr
    assert "`jevons doctor`" in done.stderr


def test_no_model_is_fetched_for_an_engine_that_is_not_installed(
    call: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    result = call.invoke(main, ["serve"])
    assert result.exit_code == 1
    assert is_one_line(result)
    assert ".[engine]" in result.stderr
    assert not (tmp_path / "house").exists()


def test_models_are_listed_without_a_server(call: CliRunner) -> None:
    listed = json.loads(call.invoke(main, ["models", "--json"]).stdout)
    assert listed["endpoints"] == []
    assert all(each["name"] and each["licence"] for each in listed["weights"])
    assert not any(each["is_here"] for each in listed["weights"])


def test_an_endpoint_is_listed_with_what_its_vendor_s_row_says(
    call: CliRunner, tmp_path: Path
) -> None:
    config = tmp_path / "house.toml"
    config.write_text(
        '[[endpoint]]\nname = "ds"\nmodel = "deepseek/deepseek-flash"\nvendor = "deepseek"\n'
    )
    said = call.invoke(main, ["models", "--json", "--config", str(config)]).stdout
    (endpoint,) = json.loads(said)["endpoints"]
    assert (endpoint["place"], endpoint["is_priced"]) == ("CN", True)
    assert endpoint["url"].startswith("https://api.deepseek.com")


def test_models_are_shown_with_whether_they_are_here(call: CliRunner, folder: Path) -> None:
    (folder / "smollm2-135m.gguf").write_bytes(b"weights")
    rows = call.invoke(main, ["models"]).stdout.splitlines()
    (row,) = [row.split() for row in rows if "smollm2-135m" in row]
    assert row[-2:] == ["pinned", "yes"]


def test_weights_that_are_named_by_their_path_stay_there(call: CliRunner, tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(b"weights")
    result = call.invoke(main, ["pull", f"file://{path}", "--json"])
    pulled = json.loads(result.stdout)
    assert pulled["path"] == str(path)
    assert pulled["sha256"] == sha256(b"weights").hexdigest()
    assert "verify mine" in result.stderr


def test_a_schema_that_is_not_json_is_refused_before_it_is_sent(
    call: CliRunner, tmp_path: Path
) -> None:
    path = tmp_path / "schema.json"
    path.write_text("{")
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        result = call.invoke(main, ["ask", "Hi", "-m", "a", "--schema", str(path), "--url", url])
    assert is_one_line(result)
    assert str(path) in result.stderr


def test_keys_are_shown_with_what_they_may_and_until_when(call: CliRunner) -> None:
    limits = "--endpoint far --place CH --place on-prem --class personal --region EEA --days 3"
    call.invoke(main, ["keys", "create", "guest", *limits.split()])
    call.invoke(main, ["keys", "create", "owner"])
    shown = call.invoke(main, ["keys", "list"]).stdout
    guest, owner = [row.split() for row in shown.splitlines() if "key_" in row]
    assert guest[1:3] == ["guest", "never"]
    assert guest[-2:] == ["days", "left"]
    assert [
        row.strip() for row in shown.splitlines() if row.startswith(" " * 9) and row.strip()
    ] == [
        "only far",
        "in CH, on-prem",
        "personal data",
        "of people in EEA",
    ]
    assert owner[1:] == ["owner", "never", "valid"]
    listed = json.loads(call.invoke(main, ["keys", "list", "--json"]).stdout)
    assert [guest[0], owner[0]] == [each["key"] for each in listed], "an id is copied whole"
    assert (listed[0]["data_class"], listed[0]["region"]) == ("personal", "EEA")


@pytest.mark.parametrize(
    "words",
    [("x", "--place", "Mars"), ("x", "--place", "ch"), ("x", "--region", "Europe"), ("",), (" ",)],
)
def test_a_key_of_nowhere_or_of_no_name_is_not_made(
    words: tuple[str, ...], call: CliRunner
) -> None:
    assert call.invoke(main, ["keys", "create", *words]).exit_code == 2


def test_a_locale_without_the_letters_is_no_reason_to_fail(tmp_path: Path) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment = {**os.environ, **ascii_only, "JEVONS_DATA_DIR": str(tmp_path)}

    def run(*words: str, piped: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "jevons", *words]
        return subprocess.run(
            command, env=environment, cwd=tmp_path, check=False, capture_output=True, input=piped
        )

    assert run("keys", "create", "Café").returncode == 0
    assert b"Caf" in run("keys", "list").stdout
    assert json.loads(run("keys", "list", "--json").stdout)[0]["key"].startswith("key_")
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    asked = run("ask", "Café?", "-m", "a", "--url", url, piped=b"\xff")
    assert b"no server at" in asked.stderr
    assert b"Traceback" not in asked.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("words", [("models",), ("models", "--json")])
def test_output_that_cannot_be_written_is_one_line(words: tuple[str, ...], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "jevons", *words]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command, cwd=tmp_path, check=False, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert done.stderr == "Error: No space left on device: nothing more can be written\n"


def test_a_key_is_made_listed_and_revoked(call: CliRunner) -> None:
    made = json.loads(
        call.invoke(main, ["keys", "create", "me", "--place", "CH", "--days", "3", "--json"]).stdout
    )
    assert made["secret"].startswith("jv_")
    (listed,) = json.loads(call.invoke(main, ["keys", "list", "--json"]).stdout)
    assert (listed["key"], listed["places"], listed["revoked"]) == (made["key"], ["CH"], False)
    assert made["secret"] not in json.dumps(listed)
    assert call.invoke(main, ["keys", "revoke", made["key"]]).exit_code == 0
    (listed,) = json.loads(call.invoke(main, ["keys", "list", "--json"]).stdout)
    assert listed["revoked"]


def test_a_key_is_rotated_and_stays_the_same_key(call: CliRunner) -> None:
    made = json.loads(call.invoke(main, ["keys", "create", "me", "--json"]).stdout)
    turned = json.loads(
        call.invoke(main, ["keys", "rotate", made["key"], "--grace", "2", "--json"]).stdout
    )
    assert turned["key"] == made["key"]
    assert turned["secret"] != made["secret"]
    (listed,) = json.loads(call.invoke(main, ["keys", "list", "--json"]).stdout)
    assert listed["former_until_ms"] == turned["former_until_ms"]
    shown = call.invoke(main, ["keys", "rotate", made["key"], "--grace", "0"])
    assert shown.stdout.startswith("jv_")
    (listed,) = json.loads(call.invoke(main, ["keys", "list", "--json"]).stdout)
    assert listed["former_until_ms"] is None


def test_accounts_form_a_tree_that_keys_are_charged_to(call: CliRunner) -> None:
    for words in (
        ["acme", "--level", "organisation"],
        ["lab", "--level", "team", "--under", "acme"],
        ["search", "--under", "lab"],
    ):
        assert call.invoke(main, ["accounts", "create", *words]).exit_code == 0
    call.invoke(main, ["keys", "create", "me", "--project", "search"])
    (listed,) = json.loads(call.invoke(main, ["keys", "list", "--json"]).stdout)
    assert listed["account"] == ["search", "lab", "acme"]
    shown = call.invoke(main, ["accounts", "list"]).stdout.splitlines()
    names = [row.split()[0] for row in shown if "organisation" in row or "project" in row]
    assert names == ["acme", "search", "house", "default"]
    plain = json.loads(call.invoke(main, ["accounts", "list", "--json"]).stdout)
    assert [each["cost_nusd"] for each in plain] == [0] * 5
    assert json.loads(call.invoke(main, ["accounts", "create", "x", "--json"]).stdout) == {
        "account": "x",
        "level": "project",
        "under": "house",
    }


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("accounts", "create", "Not A Name"), "cannot be an account's name"),
        (("accounts", "create", "x", "--under", "nowhere"), "'nowhere'"),
        (("keys", "create", "x", "--project", "nowhere"), "'nowhere'"),
        (("keys", "create", "x", "--project", "house"), "level organisation"),
        (("budgets", "set", "nowhere", "--usd", "1"), "'nowhere'"),
        (("limits", "set", "nowhere", "--requests", "1"), "'nowhere'"),
    ],
)
def test_what_cannot_be_is_one_line(words: tuple[str, ...], says: str, call: CliRunner) -> None:
    result = call.invoke(main, [*words])
    assert result.exit_code == 1
    assert is_one_line(result)
    assert says in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("budgets", "set", "house"),
        ("budgets", "set", "house", "--usd", "much"),
        ("budgets", "set", "house", "--usd", "-1"),
        ("budgets", "set", "house", "--usd", "nan"),
        ("budgets", "set", "house", "--usd", "1e12"),
        ("limits", "set", "house"),
        ("limits", "set", "house", "--requests", "0"),
    ],
)
def test_a_figure_that_cannot_be_is_a_usage_error(words: tuple[str, ...], call: CliRunner) -> None:
    assert call.invoke(main, [*words]).exit_code == 2


def test_a_budget_is_set_shown_and_lifted(call: CliRunner) -> None:
    said = call.invoke(
        main, ["budgets", "set", "house", "--usd", "12.50", "--wh", "0.5", "--alert", "50"]
    )
    assert said.stdout == "house, each month: $12.50, 0.50 Wh, hard, alerts at 50 %\n"
    money, energy = json.loads(call.invoke(main, ["budgets", "list", "--json"]).stdout)
    assert (money["unit"], money["limit"], money["left"]) == ("cost_nusd",) + (12_500_000_000,) * 2
    assert (energy["unit"], energy["limit"], energy["spent"]) == ("energy_mj", 1_800_000, 0)
    assert money["renews"].endswith("-01T00:00:00Z")
    rows = call.invoke(main, ["budgets", "list"]).stdout
    assert "$12.50" in rows
    call.invoke(main, ["budgets", "set", "house", "--gco2e", "3", "--per", "day", "--soft"])
    assert "soft" in call.invoke(main, ["budgets", "list"]).stdout
    assert (
        call.invoke(main, ["budgets", "lift", "house"]).stdout == "house, each month: no budget\n"
    )
    (carbon,) = json.loads(call.invoke(main, ["budgets", "list", "--json"]).stdout)
    assert (carbon["unit"], carbon["limit"], carbon["hard"]) == ("carbon_ug", 3_000_000, False)
    lifted = call.invoke(main, ["budgets", "lift", "house", "--per", "day", "--json"])
    assert json.loads(lifted.stdout)["carbon_ug"] is None
    assert "no budgets" in call.invoke(main, ["budgets", "list"]).stderr


def test_a_limit_is_set_shown_and_lifted(call: CliRunner) -> None:
    said = call.invoke(main, ["limits", "set", "house", "--requests", "6000", "--parallel", "4"])
    assert said.stdout == "house: 6000 requests, 4 parallel\n"
    rows = call.invoke(main, ["limits", "list"]).stdout.splitlines()
    (row,) = [row for row in rows if "house" in row]
    none = ["no", "limit"]
    assert row.split() == ["house", "6,000", *none, "4", *none, *none]
    (listed,) = json.loads(call.invoke(main, ["limits", "list", "--json"]).stdout)
    assert listed == {
        "account": "house",
        "requests": 6000,
        "tokens": None,
        "parallel": 4,
        "reasoning": None,
        "steps": None,
    }
    assert call.invoke(main, ["limits", "lift", "house"]).stdout == "house: no limit\n"
    assert json.loads(call.invoke(main, ["limits", "list", "--json"]).stdout) == []
    set_again = call.invoke(main, ["limits", "set", "house", "--tokens", "9", "--json"])
    assert json.loads(set_again.stdout)["tokens"] == 9


def test_revoking_a_key_that_is_not_there_is_an_error(call: CliRunner) -> None:
    call.invoke(main, ["keys", "create", "me"])
    result = call.invoke(main, ["keys", "revoke", "key_none"])
    assert result.exit_code == 1
    assert is_one_line(result)
    assert "key_none" in result.stderr


def test_an_export_verifies_and_is_not_written_over(call: CliRunner, tmp_path: Path) -> None:
    out = tmp_path / "books.jsonl"
    call.invoke(main, ["keys", "create", "me"])
    assert call.invoke(main, ["export", str(out)]).exit_code == 0
    assert call.invoke(main, ["verify", str(out)]).exit_code == 0
    again = call.invoke(main, ["export", str(out)])
    assert again.exit_code == 1
    assert "--force" in again.stderr


def test_verify_finds_a_byte_that_was_changed(call: CliRunner, tmp_path: Path) -> None:
    call.invoke(main, ["keys", "create", "a name to be changed"])
    assert call.invoke(main, ["verify"]).exit_code == 0
    ledger = tmp_path / "house/ledger.db"
    ledger.write_bytes(ledger.read_bytes().replace(b"a name to be", b"a name to bE", 1))
    result = call.invoke(main, ["verify"])
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    report = call.invoke(main, ["verify", "--json"])
    assert json.loads(report.stdout)["findings"]


def test_the_doctor_has_a_word_for_everything(call: CliRunner) -> None:
    lines = json.loads(call.invoke(main, ["doctor", "--json"]).stdout)
    assert {"python", "engine", "clock", "settings", "weights", "port"} <= {
        line["name"] for line in lines
    }
    assert all(line["advice"] for line in lines if line["state"] != "ok")


def test_the_doctor_fails_where_names_are_to_be_found_and_nothing_finds_them(
    call: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JEVONS_PRIVACY_NAMES", "true")
    monkeypatch.setitem(sys.modules, "spacy", None)
    lines = json.loads(call.invoke(main, ["doctor", "--json"]).stdout)
    (names,) = [line for line in lines if line["name"] == "names"]
    assert names["state"] == "fail"
    assert ".[ner]" in names["advice"]


def test_the_doctor_says_that_what_finds_names_is_there(
    call: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("spacy", reason="the extra `ner` is not installed")
    monkeypatch.setenv("JEVONS_PRIVACY_NAMES", "true")
    lines = json.loads(call.invoke(main, ["doctor", "--json"]).stdout)
    assert [line["state"] for line in lines if line["name"] == "names"] == ["ok"]


def test_the_doctor_fails_on_settings_that_cannot_be_read(call: CliRunner) -> None:
    result = call.invoke(main, ["doctor", "--config", "nowhere.toml", "--json"])
    assert result.exit_code == 1
    assert [line["name"] for line in json.loads(result.stdout) if line["state"] == "fail"] == [
        "settings"
    ]


def weights(call: CliRunner, *words: str) -> list[dict[str, str]]:
    """What the doctor says of the weights."""
    lines = json.loads(call.invoke(main, ["doctor", "--json", *words]).stdout)
    return [line for line in lines if line["name"] == "weights"]


def test_the_doctor_reads_weights_again_and_fails_on_bytes_that_the_catalogue_does_not_pin(
    call: CliRunner, folder: Path
) -> None:
    (folder / "smollm2-135m.gguf").write_bytes(b"not what the publisher sent")
    (*_, line) = weights(call)
    assert line["state"] == "fail"
    assert sha256(b"not what the publisher sent").hexdigest() in line["found"]
    assert "jevons pull smollm2-135m" in line["advice"]
    result = call.invoke(main, ["doctor"])
    assert result.exit_code == 1
    assert "verify smollm2-135m" in result.stderr  # how far it is


def test_the_doctor_holds_weights_to_what_they_were_when_they_were_fetched(
    call: CliRunner, folder: Path
) -> None:
    path = folder / "mine.gguf"
    path.write_bytes(b"weights")
    write_stamp(path, sha256(b"weights").hexdigest())
    assert weights(call)[-1]["state"] == "ok"
    path.write_bytes(b"heavier")
    assert weights(call)[-1]["state"] == "fail"


def test_the_doctor_says_of_weights_from_elsewhere_that_nothing_vouches_for_them(
    call: CliRunner, folder: Path
) -> None:
    (folder / "mine.gguf").write_bytes(b"weights")
    assert weights(call)[-1]["state"] == "warn"


def test_a_quick_doctor_does_not_read_weights(call: CliRunner, folder: Path) -> None:
    (folder / "smollm2-135m.gguf").write_bytes(b"not what the publisher sent")
    assert [line["state"] for line in weights(call, "--quick")] == ["warn", "ok"]


def test_the_doctor_changes_nothing(call: CliRunner, folder: Path) -> None:
    path = folder / "smollm2-135m.gguf"
    path.write_bytes(b"not what the publisher sent")
    weights(call)
    assert path.read_bytes() == b"not what the publisher sent"
    assert [*folder.iterdir()] == [path]


def test_the_doctor_names_a_model_that_is_not_in_the_catalogue(
    call: CliRunner, tmp_path: Path
) -> None:
    config = tmp_path / "wrong.toml"
    config.write_text("[engine]\nmodel = 'nothing'\n")
    (line,) = weights(call, "--config", str(config))
    assert (line["state"], line["advice"]) == ("fail", "set engine.model to one of these")


def test_who_listens_and_is_silent_is_another_program() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Client(f"http://127.0.0.1:{silent.getsockname()[1]}", None)
        assert client.presence(within_s=0.05) == "another"
    assert client.presence(within_s=0.05) == "nobody"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_completion(shell: str, call: CliRunner) -> None:
    result = call.invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert "_JEVONS_COMPLETE" in result.stdout


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom jevons.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print([n for n in ('rich', 'msgspec', 'uvicorn', 'asyncio', 'http.client', "
        "'cryptography', 'structlog') if n in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stderr.strip() == "[]"


def test_a_person_is_let_in_given_another_token_and_removed(call: CliRunner) -> None:
    said = call.invoke(main, ["people", "add", "ada", "--role", "admin"])
    token = said.stdout.strip()
    assert token.startswith("jvp_")
    assert "not shown again" in said.stderr
    again = json.loads(call.invoke(main, ["people", "rotate", "ada", "--json"]).stdout)
    assert again["token"] not in {token, ""}
    call.invoke(main, ["accounts", "create", "research", "--level", "team"])
    words = ["people", "add", "grace", "--role", "manager", "--of", "research", "--json"]
    added = json.loads(call.invoke(main, words).stdout)
    assert (added["role"], added["accounts"]) == ("manager", ["research"])
    assert added["by"].startswith("cli:")
    assert is_one_line(call.invoke(main, ["people", "add", "ada", "--role", "admin"]))
    assert is_one_line(call.invoke(main, ["people", "add", "lin", "--role", "member"]))
    call.invoke(main, ["budgets", "set", "research", "--usd", "5"])
    call.invoke(main, ["limits", "set", "research", "--requests", "5"])
    removed = call.invoke(main, ["people", "remove", "grace"])
    assert removed.stdout == "grace is refused from now on\n"
    rows = call.invoke(main, ["people", "list"]).stdout
    assert "removed" in rows
    assert "jvp_" not in rows
    listed = json.loads(call.invoke(main, ["people", "list", "--json"]).stdout)
    assert [(each["person"], each["removed"]) for each in listed] == [
        ("ada", False),
        ("grace", True),
    ]
    deeds = call.invoke(main, ["people", "deeds"]).stdout
    for said in ("grace (manager): removed", "limit of research: set", "team research: made"):
        assert said in deeds
    last = json.loads(call.invoke(main, ["people", "deeds", "--limit", "1", "--json"]).stdout)
    assert [(each["kind"], each["act"]) for each in last] == [("person", "removed")]
    nobody = call.invoke(main, ["people", "deeds", "--by", "nobody", "--json"])
    assert json.loads(nobody.stdout) == []
