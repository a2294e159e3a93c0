"""What a request means, as a key: two that have one key would be answered alike.

Rule 1: whatever could change an answer is in it. What nobody knows could, so it is in it as it
    came: two requests that differ there are taken to differ.
Rule 2: it is of whoever asks, too. Keys of two accounts never have one, nor those that rules treat
    unlike, nor those of two people.
Rule 3: it is a hash of JSON that can be read in one way only: no two values write the same bytes.
    What cannot be written so has no key.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from jevons.types.message import File, Image, ToolResult
from jevons.types.request import HostedTool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jevons.types.actor import Actor
    from jevons.types.decision import Verdict
    from jevons.types.message import Message, Part
    from jevons.types.request import Generate, Need

__all__ = ("meaning",)

_encode = msgspec.json.Encoder(order="deterministic").encode

_SAID = frozenset(
    {
        "model", "messages", "input", "instructions", "system", "stream", "stream_options",
        "temperature", "top_p", "top_k", "seed", "n", "stop", "stop_sequences", "max_tokens",
        "max_completion_tokens", "max_output_tokens", "logprobs", "top_logprobs", "dimensions",
        "encoding_format",
    }
)  # fmt: skip
"""Fields of which the canonical request says all that they say, in any dialect."""
_BOTH = frozenset({"max_tokens", "max_completion_tokens"})
"""Two names for one thing: where both are there, one of them is not heard."""

_FALSE = msgspec.Raw(b"false")
_ELSEWHERE: frozenset[Need] = frozenset({"search", "speech"})
_LOOKED_UP: frozenset[Need] = frozenset({"image", "file", "audio"})


def meaning(
    request: Generate, verdict: Verdict, *, messages: tuple[Message, ...] | None = None
) -> bytes | None:
    """Hash what is asked, and by whom.

    Args:
        request: As it came, before anything in it is replaced by tokens.
        messages: What is taken to be said in place of what is; None is what is.
        verdict: What the rules took its data to be, and who may have it only with tokens.

    Returns:
        32 bytes; None if an answer to it is not to be given again: it acts, it depends on what is
        elsewhere or kept, or it asks for several answers.
    """
    actor = request.actor
    if actor is None or not _may_be_repeated(request):
        return None
    try:
        said = _encode(
            (
                _whose(actor),
                (verdict.label.data_class, verdict.label.region, sorted(verdict.veiled)),
                (request.model, request.arm, request.traffic),
                request.messages if messages is None else messages,
                request.sampling,
                request.thinking,
                (request.tools, request.tool_choice, request.tool, request.parallel_tools),
                request.output,
                request.embed,
                request.identifiers,
                request.source.headers,
                _rest(request),
            )
        )
    except (UnicodeEncodeError, RecursionError, msgspec.MsgspecError):
        return None
    return sha256(said).digest()


def _whose(actor: Actor) -> tuple[object, ...]:
    return (
        actor.account,
        actor.owner,
        None if actor.endpoints is None else sorted(actor.endpoints),
        None if actor.places is None else sorted(actor.places),
        actor.data_class,
        actor.region,
    )


def _rest(request: Generate) -> tuple[object, ...]:
    """List what only its dialect has a meaning for."""
    fields = request.source.fields
    names = fields.keys() - _SAID
    if fields.get("store") == _FALSE:
        names -= {"store"}
    if fields.keys() >= _BOTH:
        names |= _BOTH
    return (
        (request.source.dialect, *[(name, fields[name]) for name in sorted(names)]) if names else ()
    )


def _may_be_repeated(request: Generate) -> bool:
    if request.keep or request.previous or request.counts or request.sampling.n > 1:
        return False
    if request.needs & _ELSEWHERE or any(isinstance(each, HostedTool) for each in request.tools):
        return False
    if not request.needs & _LOOKED_UP:
        return True
    return not any(_is_elsewhere(each.parts) for each in request.messages)


def _is_elsewhere(parts: Iterable[Part]) -> bool:
    """Whether something is named by an address, at which something else may be by now."""
    for part in parts:
        if isinstance(part, Image | File) and part.url and not part.url.startswith("data:"):
            return True
        if isinstance(part, ToolResult) and _is_elsewhere(part.parts):
            return True
    return False
