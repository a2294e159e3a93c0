"""A profile lets data go where its policies say, says which line refused it, and decides a day at a time."""

from __future__ import annotations

import time
from hashlib import sha256

import msgspec
import pytest

from jevons.catalog import Catalog
from jevons.catalog.places import groups
from jevons.policy import RULES, Asking, Rules
from jevons.policy.cedar import SCHEMA
from jevons.policy.egress import Egress, egress_rule, sentence
from jevons.policy.live import broken_promises, labels
from jevons.policy.profile import Profile, read_profile
from jevons.testing import Clock
from jevons.testing.make import a_request, an_actor, an_endpoint
from jevons.types.custody import OWN, Custody, DataClass, Label
from jevons.types.errors import EgressRefused
from jevons.types.request import Embed, Inspected

DAY_MS = 86_400_000
HERE = an_endpoint("here", custody=OWN)
AWAY = an_endpoint("away", place="US", host="Far Inc.", custody=Custody(owner="US", trains=False))
SIGNED = an_endpoint(
    "signed", place="US", custody=Custody(basis="scc-tia", basis_until="1970-01-01")
)
POLICIES = """
@id("open")
permit (principal, action == Action::"send", resource);
@id("near")
@says("personal data stays near")
forbid (principal, action == Action::"send", resource)
when { context.data_class >= 2 }
unless { resource.local || resource.basis == "scc-tia" };
@id("not-american")
forbid (principal, action == Action::"send", resource)
when { context.data_class >= 3 && resource.place == "US" };
"""
MANIFEST = """
says = "Near."
data_class = "personal"
region = "EEA"
[[invariants]]
name = "near"
says = "personal data never goes far without clauses"
never = 'context.data_class >= 2 && !resource.local && resource.basis != "scc-tia"'
"""
PERSONAL = Label(data_class=DataClass.PERSONAL, region="EEA")
PUBLIC = Label(data_class=DataClass.PUBLIC, region="EEA")


def profile(policies: str = POLICIES, manifest: str = MANIFEST) -> Profile:
    return read_profile("mine", policies=policies, manifest=manifest)


def egress(policies: str = POLICIES) -> Egress:
    return Egress(profile(policies), groups())


def asked(label: Label, *, at_ms: int = 0) -> Asking:
    return Asking("a/model", an_actor(), at_ms, label=label)


def test_what_policies_allow_is_left_in_order() -> None:
    assert egress().judge(asked(PERSONAL), (AWAY, HERE)) == (HERE,)
    assert egress().judge(asked(PUBLIC), (AWAY, HERE)) == (AWAY, HERE)


def test_a_refusal_is_a_sentence_with_the_rule_its_file_and_its_line() -> None:
    with pytest.raises(EgressRefused) as caught:
        egress().judge(asked(PERSONAL), (AWAY,))
    assert (caught.value.rule, caught.value.param) == ("near", "model")
    assert str(caught.value) == (
        "personal data of people in EEA may not go to 'away' (Far Inc., US): personal data stays "
        "near (rule near, mine.cedar line 4); of it nobody said: storage, access, retention_days"
    )


def test_a_rule_without_a_reason_is_named_all_the_same() -> None:
    known = Custody(owner="US", storage="US", access=(), retention_days=1, trains=False)
    far = an_endpoint("far", place="US", custody=known)
    special = Label(data_class=DataClass.SPECIAL)
    text = POLICIES.replace('@says("personal data stays near")', "")
    decided = egress(text).decide(special, far, 0)
    assert sentence(special, far, decided) == (
        "special data may not go to 'far' (this machine, US) "
        "(rule near, mine.cedar line 4, and not-american)"
    )
    third = '@id("third")\nforbid (principal, action == Action::"send", resource);'
    decided = egress(text + third).decide(special, far, 0)
    assert sentence(special, far, decided).endswith("line 4, and not-american, and third)")


def test_what_nothing_permits_is_refused_by_that_name() -> None:
    closed = egress(POLICIES.replace("resource);", "resource) when { resource.local };", 1))
    with pytest.raises(EgressRefused, match="no policy lets it") as caught:
        closed.judge(asked(PUBLIC), (AWAY,))
    assert caught.value.rule == "nothing-permits"


def test_a_rule_that_errs_refuses_and_says_so() -> None:
    text = POLICIES.replace(
        "context.data_class >= 3", "context.data_class * 9223372036854775807 > 3"
    )
    with pytest.raises(EgressRefused, match="could not be evaluated, which denies"):
        egress(text).judge(asked(PERSONAL), (HERE,))


