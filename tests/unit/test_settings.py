"""Settings are read whole or not at all, and what is wrong is named."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from jevons.settings import RetrySettings, Settings, load
from jevons.types.custody import DataClass
from jevons.types.errors import Misconfigured

REMOTE = """
[[endpoint]]
name = "rack"
model = "qwen/qwen3-32b"
url = "http://127.0.0.1:8001/v1"
place = "CH"
can = ["text", "tools"]

[endpoint.price]
input_per_mtok = "0.10"
output_per_mtok = 0.4
since = "2026-11-01"
source = "the operator's list, read 2026-11-01"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "house.toml"
    path.write_text(text)
    return path


def read(folder: Path, text: str = "", **environ: str) -> Settings:
    return load(written(folder, text), {"HOME": str(folder), **environ})


def test_nothing_set_is_loopback_and_durable(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert settings.server.host == "127.0.0.1"
    assert settings.ledger.commit == "disk"
    assert settings.endpoint == ()


def test_no_file_here_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(None, {}).server.port == 8000


def test_the_file_here_is_read_when_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jevons.toml").write_text("[server]\nport = 8123\n")
    monkeypatch.chdir(tmp_path)
    assert load(None, {}).server.port == 8123


def test_an_endpoint_is_a_row_and_its_price_is_exact(tmp_path: Path) -> None:
    (endpoint,) = read(tmp_path, REMOTE).endpoint
    assert endpoint.place == "CH"
    assert endpoint.price is not None
    assert endpoint.price.input_per_mtok == Decimal("0.10")
    assert endpoint.price.output_per_mtok == Decimal("0.4")


def test_what_is_not_said_of_an_endpoint_is_left_to_what_is_known_of_its_vendor(
    tmp_path: Path,
) -> None:
    (endpoint,) = read(
        tmp_path, '[[endpoint]]\nname="a"\nmodel="b/c"\nurl="http://h/v1"\n'
    ).endpoint
    assert (endpoint.place, endpoint.host, endpoint.price) == (None, None, None)


def test_every_section_can_be_set_in_the_environment(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        JEVONS_POLICY_PROFILE="eu-gdpr",
        JEVONS_PRIVACY_LOOK="never",
        JEVONS_PRIVACY_REGIONS="DE, FR",
        JEVONS_PRIVACY_DICTIONARY_FILE="~/names.txt",
    )
    assert settings.policy.profile == "eu-gdpr"
    assert settings.privacy.look == "never"
    assert settings.privacy.regions == ("DE", "FR")
    assert settings.privacy.dictionary_file == Path("~/names.txt").expanduser()


def test_the_environment_lies_over_the_file(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        "[server]\nport = 1\nhost = '::1'\n",
        JEVONS_SERVER_PORT="2",
        JEVONS_ENGINE_ENABLED="false",
        JEVONS_HOUSE_WATTS_PER_THREAD="6.5",
    )
    assert (settings.server.port, settings.server.host) == (2, "::1")
    assert settings.engine.enabled is False
    assert settings.house.watts_per_thread == 6.5


def test_the_process_s_own_environment_is_read_when_none_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JEVONS_SERVER_PORT", "8456")
    assert load(written(tmp_path, "")).server.port == 8456


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"JEVONS_DATA_DIR": "/srv/jevons"}, Path("/srv/jevons")),
        ({"XDG_DATA_HOME": "/srv/share"}, Path("/srv/share/jevons")),
        ({"JEVONS_DATA_DIR": "~/books"}, Path.home() / "books"),
        ({}, Path.home() / ".local" / "share" / "jevons"),
    ],
)
def test_the_data_folder_follows_the_environment(
    environ: dict[str, str], folder: Path, tmp_path: Path
) -> None:
    assert load(written(tmp_path, ""), environ).data_dir == folder


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[server]\nport = 'eighty'\n", "server.port"),
        ("[server]\nprot = 80\n", "prot"),
        ("[ledger]\ncommit = 'maybe'\n", "ledger.commit"),
        ("[answers]\nkeep = 'always'\n", "answers.keep"),
        ("[answers]\nkeep_days = 0\n", "answers.keep_days"),
        ("[answers]\nmax_mb = 0\n", "answers.max_mb"),
        ("[retries]\ntries = -1\n", "retries.tries"),
        ("[retries]\nwait_s = -0.5\n", "retries.wait_s"),
        ("[[endpoint]]\nname = 'a'\n", "endpoint[0]"),
        ("[policy]\nregion = 'Europe'\n", "policy.region"),
        ("[[witness]]\nurl='u'\nkey='k'\nplace='ch'\n", "witness[0].place"),
        ("[[endpoint]]\nname='a'\nmodel='b'\nplace='China'\n", "endpoint[0].place"),
        ("[[endpoint]]\nname='a'\nmodel='b'\ncustody={owner='cn'}\n", "endpoint[0].custody.owner"),
        (
            "[[endpoint]]\nname='a'\nmodel='b'\ncustody={access=['PRC']}\n",
            "endpoint[0].custody.access[0]",
        ),
        ("port = \n", "house.toml"),
        ("[[endpoint]]\nname='a'\nmodel='b'\nurl='c'\ncan=['flight']\n", "endpoint[0].can[0]"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(tmp_path: Path, text: str, names: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        read(tmp_path, text)
    assert names in str(caught.value)
    assert "house.toml" in str(caught.value)


def test_retries_are_set_in_the_file_and_in_the_environment(tmp_path: Path) -> None:
    assert read(tmp_path).retries == RetrySettings(tries=2, wait_s=10.0)
    settings = read(tmp_path, "[retries]\ntries = 5\n", JEVONS_RETRIES_WAIT_S="0.5")
    assert settings.retries == RetrySettings(tries=5, wait_s=0.5)


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"no settings file .*nowhere"):
        load(tmp_path / "nowhere.toml", {})


def test_a_class_without_days_of_its_own_is_kept_as_long_as_the_others(tmp_path: Path) -> None:
    usual = read(tmp_path).answers.days
    assert {usual.of(data_class) for data_class in DataClass} == {183}
    said = "[answers]\nkeep_days = 60\nspecial_days = 7\n"
    days = read(tmp_path, said, JEVONS_ANSWERS_PERSONAL_DAYS="14").answers.days
    assert [days.of(data_class) for data_class in DataClass] == [60, 60, 14, 7]
