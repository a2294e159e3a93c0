"""How hard to think, said in the words that an endpoint of OpenAI's chat dialect has for it.

The dialect has one word, `reasoning_effort`. Vendors have others beside it or in its place, and
some refuse a request that holds another's.

Rule 1: what a caller says in the endpoint's own words goes as it came.
Rule 2: what it says in ours, or in another vendor's, is said in the endpoint's, and named.
Rule 3: nothing asked, nothing said: thinking is never switched silently.
Rule 4: a model that always thinks is never told not to: that is refused.
Rule 5: to an endpoint whose words nobody knows, everything goes as it came.

Sources, read 2026-11: the API references of the vendors in the table; for single models, the
catalogue.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import msgspec
from msgspec import structs

from jevons.types.errors import Unsupported
from jevons.types.request import Effort, Thinking
from jevons.wire.effort import BUDGETS, USUAL, effort_of
from jevons.wire.openai_chat import KNOBS
from jevons.wire.rendered import Rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from jevons.catalog.vendor import Product
    from jevons.types.request import Dialect, Generate

__all__ = ("Words", "efforts_of", "spoken", "words_of")

_EFFORT = "reasoning_effort"
_BUDGET = "thinking_budget"
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode
_EFFORTS: tuple[Effort, ...] = get_args(Effort)


class Words(NamedTuple):
    """What an endpoint can be told."""

    switch: str = ""
    """Path of the field that turns thinking on and off; empty if there is none."""
    on: str = "enabled"
    """What `thinking.type` is when it is on."""
    efforts: tuple[Effort, ...] = ()
    """Values that `reasoning_effort` takes; empty if it is not known there."""
    budget: bool = False
    """Whether `thinking_budget` is known there."""
    always: bool = False
    """Whether it thinks whatever it is told."""
    never: bool = False

    @property
    def fields(self) -> frozenset[str]:
        """Names of its own fields."""
        effort = _EFFORT if self.efforts else ""
        budget = _BUDGET if self.budget else ""
        return frozenset({self.switch.partition(".")[0], effort, budget} - {""})


_ANY: tuple[Effort, ...] = _EFFORTS
_BY_EFFORT = Words(_EFFORT, efforts=_ANY)
_BY_TYPE = Words("thinking.type", efforts=_ANY[1:])
_BY_BUDGET = Words("enable_thinking", budget=True)
_BY_TEMPLATE = Words("chat_template_kwargs", efforts=_ANY[1:])

_OF_VENDOR: Mapping[str, Words] = MappingProxyType(
    {
        "alibaba": _BY_BUDGET,
        "azure": _BY_EFFORT,
        "deepseek": _BY_TYPE,
        "groq": _BY_EFFORT,
        "llama-cpp": _BY_TEMPLATE,
        "minimax": Words("thinking.type", on="adaptive"),
        "mistral": _BY_EFFORT,
        "ollama": _BY_EFFORT,
        "openai": _BY_EFFORT,
        "openrouter": Words("reasoning", efforts=_ANY),
        "sglang": _BY_TEMPLATE,
        "siliconflow": _BY_BUDGET,
        "vllm": _BY_TEMPLATE,
        "volcengine": _BY_TYPE,
        "xai": _BY_EFFORT,
        "zai": _BY_TYPE,
    }
)


def words_of(owner: str, product: Product | None) -> Words | None:
    """Find what an endpoint can be told; None if nobody knows.

    Args:
        owner: Vendor that serves it.
        product: What is known of the model.
    """
    usual = _OF_VENDOR.get(owner)
    if product is None or product.reasoning == "unknown":
        return usual
    usual = usual or Words()
    if product.reasoning == "none":
        return Words(never=True)
    listed: tuple[Effort, ...] = tuple([each for each in _EFFORTS if each in product.efforts])
    kinds = [each for each in product.efforts if each not in _EFFORTS]
    return Words(
        product.switch,
        on=kinds[-1] if kinds else usual.on,
        efforts=listed if kinds or listed or not product.switch else usual.efforts,
        budget=usual.budget,
        always=product.reasoning == "always",
    )


def efforts_of(dialect: Dialect, owner: str, product: Product | None) -> frozenset[Effort]:
    """List how hard an endpoint can be told to think; all where nobody knows.

    Args:
        dialect: What its server speaks.
        owner: Vendor that serves it.
        product: What is known of the model.
    """
    words = words_of(owner, product)
    if words is None:
        return frozenset(_EFFORTS)
    if words.never:
        return frozenset()
    is_chat = dialect == "openai-chat"  # the others have a word for each
    has_words = not is_chat or words.switch or words.budget
    told = frozenset(words.efforts or (_EFFORTS if has_words else ()))
    can_stop = "none" in told or words.switch or not is_chat
    none: frozenset[Effort] = frozenset({"none"})
    return told | none if can_stop and not words.always else told - none


def spoken(
    request: Generate, words: Words | None, render: Callable[[Generate], Rendered]
) -> Rendered:
    """Write a request, and in it how hard to think in the endpoint's words.

    Args:
        request: What was asked.
        words: The endpoint's; None if nobody knows them.
        render: Writes a request in its dialect.

    Raises:
        Unsupported: It was asked not to think, and always does; or its dialect cannot say it.
    """
    asked = request.thinking
    if words is None or asked == Thinking(extra=asked.extra):
        return render(request)
    named = _named(request, words)
    is_chat = request.source.dialect == "openai-chat"
    foreign = [name for name in named if not (is_chat and _is_own(name, asked, words))]
    if not foreign:
        return render(request)
    own = [name for name in named if name not in foreign]
    if own:
        beside = f"dropped beside {', '.join(own)}"
        return _with(render(request), {}, foreign, [f"{name}: {beside}" for name in foreign])
    said = _write(asked, words, foreign[0])
    plain = structs.replace(request, thinking=Thinking(extra=None if is_chat else asked.extra))
    return _with(render(plain), said, foreign, _notes(said, foreign, asked, words))


def _named(request: Generate, words: Words) -> Sequence[str]:
    """List under which names the caller said it, but for those that the wire writes by itself."""
    source = request.source
    if source.dialect == "openai-chat":
        return sorted(KNOBS & source.fields.keys())
    name = "reasoning" if source.dialect == "openai-responses" else "thinking"
    return [] if words == _BY_EFFORT else [name]


def _is_own(name: str, asked: Thinking, words: Words) -> bool:
    if name == "reasoning" and words == _BY_EFFORT:
        return True
    if name == _EFFORT and asked.effort == "none" and words.switch != _EFFORT:
        return "none" in words.efforts
    return name in words.fields


def _with(
    written: Rendered, said: Mapping[str, Any], gone: Iterable[str], notes: Iterable[str]
) -> Rendered:
    fields: dict[str, Any] = _FIELDS.decode(written.body)
    for name in gone:
        fields.pop(name, None)
    return Rendered(_encode({**fields, **said}), (*written.changed, *notes))


def _notes(
    said: Mapping[str, Any], foreign: Sequence[str], asked: Thinking, words: Words
) -> list[str]:
    told = ", ".join([f"{name} {_encode(value).decode()}" for name, value in said.items()])
    done = f"sent as {told}" if told else "dropped, the endpoint has no word for it"
    if words.never:
        done = "dropped, the model does not think"
    notes = [f"{name}: {done}" for name in foreign]
    if asked.visible is not None and words.switch != "reasoning":
        notes.append("reasoning.visible: dropped, it cannot be asked for here")
    return notes


def _write(asked: Thinking, words: Words, name: str) -> dict[str, Any]:
    if asked.effort == "none" or (asked.effort is None and asked.budget_tokens == 0):
        if words.always:
            message = "it was asked not to think, and the model always does"
            raise Unsupported(message, param=name)
        return _switched(words, on=False)
    if words.switch == "reasoning":
        return {"reasoning": _routed(asked)}
    if not (asked.on or asked.effort or asked.budget_tokens):
        return {}  # only whether it is to be seen
    budget = asked.budget_tokens
    if words.budget and (budget is not None or not words.efforts):
        budget = BUDGETS[asked.effort] if budget is None and asked.effort else budget
        return _switched(words, on=True) | ({} if budget is None else {_BUDGET: budget})
    effort = asked.effort or (None if budget is None else effort_of(budget))
    if effort is None and words.switch == _EFFORT:
        effort = USUAL
    said = _switched(words, on=True)
    return said | {_EFFORT: _nearest(effort, words.efforts)} if effort and words.efforts else said


def _routed(asked: Thinking) -> dict[str, Any]:
    """Write OpenRouter's knob, which has all of ours."""
    said: dict[str, Any] = {"effort": asked.effort, "max_tokens": asked.budget_tokens}
    said["enabled"] = asked.on
    said["exclude"] = None if asked.visible is None else not asked.visible
    return {name: value for name, value in said.items() if value is not None}


def _switched(words: Words, *, on: bool) -> dict[str, Any]:
    match words.switch:
        case "thinking.type":
            return {"thinking": {"type": words.on if on else "disabled"}}
        case "chat_template_kwargs":
            return {"chat_template_kwargs": {"enable_thinking": on, "thinking": on}}
        case "enable_thinking":
            return {"enable_thinking": on}
        case "reasoning":
            return {"reasoning": {"enabled": on}}
        case "reasoning_effort" if not on:
            return {_EFFORT: "none"}
        case _:
            return {}


def _nearest(effort: Effort, taken: tuple[Effort, ...]) -> Effort:
    """Find the least effort that is taken and no less than what was asked; else the most."""
    least = _EFFORTS.index(effort)
    enough: list[Effort] = [each for each in taken if _EFFORTS.index(each) >= least]
    return enough[0] if enough else taken[-1]