def test_what_is_allowed_is_a_sentence_too() -> None:
    decided = egress().decide(PUBLIC, HERE, 0)
    assert sentence(PUBLIC, HERE, decided) == (
        "public data of people in EEA may go to 'here' (this machine, on-prem) (rule open)"
    )
    both = POLICIES + '@id("too")\npermit (principal, action == Action::"send", resource);'
    unread = Label(unread=True)
    assert sentence(unread, HERE, egress(both).decide(unread, HERE, 0)) == (
        "public data that cannot all be looked through may go to 'here' "
        "(this machine, on-prem) (rule open, too)"
    )


def test_a_basis_that_has_run_out_is_none_from_the_next_day_on() -> None:
    policies = egress()
    assert policies.decide(PERSONAL, SIGNED, DAY_MS - 1).is_allowed
    assert not policies.decide(PERSONAL, SIGNED, DAY_MS).is_allowed
    assert policies.decide(PERSONAL, SIGNED, 0).is_allowed


def test_a_case_is_decided_once_a_day() -> None:
    policies = egress()
    first = policies.decide(PERSONAL, SIGNED, 1)
    assert policies.decide(PERSONAL, SIGNED, DAY_MS - 1) is first
    assert policies.decide(PUBLIC, SIGNED, DAY_MS - 1) is not first
    assert policies.decide(PERSONAL, SIGNED, DAY_MS) is not first


def test_a_day_is_one_of_utc_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "ZZZ-14")  # fourteen hours ahead
    time.tzset()
    try:
        assert egress().decide(PERSONAL, SIGNED, DAY_MS - 1).is_allowed
    finally:
        monkeypatch.undo()
        time.tzset()


def test_promises_are_held_against_the_endpoints_there_are() -> None:
    assert broken_promises(egress(), (HERE, AWAY, SIGNED), 0) == ()
    broken = broken_promises(egress(POLICIES.replace("resource.local ||", "true ||")), (AWAY,), 0)
    assert len(broken) == 20  # each region in each form: special data another rule keeps from there
    assert "'near' does not hold for personal data of EEA and 'away'" in broken[0]
    assert "that is veiled that cannot all be read and 'away'" in broken[3]
    twin = msgspec.structs.replace(AWAY, name="twin")
    both = broken_promises(
        egress(POLICIES.replace("resource.local ||", "true ||")), (AWAY, twin), 0
    )
    assert both == broken, "one of those that are alike is enough"


def test_every_class_and_region_is_tried() -> None:
    tried = {*labels()}
    assert {each.data_class for each in tried} == {*DataClass}
    assert "unknown" in {each.region for each in tried}


EEA_ONLY = POLICIES.replace("data_class >= 2", 'data_class >= 2 && context.region == "EEA"')
UNKNOWN_ONLY = EEA_ONLY.replace('"EEA"', '"unknown"')


@pytest.mark.parametrize(
    ("policies", "region", "is_allowed"),
    [
        (EEA_ONLY, "EEA", False),
        (EEA_ONLY, "DE", False),
        (EEA_ONLY, "EU", False),
        (EEA_ONLY, "CH", True),
        (EEA_ONLY, "unknown", True),
        (UNKNOWN_ONLY, "unknown", False),
        (UNKNOWN_ONLY, "Europe", False),
        (UNKNOWN_ONLY, "de", False),
        (UNKNOWN_ONLY, "DE", True),
        (EEA_ONLY.replace('"EEA"', '"DE"'), "DE", False),
    ],
)
def test_policies_hold_for_a_country_s_own_name_and_for_what_is_around_it(
    policies: str,
    region: str,
    is_allowed: bool,  # noqa: FBT001 - pytest names it
) -> None:
    label = Label(data_class=DataClass.PERSONAL, region=region)
    assert egress(policies).decide(label, AWAY, 0).is_allowed == is_allowed


def house(*, label: Label = PERSONAL) -> Rules:
    rule = egress_rule(egress(), (AWAY, HERE), proof="")
    return Rules(Catalog((AWAY, HERE)), clock=Clock(0), rules=(*RULES, rule), label=label)


def test_data_is_what_the_house_says_unless_the_key_does() -> None:
    assert house().judge(a_request()).endpoints == (HERE,)
    public = an_actor(data_class=DataClass.PUBLIC)
    assert house().judge(a_request(actor=public)).endpoints == (AWAY, HERE)
    special = an_actor(data_class=DataClass.SPECIAL, region="US")
    assert house(label=PUBLIC).judge(a_request(actor=special)).endpoints == (HERE,)
    elsewhere = an_actor(region="US")
    assert house(label=PUBLIC).judge(a_request(actor=elsewhere)).endpoints == (AWAY, HERE)


