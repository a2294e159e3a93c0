"""The rules, in the order in which they are asked.

Rule 1: a rule is a pure function from what is asked and the endpoints that are left to the
    endpoints that are still left. One that would leave none raises instead, so the refusal
    a caller is told is that of the rule that removed the last endpoint.
Rule 2: a rule's name is permanent: receipts carry it. A change of meaning is a new version.
Rule 3: what a rule cannot know is taken at its worst.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from jevons.types.actor import Actor
from jevons.types.custody import UNKNOWN_PLACE, UNLABELLED, Label
from jevons.types.errors import (
    Forbidden,
    ResidencyRefused,
    Unauthenticated,
    UnknownModel,
    Unsupported,
)
from jevons.types.message import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jevons.types.message import Message
    from jevons.types.model import Endpoint
    from jevons.types.request import Need

__all__ = (
    "NOBODY",
    "RULES",
    "Asking",
    "Judge",
    "Rule",
    "endpoint_allowed",
    "key_valid",
    "modality_supported",
    "model_known",
    "place_allowed",
    "size_fits",
)

NOBODY = Actor(
    key="", name="nobody", salting=b"", endpoints=frozenset(), places=frozenset(), revoked=True
)
"""Whoever shows no key, or none of ours. Every rule about keys refuses it, not only the first."""

LONGEST_TOKEN_CHARS = 256
"""No token of any tokenizer covers more characters than this.

The longest in those of GPT-4, Llama 3, Qwen 2.5 and DeepSeek V3 is 128 characters, a run of
spaces; SentencePiece stops at 16 unless told otherwise. Twice the longest leaves room.
"""

_ASKED_IN: Mapping[Need, str] = MappingProxyType(
    {
        "speech": "modalities",
        "search": "web_search_options",
        "tools": "tools",
        "logprobs": "logprobs",
        "n": "n",
    }
)
"""Fields that ask for what an endpoint may not be able to do; messages and shapes have many."""

_KEPT_ROLES = frozenset({"system", "developer", "user"})


class Asking(NamedTuple):
    """What rules may look at."""

    model: str
    """As the caller wrote it."""
    actor: Actor
    moment_ms: int
    """Unix milliseconds at which keys must hold."""
    needs: frozenset[Need] = frozenset()
    size_bytes: int = 0
    """Length of the request's body."""
    messages: tuple[Message, ...] = ()
    label: Label = UNLABELLED
    """What is known of its data."""
    can_veil: bool = False
    """Whether tokens can yet be put for what identifies people in it."""


