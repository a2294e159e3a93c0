"""What an answer of Anthropic's Messages dialect used, count by count.

Rule 1: buckets do not overlap here: `input_tokens` holds nothing that a cache was read for or
    written with. Only the thinking lies in the output.
Rule 2: usage is cumulative. The last count of each kind stands and none is ever added; a
    prompt of no tokens is no count.
Rule 3: what a stream counts at its beginning is the prompt. If its end never comes, the
    answer is guessed by its pieces.
Rule 4: usage that counts nothing is no usage: a zero that nobody measured stays unknown.
Rule 5: some work is listed in `iterations` alone. Of that, what the endpoint's own model did is
    added to what was used; what another model did is told apart, for its price is another.

Sources, read 2026-11: Anthropic API reference, "Create a Message", for `usage`; Anthropic docs,
"Compaction", "Advisor tool" and "Refusals and fallback", for `iterations`.
"""

from __future__ import annotations

import msgspec

from jevons.types.account import Usage

__all__ = ("NOT_ONLY_COUNTS", "Counts", "Tally")

NULL = msgspec.Raw(b"null")

NOT_ONLY_COUNTS = frozenset({"cache_creation", "iterations"})
"""Fields of a count that say more than a tally keeps."""

_COMPACTION = "compaction"
_OTHERS = frozenset({"advisor_message", "fallback_message"})


class _Stored(msgspec.Struct):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class _Written(msgspec.Struct):
    thinking_tokens: int | None = None


class _Iteration(msgspec.Struct):
    """One turn of a model within an answer."""

    type: str | None = None
    input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: _Stored | None = None
    output_tokens: int | None = None


class Counts(msgspec.Struct):
    """Usage as endpoints count it."""

    input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: _Stored | None = None
    prompt_tokens: int | None = None
    """What other dialects call the whole prompt; Moonshot counts it beside the rest."""
    output_tokens: int | None = None
    output_tokens_details: _Written | None = None
    iterations: msgspec.Raw = NULL
    """Each turn by itself, if there were several; some servers have a number here."""


_ITERATIONS = msgspec.json.Decoder(list[_Iteration] | None)


class Tally:
    """The usage of one answer."""

    def __init__(self) -> None:
        self._input = 0
        self._read = 0
        self._stored = 0
        self._stored_1h = 0
        self._output = 0
        self._thought = 0
        self._iterations: list[_Iteration] = []
        self._is_final = False

    def take(self, counts: Counts | None, *, is_final: bool) -> None:
        """Take a count.

        Args:
            counts: What was counted, if it was.
            is_final: Whether all of the answer was.
        """
        if counts is None:
            return
        stored = _stored(counts)
        if counts.input_tokens or counts.cache_read_input_tokens or stored:
            self._input = _latest(_fresh(counts, stored), self._input)
            self._read = _latest(counts.cache_read_input_tokens, self._read)
            self._stored = _latest(stored, self._stored)
            self._stored_1h = _latest(_stored_1h(counts), self._stored_1h)
        self._output = _latest(counts.output_tokens, self._output)
        thought = counts.output_tokens_details and counts.output_tokens_details.thinking_tokens
        self._thought = _latest(thought, self._thought)
        self._iterations = _listed(counts.iterations) or self._iterations
        self._is_final = self._is_final or (is_final and counts.output_tokens is not None)

    def usage(self, pieces: int) -> Usage | None:
        """Say what was used; None if nobody counted.

        Args:
            pieces: Deltas so far, the guess where the end of the answer was not counted.
        """
        if not (self._input or self._read or self._stored or self._output):
            return None
        output = self._output if self._is_final else max(self._output, pieces)
        reasoning = min(self._thought, output)
        summaries = [each for each in self._iterations if each.type == _COMPACTION]
        others = [each for each in self._iterations if each.type in _OTHERS]
        stored = self._stored + _sum([_stored(each) for each in summaries])
        stored_1h = self._stored_1h + _sum([_stored_1h(each) for each in summaries])
        return Usage(
            input=self._input + _sum([each.input_tokens for each in summaries]),
            cache_read=self._read + _sum([each.cache_read_input_tokens for each in summaries]),
            cache_write=stored,
            cache_write_1h=min(stored_1h, stored),
            output=output - reasoning + _sum([each.output_tokens for each in summaries]),
            reasoning=reasoning,
            other_models=sum(map(_all, others)),
            counted_by="endpoint" if self._is_final else "guess",
        )


def _listed(iterations: msgspec.Raw) -> list[_Iteration]:
    """Read the turns of an answer; what is no list of them says nothing."""
    try:
        return _ITERATIONS.decode(iterations) or []
    except msgspec.ValidationError:
        return []


def _all(turn: _Iteration) -> int:
    return _sum(
        [turn.input_tokens, turn.cache_read_input_tokens, _stored(turn), turn.output_tokens]
    )


def _stored(counts: Counts | _Iteration) -> int | None:
    """Find what was written to a cache; some servers say only for how long each was."""
    if counts.cache_creation_input_tokens is not None or counts.cache_creation is None:
        return counts.cache_creation_input_tokens
    stored = counts.cache_creation
    return _sum([stored.ephemeral_5m_input_tokens, stored.ephemeral_1h_input_tokens])


def _stored_1h(counts: Counts | _Iteration) -> int | None:
    return counts.cache_creation and counts.cache_creation.ephemeral_1h_input_tokens


def _fresh(counts: Counts, stored: int | None) -> int | None:
    """Find what no cache had part in; a count that is the whole prompt's holds the cached too."""
    count = counts.input_tokens
    if count is None or count != counts.prompt_tokens:
        return count
    return count - (counts.cache_read_input_tokens or 0) - (stored or 0)


def _latest(count: int | None, before: int) -> int:
    return before if count is None else max(count, 0)


def _sum(counts: list[int | None]) -> int:
    return sum([max(count or 0, 0) for count in counts])
