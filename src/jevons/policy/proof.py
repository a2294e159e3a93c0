"""Proving, ahead of time, what no endpoint and no data can get around.

Policies are turned into formulas over every endpoint that there could be. That nothing which
an invariant forbids is allowed is then proved, or one endpoint is shown that breaks it.

Rule 1: what cannot be turned into a formula is refused, never left out.
Rule 2: a profile whose policies can err proves nothing: Cedar's schema sees to that they cannot.
Rule 3: facts that are made of others, as `eea` is, are made of them here too: see
    `jevons.policy.facts`.
"""

from __future__ import annotations

import time
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from jevons.policy.cedar import parse, read_never
from jevons.policy.facts import FOREVER_DAYS, OWN_PLACES
from jevons.types.custody import DataClass
from jevons.types.errors import Bug, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from jevons.catalog.places import Groups
    from jevons.policy.profile import Profile

__all__ = ("Case", "Proof", "Prover", "proof_digest")

Formula = Any
"""A formula of Z3, which has no types."""

Case = dict[str, bool | int | str]
"""One endpoint and one request, by `resource.…` and `context.…`."""

_KINDS = MappingProxyType(
    {
        "context.data_class": "Int",
        "context.region": "String",
        "context.unread": "Bool",
        "context.veiled": "Bool",
        "resource.local": "Bool",
        "resource.place": "String",
        "resource.storage": "String",
        "resource.owner": "String",
        "resource.eea": "Bool",
        "resource.adequate": "Bool",
        "resource.concern": "Bool",
        "resource.basis": "String",
        "resource.trains": "Bool",
        "resource.retention_days": "Int",
    }
)
_WORDED = tuple([name for name, kind in _KINDS.items() if kind == "String"])
ELSEWHERE = ("elsewhere", *[f"elsewhere {number}" for number in range(2, len(_WORDED) + 1)])
"""Stand in a case for places that no rule mentions: as many as there are attributes that could
hold one, since a rule may tell whether two of them are the same."""

_BASES = ("none", "dpf", "scc-tia")
_TIMEOUT_MS = 10_000
_MOST_WORDS = 1_000
"""Told apart in one profile; all countries of the world are a quarter of them."""


class Proof(NamedTuple):
    """Whether something can never be."""

    name: str
    says: str
    holds: bool
    case: Case | None
    """One that breaks it, if it does not hold."""
    took_ms: float