class Judge(Protocol):
    """A rule's question."""

    def __call__(self, asking: Asking, endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
        """Return the endpoints that are left, in order; never none.

        Raises:
            PolicyError: None would be left.
            CallerError: None would be left, and the caller can mend it.
        """
        ...


class Rule(NamedTuple):
    """One rule, under its permanent name."""

    name: str
    version: int
    """Raised whenever the same request could get another verdict."""
    judge: Judge
    digest: str = ""
    """Hash of what it goes by besides, if anything."""
    veils: Callable[[Asking, Endpoint], bool] | None = None
    """Whether an endpoint that it leaves may have it only veiled; None if each may as it is."""


def key_valid(asking: Asking, endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    """The key is one of ours, has not been revoked and has not expired."""
    actor = asking.actor
    if actor is NOBODY:
        message = "no valid key came with the request; send `Authorization: Bearer jv_…`"
    elif actor.revoked:
        message = f"key {actor.key!r} was revoked; use another"
    elif actor.expires_ms is not None and asking.moment_ms > actor.expires_ms:
        message = f"key {actor.key!r} has expired; use another"
    else:
        return endpoints
    raise Unauthenticated(message, rule="key-valid")


def model_known(asking: Asking, endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    """An endpoint, a model or an alias has the name that was asked for."""
    if endpoints:
        return endpoints
    message = f"no model is called {asking.model!r}; GET /v1/models lists those this key may use"
    raise UnknownModel(message, param="model")


def endpoint_allowed(asking: Asking, endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    """The key may use the endpoint; a key without a list may use all."""
    allowed = asking.actor.endpoints
    if allowed is None:
        return endpoints
    left = tuple([endpoint for endpoint in endpoints if endpoint.name in allowed])
    if left:
        return left
    message = f"this key may not use {asking.model!r}; it may use {_listed(allowed)}"
    raise Forbidden(message, rule="endpoint-allowed", param="model")


def place_allowed(asking: Asking, endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    """The key's data may go where the endpoint processes it.

    A key without a list may go everywhere. An endpoint whose place is `unknown` is
    anywhere, so no list allows it.
    """
    allowed = asking.actor.places
    if allowed is None:
        return endpoints
    left = tuple(
        [each for each in endpoints if each.place in allowed and each.place != UNKNOWN_PLACE]
    )
    if left:
        return left
    places = _listed({endpoint.place for endpoint in endpoints})
    message = f"{asking.model!r} is processed in {places}; this key may reach {_listed(allowed)}"
    raise ResidencyRefused(message, rule="place-allowed", param="model")


def modality_supported(asking: Asking, endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    """The endpoint can do everything that the request needs."""
    needs = asking.needs
    left = tuple([endpoint for endpoint in endpoints if needs <= endpoint.can])
    if left:
        return left
    lacks = "; ".join(
        f"{endpoint.name!r} cannot do {_listed(needs - endpoint.can)}" for endpoint in endpoints
    )
    message = f"{asking.model!r} cannot serve this (rule modality-supported): {lacks}"
    fields = {_ASKED_IN.get(need) for endpoint in endpoints for need in needs - endpoint.can}
    raise Unsupported(message, param=fields.pop() if len(fields) == 1 else None)


def size_fits(asking: Asking, endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    """The prompt is not certain to overflow the endpoint's context.

    Without a tokenizer only a lower bound is certain: characters that are not white space,
    in messages that every chat template keeps, at `LONGEST_TOKEN_CHARS` a token. What
    passes may still be too long; the endpoint says so. Answers, tools, pictures and past
    reasoning are not counted, since templates drop them or count them otherwise. The bound
    never refuses what would fit, and an endpoint of unknown context is never refused. Texts to
    embed are read one by one, so the longest has to fit, not all of them together.
    """
    bound = asking.size_bytes // LONGEST_TOKEN_CHARS
    if all(bound <= (each.context_tokens or bound) for each in endpoints):
        return endpoints
    chars = [_solid_chars(message) for message in asking.messages]
    longest_chars = max(chars, default=0) if "embedding" in asking.needs else sum(chars)
    tokens = longest_chars // LONGEST_TOKEN_CHARS
    left = tuple(
        [endpoint for endpoint in endpoints if tokens <= (endpoint.context_tokens or tokens)]
    )
    if left:
        return left
    longest = max(endpoint.context_tokens or 0 for endpoint in endpoints)
    message = (
        f"the prompt is at least {tokens} tokens (rule size-fits); "
        f"the longest context of {asking.model!r} is {longest}"
    )
    raise Unsupported(message, param="messages")


RULES: tuple[Rule, ...] = (
    Rule("key-valid", 1, key_valid),
    Rule("model-known", 1, model_known),
    Rule("endpoint-allowed", 1, endpoint_allowed),
    Rule("place-allowed", 1, place_allowed),
    Rule("modality-supported", 1, modality_supported),
    Rule("size-fits", 1, size_fits),
)


def _solid_chars(message: Message) -> int:
    """Count characters of prompt text; white space is left out, as some tokenizers merge it."""
    if message.role not in _KEPT_ROLES:
        return 0
    return sum(len("".join(part.text.split())) for part in message.parts if isinstance(part, Text))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names)) or "nothing"
