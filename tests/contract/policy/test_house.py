"""A profile that does not keep its promises opens no house, and every answer about one can be had ahead of time."""

from __future__ import annotations

import asyncio
import json
import random
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from click.testing import CliRunner

from jevons.boot.policy import known_endpoints, load_profile, open_policy, shipped_profiles
from jevons.boot.weigh import cited
from jevons.catalog import Catalog
from jevons.catalog.places import groups
from jevons.cli import main
from jevons.clock import SystemClock, Ulids
from jevons.policy import rules
from jevons.policy.cedar import Policies
from jevons.policy.facts import facts_of
from jevons.policy.live import labels
from jevons.policy.proof import Prover
from jevons.settings import LedgerSettings, PolicySettings, load
from jevons.store import Books
from jevons.testing import Clock
from jevons.testing.make import a_receipt, a_refusal, a_request, an_endpoint
from jevons.types.account import Tried
from jevons.types.custody import OWN, Custody, Label
from jevons.types.errors import EgressRefused, Misconfigured

if TYPE_CHECKING:
    from click.testing import Result

    from jevons.types.account import Record
    from jevons.types.decision import Verdict

SETTINGS = """
[engine]
enabled = true
[policy]
profile = "eu-gdpr"
[[endpoint]]
name = "far"
model = "deepseek/deepseek-flash"
vendor = "deepseek"
[[endpoint]]
name = "near"
model = "vendor/near"
url = "http://127.0.0.1:9"
place = "DE"
[endpoint.custody]
owner = "DE"
storage = "DE"
access = []
trains = false
"""
CEDAR = """
@id("open")
permit (principal, action == Action::"send", resource);
@id("near")
@says("personal data stays near")
forbid (principal, action == Action::"send", resource)
when { context.data_class >= 2 && resource.owner == "CN" };
"""
MANIFEST = """
says = "Mine."
data_class = "personal"
[[invariants]]
name = "nothing-chinese"
says = "nothing ever reaches a Chinese owner"
never = 'resource.owner == "CN"'
"""
PLACES = ("on-prem", "unknown", "EU", "DE", "US", "CN", "CH", "BR")
HERE = an_endpoint("here", custody=OWN)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "jevons.toml"
    path.write_text(SETTINGS)
    return path


@pytest.fixture
def mine(tmp_path: Path) -> str:
    (tmp_path / "mine.cedar").write_text(CEDAR)
    (tmp_path / "mine.toml").write_text(MANIFEST)
    return str(tmp_path / "mine.toml")


def run(*words: str, config: Path) -> Result:
    return CliRunner().invoke(main, ["policy", *words, "--config", str(config)])


def judge(settings: PolicySettings, catalog: Catalog) -> Verdict:
    return open_policy(settings, catalog, Clock(0)).rules.judge(a_request())


@pytest.mark.parametrize("name", shipped_profiles())
def test_a_house_opens_with_every_profile_that_ships(name: str) -> None:
    rules, opened, egress = open_policy(PolicySettings(profile=name), Catalog((HERE,)), Clock(0))
    assert egress is not None
    assert egress.profile.name == name
    verdict = rules.judge(a_request())
    assert f"egress-{name}" in verdict.rules
    assert verdict.rules.index(f"egress-{name}") == len(verdict.rules) - 3
    assert opened.policy == verdict.policy
    assert (opened.profile, opened.data_class) == (name, verdict.label.data_class.word)
    assert opened.proved == tuple(each.name for each in load_profile(name).invariants)
    assert opened.policies == sha256(load_profile(name).policies.encode()).hexdigest()
    assert opened.rules[-3] == f"egress-{name} 3"
    assert len(opened.proof) == len(opened.schema) == 64


def test_a_broken_promise_stops_the_start(mine: str) -> None:
    with pytest.raises(Misconfigured, match="nothing-chinese") as caught:
        open_policy(PolicySettings(profile=mine), Catalog((HERE,)), Clock(0))
    assert "'resource.owner': 'CN'" in str(caught.value)


def test_what_a_house_says_of_its_data_goes_before_the_profile() -> None:
    away = an_endpoint("away", place="US", custody=Custody(owner="US", trains=False))
    catalog = Catalog((away,))
    with pytest.raises(EgressRefused):
        judge(PolicySettings(profile="eu-gdpr"), catalog)
    public = PolicySettings(profile="eu-gdpr", data_class="public")
    assert judge(public, catalog).endpoints == (away,)
    american = PolicySettings(profile="eu-gdpr", region="US")
    unknown = an_endpoint("away", place="unknown", custody=Custody(owner="US", trains=False))
    with pytest.raises(EgressRefused, match="people in US"):
        judge(american, Catalog((unknown,)))