class Prover:
    """The policies of a profile, as formulas.

    Args:
        profile: Whose.
        groups: What places belong together.
        z3: The prover; None loads it.

    Raises:
        Misconfigured: They hold what cannot be turned into a formula, or Z3 is not installed.
    """

    def __init__(self, profile: Profile, groups: Groups, *, z3: Any = None) -> None:
        self._z3 = z3 or _z3()
        self._variables = {name: getattr(self._z3, kind)(name) for name, kind in _KINDS.items()}
        self._profile = profile
        self._groups = groups
        self._words = {*ELSEWHERE, "unknown", *OWN_PLACES, *_BASES, *groups.eea.places}
        self._words |= groups.adequate.places | groups.concern.places
        self._possible = self._axioms()
        self._permits: dict[str, Formula] = {}
        self._forbids: dict[str, Formula] = {}
        for name, policy in parse(profile).items():
            rules = self._permits if policy["effect"] == "permit" else self._forbids
            rules[name] = self._condition(policy)
        self.allows = self._z3.And(self._any(self._permits), self._z3.Not(self._any(self._forbids)))
        """What is allowed."""

    def invariants(self) -> tuple[Proof, ...]:
        """Prove each invariant of the profile, or find what breaks it.

        Raises:
            Bug: There could be no endpoint at all, of which everything would be true.
        """
        if not self.is_possible({}):
            message = "the axioms contradict each other"
            raise Bug(message)
        return tuple(
            [
                self.never(each.name, each.says, self._condition(read_never(each.never, each.name)))
                for each in self._profile.invariants
            ]
        )

    def idle(self) -> tuple[str, ...]:
        """Name the `forbid`s that forbid nothing that no other does."""
        found: list[str] = []
        for name, formula in self._forbids.items():
            others = {other: each for other, each in self._forbids.items() if other != name}
            alone = self._z3.And(self._any(self._permits), formula, self._z3.Not(self._any(others)))
            if self._example(name, alone) is None:
                found.append(name)
        return tuple(found)

    def newly_allows(self, old: Prover) -> Case | None:
        """Find something that is allowed here and was not there."""
        self._words |= old._words
        return self._example("what is new", self._z3.And(self.allows, self._z3.Not(old.allows)))

    def evaluate(self, case: Case) -> bool:
        """Decide one case by the formulas."""
        values = [(self._variables[name], self._value(value)) for name, value in case.items()]
        z3 = self._z3
        return bool(z3.is_true(z3.simplify(z3.substitute(self.allows, *values))))

    def is_possible(self, case: Case, *, has_near_staff: bool = False) -> bool:
        """Whether there could be such an endpoint and such data, by the formulas.

        Args:
            case: Which; none at all asks whether there could be any.
            has_near_staff: Whether whoever can reach in is known to be in the EEA.
        """
        solver = self._z3.Solver()
        solver.add(self._possible, self._told_apart())
        if has_near_staff:
            solver.add(self._z3.Bool("access.eea"))
        solver.add([self._variables[name] == value for name, value in case.items()])
        return bool(solver.check() == self._z3.sat)

    def never(self, name: str, says: str, bad: Formula) -> Proof:
        """Prove that nothing that is `bad` is allowed, or find what is.

        Raises:
            Misconfigured: It could not be decided within ten seconds.
        """
        began_s = time.perf_counter()
        case = self._example(name, self._z3.And(self.allows, bad))
        took_ms = (time.perf_counter() - began_s) * 1e3
        return Proof(name, says, case is None, case, took_ms)

    def _example(self, name: str, formula: Formula) -> Case | None:
        """Find a case in which a formula holds; None is proof that there is none.

        Raises:
            Misconfigured: It could not be decided within ten seconds.
        """
        solver = self._z3.Solver()
        solver.set("timeout", _TIMEOUT_MS)
        solver.add(self._possible, self._told_apart(), formula)
        found = solver.check()
        if found == self._z3.unknown:
            message = f"{name!r} could not be decided: {solver.reason_unknown()}"
            raise Misconfigured(message)
        return None if found == self._z3.unsat else self._case(solver.model())

    def _told_apart(self) -> Formula:
        """Let text be only what formulas tell apart; one word stands for all that they do not."""
        if len(self._words) > _MOST_WORDS:
            message = f"{len(self._words):,} places and other words; at most {_MOST_WORDS:,} are proved over"
            raise Misconfigured(message)
        return self._z3.And([self._in(self._variables[name], self._words) for name in _WORDED])

    def _axioms(self) -> Formula:
        """What holds of every endpoint: which facts are made of which."""
        z3, all_ = self._z3, self._variables
        near, safe, concern = z3.Bools("access.eea access.adequate access.concern")
        eea = OWN_PLACES | self._groups.eea.places
        adequate = eea | self._groups.adequate.places
        bad = self._groups.concern.places | {"unknown"}
        data_class, days = all_["context.data_class"], all_["resource.retention_days"]
        return z3.And(
            data_class >= min(DataClass), data_class <= max(DataClass), days >= 0, days <= FOREVER_DAYS,
            self._in(all_["resource.basis"], _BASES),
            z3.Implies(near, safe),
            z3.Implies(safe, z3.Not(concern)),
            all_["resource.eea"] == z3.And(near, *self._each(eea)),
            all_["resource.adequate"] == z3.And(safe, *self._each(adequate)),
            all_["resource.concern"] == z3.Or(concern, *self._each(bad)),
            all_["resource.local"]
            == z3.And(all_["resource.place"] == "on-prem", all_["resource.owner"] == "house"),
        )  # fmt: skip

    def _each(self, places: Collection[str]) -> list[Formula]:
        return [self._in(self._variables[name], places) for name in _PLACES]

    def _in(self, variable: Formula, values: Collection[str]) -> Formula:
        return self._z3.Or([variable == value for value in sorted(values)])

    def _any(self, rules: Mapping[str, Formula]) -> Formula:
        return self._z3.Or([*rules.values()])

    def _condition(self, policy: Mapping[str, Any]) -> Formula:
        """Turn a policy's conditions into a formula.

        Raises:
            Misconfigured: It speaks of certain keys or endpoints, or is too long.
        """
        scope = (policy["principal"], policy["resource"])
        if any(each.get("op") != "All" for each in scope):
            message = "a policy must speak of every principal and resource; say the rest in `when`"
            raise Misconfigured(message)
        try:
            conditions = [
                self._formula(each["body"])
                if each["kind"] == "when"
                else self._z3.Not(self._formula(each["body"]))
                for each in policy["conditions"]
            ]
        except RecursionError:
            message = "an expression is too long to be proved over; write it as several policies"
            raise Misconfigured(message) from None
        return self._z3.And(conditions)

    def _formula(self, expression: Mapping[str, Any]) -> Formula:
        """Turn an expression into a formula.

        Raises:
            Misconfigured: It is of a kind that is not known.
        """
        ((operator, parts),) = expression.items()
        if operator == "Value":
            return self._value(parts)
        if operator == ".":
            return self._variable(parts)
        if operator == "!":
            return self._z3.Not(self._formula(parts["arg"]))
        if operator == "if-then-else":
            return self._z3.If(*[self._formula(parts[each]) for each in ("if", "then", "else")])
        if operator == "contains":
            return self._contains(parts)
        if operator in _BINARY:
            left, right = self._formula(parts["left"]), self._formula(parts["right"])
            return _BINARY[operator](self._z3, left, right)
        message = (
            f"{operator!r} cannot be proved over; write it with {', '.join(_BINARY)} or contains"
        )
        raise Misconfigured(message)

    def _contains(self, parts: Mapping[str, Any]) -> Formula:
        """Turn `["DE", "FR"].contains(resource.place)` into a formula."""
        members = parts["left"].get("Set")
        if members is None:
            message = "contains cannot be proved over anything but a set that is written out"
            raise Misconfigured(message)
        sought = self._formula(parts["right"])
        return self._z3.Or([sought == self._formula(each) for each in members])

    def _variable(self, parts: Mapping[str, Any]) -> Formula:
        name = f"{parts['left'].get('Var')}.{parts['attr']}"
        if name not in self._variables:
            message = f"{name!r} is not among {', '.join(_KINDS)}"
            raise Misconfigured(message)
        return self._variables[name]

    def _value(self, value: object) -> Formula:
        if isinstance(value, bool):
            return self._z3.BoolVal(value)
        if isinstance(value, int):
            return self._z3.IntVal(value)
        if not isinstance(value, str):
            message = f"{value!r} cannot be proved over, being no word, number or truth"
            raise Misconfigured(message)
        self._words.add(value)
        return self._z3.StringVal(value)

    def _case(self, model: Formula) -> Case:
        """Read a model back, in full."""
        case: Case = {}
        for name, kind in _KINDS.items():
            value = model.eval(self._variables[name], model_completion=True)
            case[name] = _READ[kind](value)
        return case