HIDES = POLICIES.replace("resource.local ||", "resource.local || context.veiled ||")
LOOKED = a_request(inspected=Inspected(found=("email",), data_class=DataClass.PERSONAL))


def hiding() -> Rules:
    rule = egress_rule(egress(HIDES), (AWAY, HERE), proof="")
    return Rules(Catalog((AWAY, HERE)), clock=Clock(0), rules=(*RULES, rule), label=PUBLIC)


def test_what_may_go_only_veiled_is_said_so_for_each_endpoint() -> None:
    verdict = hiding().judge(LOOKED)
    assert verdict.endpoints == (AWAY, HERE)
    assert verdict.veiled == {"away"}
    assert verdict.label.data_class is DataClass.PERSONAL
    assert hiding().judge(a_request()).veiled == frozenset()


def test_what_is_to_become_vectors_cannot_be_veiled() -> None:
    seen = Inspected(found=("email",), data_class=DataClass.PERSONAL)
    verdict = hiding().judge(a_request(inspected=seen, embed=Embed()))
    assert (verdict.endpoints, verdict.veiled) == ((HERE,), frozenset())


def test_nobody_looked_so_nothing_can_be_veiled() -> None:
    assert hiding().judge(a_request(data_class=DataClass.PERSONAL)).endpoints == (HERE,)


def test_what_leaves_is_judged_as_it_is() -> None:
    with pytest.raises(EgressRefused, match="rule near"):
        hiding().admit(AWAY, LOOKED)
    hiding().admit(HERE, LOOKED)
    seen = Inspected(found=("email",), data_class=DataClass.PERSONAL, is_veiled=True)
    hiding().admit(AWAY, a_request(inspected=seen))


def test_a_veil_does_not_lower_the_class_and_the_refusal_says_what_it_could_not_mend() -> None:
    special = a_request(inspected=Inspected(found=("secret",), data_class=DataClass.SPECIAL))
    assert hiding().judge(special).endpoints == (HERE,)
    asking = msgspec.structs.replace(special, actor=an_actor(endpoints=frozenset({"away"})))
    with pytest.raises(EgressRefused, match="special data of people in EEA, veiled, may not") as no:
        hiding().judge(asking)
    assert no.value.rule == "not-american"


def test_what_nobody_could_look_through_is_not_read() -> None:
    text = POLICIES.replace("context.data_class >= 2", "context.unread")
    rule = egress_rule(egress(text), (AWAY,), proof="")
    rules = Rules(Catalog((AWAY,)), clock=Clock(0), rules=(*RULES, rule), label=PUBLIC)
    assert rules.judge(a_request(inspected=Inspected())).endpoints == (AWAY,)
    for request in (a_request(), a_request(inspected=Inspected(unread=("image",)))):
        with pytest.raises(EgressRefused, match="that cannot all be looked through"):
            rules.judge(request)


def test_a_request_raises_the_class_and_never_lowers_it() -> None:
    raised = a_request(data_class=DataClass.PERSONAL)
    assert house(label=PUBLIC).judge(raised).endpoints == (HERE,)
    assert house().judge(a_request(data_class=DataClass.PUBLIC)).endpoints == (HERE,)


def test_a_key_sees_what_its_data_may_reach() -> None:
    assert house().visible(an_actor()) == (HERE,)
    assert house().visible(an_actor(data_class=DataClass.PUBLIC)) == (AWAY, HERE)


def test_receipts_name_the_profile_and_all_it_goes_by() -> None:
    def digest(policies: str = POLICIES, custody: Custody = OWN, proof: str = "") -> str:
        endpoint = an_endpoint("here", custody=custody)
        return egress_rule(egress(policies), (endpoint,), proof=proof).digest

    assert egress_rule(egress(), (), proof="").name == "egress-mine"
    different = {
        digest(),
        digest(POLICIES + "\n"),
        digest(custody=Custody()),
        digest(proof="other"),
        egress_rule(egress(), (), proof="").digest,
    }
    assert len(different) == 5
    # Receipts carry it: to change what is hashed is to change what they mean.
    mine = profile()
    told = (SCHEMA, mine.policies, mine.invariants, groups(), {"away": AWAY.custody}, "proof")
    hashed = sha256(msgspec.json.encode(told, order="deterministic")).hexdigest()
    assert egress_rule(egress(), (AWAY,), proof="proof").digest == hashed
    assert egress().digest((AWAY, HERE), "") == egress().digest((HERE, AWAY), "")
    verdict = house().judge(a_request())
    assert verdict.rules[-1] == "egress-mine"
    assert house().asked[-1] == "egress-mine 3"
    others = Rules(Catalog((AWAY, HERE)), clock=Clock(0)).judge(a_request())
    assert verdict.policy != others.policy