@pytest.mark.parametrize("name", ["eu-gpdr", "nowhere.toml", "../eu-gdpr"])
def test_a_profile_that_is_not_there_is_refused_by_name(name: str) -> None:
    with pytest.raises(Misconfigured, match="profile"):
        load_profile(name)


def test_what_is_known_needs_no_secret_and_opens_nothing(config: Path) -> None:
    near, far = (known_endpoints(load(config, {}))[index] for index in (2, 1))
    assert far.custody.owner == "CN"
    assert far.custody.trains is True
    assert near.custody.access == ()


def test_prove_holds_the_one_that_is_on(config: Path) -> None:
    done = run("prove", config=config)
    assert done.exit_code == 0, done.output
    assert "proved  personal-transfer" in done.stdout
    assert "held against 3 endpoints" in done.stdout


def test_prove_shows_what_breaks_a_promise(config: Path, mine: str) -> None:
    done = run("prove", mine, "eu-gdpr", config=config)
    assert done.exit_code == 1
    assert "BROKEN  nothing-chinese" in done.stdout
    (broken, fine) = json.loads(run("prove", mine, "eu-gdpr", "--json", config=config).stdout)
    assert fine["holds"]
    assert not broken["holds"]
    (proof,) = broken["invariants"]
    assert proof["case"]["resource.owner"] == "CN"
    assert "'far'" in broken["broken"][0]


def test_diff_shows_what_a_change_newly_lets_through(config: Path, mine: str) -> None:
    done = run("diff", "eu-gdpr", mine, config=config)
    assert done.exit_code == 0
    assert "newly allowed: for one, data with data_class" in done.stdout
    same = json.loads(run("diff", mine, mine, "--json", config=config).stdout)
    assert same == {"newly_allowed": None, "newly_refused": None}


def test_explain_is_a_sentence_with_rule_file_line_and_the_nearest_that_may(config: Path) -> None:
    done = run("explain", "far", config=config)
    assert done.exit_code == 1
    assert done.stdout.startswith("personal data of people in EEA may not go to 'far'")
    assert "(rule gdpr-transfer, eu-gdpr.cedar line 6, and gdpr-no-training)" in done.stdout
    second, third = done.stdout.splitlines()[1:]
    assert second == (
        "nearest endpoint that may have it: near (model 'vendor/near', not 'deepseek/deepseek-flash'; "
        "processed in DE, not CN; owner DE, not CN; stored in DE, not CN; "
        "staff reaching in from nowhere, not unknown; training no, not yes)"
    )
    assert third == (
        "'far' could have it if no model were trained on it and standard contractual clauses were "
        "signed and the transfer's impact assessed"
    )
    assert run("explain", "far", "--class", "public", config=config).exit_code == 0
    told = json.loads(run("explain", "near", "--class", "special", "--json", config=config).stdout)
    assert told["endpoints"][0]["is_allowed"]
    assert told["label"] == {"data_class": "special", "region": "EEA"}


@pytest.fixture
def kept(config: Path) -> Path:
    """The settings of a house whose books have a refusal and two answers."""
    folder = config.parent / "data"
    config.write_text(f'data_dir = "{folder}"\n{SETTINGS}')
    folder.mkdir()
    label = {"data_class": "personal", "region": "EEA"}
    failed = Tried(endpoint="far", error="provider_unavailable")
    records: list[Record] = [
        a_refusal(id="req_no", says="it may not", rule="gdpr-transfer", **label),
        a_receipt(id="req_yes", endpoint="near", tried=(failed,), rules=("key-valid",), **label),
        a_receipt(id="req_none", endpoint=None, tried=(failed,)),
    ]
    asyncio.run(write(folder / "ledger.db", records))
    return config


async def write(path: Path, records: list[Record]) -> None:
    clock = SystemClock()
    opening = Books.open(
        path, commit="os", origin=LedgerSettings().origin, clock=clock, ids=Ulids(clock)
    )
    async with opening as books:
        for record in records:
            await books.record(record)


def test_explain_tells_a_refusal_as_it_was_told_and_who_may_have_it(kept: Path) -> None:
    done = run("explain", "req_no", config=kept)
    assert done.exit_code == 1
    assert done.stdout == (
        "it may not\nnearest endpoint that may have it: local (alike in all that policies are told)\n"
    )
    told = json.loads(run("explain", "req_no", "--json", config=kept).stdout)
    assert (told["rule"], told["nearest"]) == ("gdpr-transfer", "local")
    assert told["label"] == {"data_class": "personal", "region": "EEA"}