def proof_digest(proofs: Collection[Proof]) -> str:
    """Hash what was proved."""
    told = [(each.name, each.says, each.holds) for each in proofs]
    return sha256(msgspec.json.encode(told)).hexdigest()


_PLACES = ("resource.place", "resource.storage", "resource.owner")

_BINARY: Mapping[str, Callable[[Any, Formula, Formula], Formula]] = MappingProxyType(
    {
        "&&": lambda z3, left, right: z3.And(left, right),
        "||": lambda z3, left, right: z3.Or(left, right),
        "==": lambda _, left, right: left == right,
        "!=": lambda _, left, right: left != right,
        "<": lambda _, left, right: left < right,
        "<=": lambda _, left, right: left <= right,
        ">": lambda _, left, right: left > right,
        ">=": lambda _, left, right: left >= right,
    }
)

_READ: Mapping[str, Callable[[Formula], bool | int | str]] = MappingProxyType(
    {
        "Bool": lambda value: str(value) == "True",
        "Int": lambda value: value.as_long(),
        "String": lambda value: value.as_string(),
    }
)


def _z3() -> Any:
    try:
        import z3  # noqa: PLC0415 30 MB that only a proof needs
    except ImportError:
        message = "proving needs Z3, which is not installed: .venv/bin/pip install -e '.[proof]'"
        raise Misconfigured(message) from None
    return z3