def test_explain_tells_where_an_answer_s_data_went(kept: Path) -> None:
    done = run("explain", "req_yes", config=kept)
    assert done.exit_code == 0
    first, second = done.stdout.splitlines()
    assert first.startswith("personal data of people in EEA went to 'near' (")
    assert ", after 'far' failed: " in first
    assert second == "allowed by key-valid"
    assert "nobody answered, after 'far' failed" in run("explain", "req_none", config=kept).stdout


def test_explain_knows_only_what_is_in_the_books(kept: Path, config: Path) -> None:
    done = run("explain", "req_other", config=kept)
    assert done.exit_code == 1
    assert "no request 'req_other' in" in done.stderr
    (config.parent / "data" / "ledger.db").write_bytes(b"not a database" * 100)
    assert "cannot be read" in run("explain", "req_no", config=kept).stderr


def test_explain_says_in_which_form_it_may_go(config: Path) -> None:
    text = config.read_text().replace('owner = "DE"', 'owner = "US"\nbasis = "scc-tia"')
    config.write_text(text)
    told = json.loads(run("explain", "near", "--json", config=config).stdout)
    assert told["endpoints"][0]["is_veiled"]
    done = run("explain", "near", config=config)
    assert done.stdout.startswith("personal data of people in EEA, veiled, may go to 'near'")
    unread = run("explain", "near", "--unread", config=config)
    assert unread.exit_code == 1
    assert "that cannot all be looked through may not go to 'near'" in unread.stdout
    assert "(rule gdpr-veiled-transfer, eu-gdpr.cedar line" in unread.stdout


def body(config: Path, **fields: object) -> str:
    path = config.parent / "body.json"
    path.write_text(json.dumps(fields))
    return str(path)


SAID = [{"role": "user", "content": "Hello"}]
SEEN = [
    {
        "role": "user",
        "content": [{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}],
    }
]


def test_explain_reads_the_body_of_a_request(config: Path) -> None:
    done = run("explain", body(config, model="near", messages=SAID), config=config)
    assert (done.exit_code, done.stdout.count("may go to 'near'")) == (0, 1)
    seen = body(config, model="near", messages=SEEN)
    done = run("explain", seen, config=config)
    assert done.exit_code == 1
    first, *_, last = done.stdout.splitlines()
    assert first.startswith(
        "'near' cannot serve this (rule modality-supported, jevons/policy/rules.py line "
    )
    assert first.endswith("): 'near' cannot do 'image'")
    assert last == "'near' could have it if it could do image"


def test_explain_counts_how_long_a_request_is(config: Path) -> None:
    text = config.read_text()
    config.write_text(text.replace('place = "DE"', 'place = "DE"\ncontext_tokens = 1'))
    long = body(config, model="near", messages=[{"role": "user", "content": "x" * 1000}])
    done = run("explain", long, config=config)
    assert (
        "the prompt is at least 3 tokens (rule size-fits, jevons/policy/rules.py line"
        in done.stdout
    )
    assert "nearest endpoint that may have it: local (" in done.stdout
    assert "'near' could have it if the prompt were shorter" in done.stdout


def test_explain_reads_every_surface(config: Path) -> None:
    said: dict[str, dict[str, Any]] = {
        "chat": {"messages": SAID},
        "messages": {"messages": SAID, "max_tokens": 9},
        "responses": {"input": "Hello"},
        "embeddings": {"input": "Hello"},
    }
    for surface, fields in said.items():
        path = body(config, model="near", **fields)
        told = json.loads(
            run("explain", path, "--surface", surface, "--json", config=config).stdout
        )
        assert told["is_allowed"] is (surface != "embeddings"), surface
    assert run("explain", body(config, model="near", input="Hello"), config=config).exit_code == 0
    told = json.loads(
        run(
            "explain",
            body(config, model="near", input="Hello"),
            "--surface",
            "embeddings",
            "--json",
            config=config,
        ).stdout
    )
    assert told["refused"] == [{"endpoint": "near", "wants": ["it could do embedding"]}]


def test_explain_looks_a_request_through(config: Path) -> None:
    text = config.read_text().replace('owner = "DE"', 'owner = "US"\nbasis = "scc-tia"')
    config.write_text(text)
    secret = [{"role": "user", "content": "sk-" + "a1B2" * 10}]
    told = json.loads(
        run("explain", body(config, model="near", messages=secret), "--json", config=config).stdout
    )
    assert told["label"]["data_class"] == "special"
    assert told["endpoints"][0]["rules"] == ["gdpr-special-in-the-eea"]
    told = json.loads(
        run("explain", body(config, model="near", messages=SAID), "--json", config=config).stdout
    )
    assert told["endpoints"][0]["is_veiled"]
    several = body(config, model="near", messages=SAID, logprobs=True)
    done = run("explain", several, config=config)
    assert "(rule gdpr-veiled-transfer, eu-gdpr.cedar line" in done.stdout
    config.write_text(text + '[privacy]\nlook = "never"\n')
    done = run("explain", body(config, model="near", messages=SAID), config=config)
    assert "that cannot all be looked through may not go to 'near'" in done.stdout


def test_explain_refuses_what_is_no_request(config: Path) -> None:
    (config.parent / "bad.json").write_text("[1")
    for name in ("bad.json", "none.json"):
        done = run("explain", str(config.parent / name), config=config)
        assert done.exit_code == 1
        assert name in done.stderr


def test_explain_counts_what_a_key_may(kept: Path) -> None:
    def key(*words: str) -> str:
        words = ("create", "a", *words, "--json", "--config", str(kept))
        return json.loads(CliRunner().invoke(main, ["keys", *words]).stdout)["key"]

    near, chinese = key("--endpoint", "near"), key("--place", "CN", "--class", "internal")
    done = run("explain", "far", "--key", near, config=kept)
    first, second, third = done.stdout.splitlines()
    assert first.startswith(
        "this key may not use 'far'; it may use 'near' (rule endpoint-allowed, jevons/"
    )
    assert second.startswith("nearest endpoint that may have it: near (")
    assert third.startswith("'far' could have it if the key might use it and no model were")
    told = json.loads(run("explain", "near", "--key", chinese, "--json", config=kept).stdout)
    assert told["endpoints"][0]["rules"] == ["place-allowed"]
    assert told["label"]["data_class"] == "internal"
    assert told["nearest"] is None
    assert told["refused"] == [{"endpoint": "near", "wants": ["the key might reach DE"]}]
    done = run("explain", "near", "--key", chinese, config=kept)
    assert "no endpoint in the settings may have it" in done.stdout
    assert "`jevons keys list`" in run("explain", "near", "--key", "key_no", config=kept).stderr


def test_explain_says_where_the_rule_of_a_key_is_that_refused_a_request(kept: Path) -> None:
    asyncio.run(
        write(
            kept.parent / "data" / "ledger.db",
            [a_refusal(id="req_place", asked="near", says="it is elsewhere", rule="place-allowed")],
        )
    )
    done = run("explain", "req_place", config=kept)
    assert done.stdout.startswith(
        "it is elsewhere (rule place-allowed, jevons/policy/rules.py line "
    )


def test_the_line_of_a_rule_is_where_it_is_written() -> None:
    source = Path(rules.__file__).read_text().splitlines()
    for rule in rules.RULES:
        line = int(cited(rule.name, "No").rpartition(" line ")[2].removesuffix(")"))
        assert source[line - 1].startswith(f"def {rule.name.replace('-', '_')}(")


def test_explain_names_what_there_is_when_a_model_is_not(config: Path) -> None:
    done = run("explain", "nix", config=config)
    assert done.exit_code == 1
    assert "local, far, near" in done.stderr


def test_list_says_which_is_on(config: Path) -> None:
    rows = json.loads(run("list", "--json", config=config).stdout)
    assert [row["profile"] for row in rows if row["is_on"]] == ["eu-gdpr"]
    assert run("list", config=config).exit_code == 0


def said_of(label: Label) -> dict[str, bool | int | str]:
    return {**msgspec.structs.asdict(label), "data_class": int(label.data_class)}


def test_ten_thousand_cases_are_decided_alike_by_cedar_and_by_the_formulas() -> None:
    drawn = random.Random(4)
    cases = 10_000
    tried = allowed = 0
    profiles = [load_profile(name) for name in shipped_profiles()]
    every = [(Policies(each), Prover(each, groups())) for each in profiles]
    for cedar, formulas in every:
        for _ in range(-(-cases // len(every))):
            custody = Custody(
                owner=drawn.choice((*PLACES, "house")),
                storage=drawn.choice((*PLACES, "nowhere")),
                access=drawn.choice((None, (), ("DE",), ("US", "CN"), ("JP",))),
                retention_days=drawn.choice((None, 0, 30, 31)),
                trains=drawn.choice((None, True, False)),
                basis=drawn.choice(("none", "dpf", "scc-tia")),
            )
            endpoint = an_endpoint("far", place=drawn.choice(PLACES), custody=custody)
            facts = facts_of(endpoint, groups(), day="2026-11-23")
            label = drawn.choice([*labels()])
            decision = cedar.decide(label, facts)
            case = {
                f"resource.{name}": each for name, each in msgspec.structs.asdict(facts).items()
            }
            case |= {f"context.{name}": each for name, each in said_of(label).items()}
            assert not decision.errors
            assert formulas.evaluate(case) == decision.is_allowed
            tried += 1
            allowed += decision.is_allowed
    assert tried >= cases
    assert 0.05 < allowed / tried < 0.95
