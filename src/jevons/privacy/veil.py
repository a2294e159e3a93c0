"""A request with tokens for what identifies people in it.

Rule 1: what is found once is replaced wherever it stands: in every field, named or not, in names
    of members, in numbers, in JSON within strings.
Rule 2: what is to be sent is looked through once more. If anything is still found, nothing is.
Rule 3: a value comes back letter by letter as it was said. So in the next turn what stands there
    is what the endpoint wrote, and a mark that it set under its words still holds.
"""

from __future__ import annotations

from bisect import bisect_right
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from jevons.privacy.finding import is_identifier
from jevons.privacy.fold import fold, lowered
from jevons.privacy.literal import rewritten
from jevons.privacy.near import PARTED
from jevons.privacy.pseudonym import Pseudonyms
from jevons.privacy.view import is_text, lead, spoken, view
from jevons.types.message import Message
from jevons.types.request import Inspected, Output, Sampling, Thinking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jevons.privacy.detect import Detector
    from jevons.privacy.finding import Finder, Finding, Kind
    from jevons.privacy.literal import Literal
    from jevons.privacy.view import Place, View
    from jevons.types.request import Generate

__all__ = ("Hidden", "NotHidden", "hide")

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode

_MARK = "\ue000"
"""Stands for a token while a text is looked at: of the Private Use Area, and part of no word."""
_ROUNDS = 4
"""In which a text is looked at; what is found after that is not sent."""


class NotHidden(Exception):
    """An identifier is still found in what was to be sent."""


class Hidden(NamedTuple):
    """A request that tells of nobody, and what its tokens stand for."""

    request: Generate
    pseudonyms: Pseudonyms


def hide(
    request: Generate, salting: bytes, detector: Detector, finders: Iterable[Finder]
) -> Hidden:
    """Put a token for each identifier.

    Args:
        request: What was asked.
        salting: 32 random bytes of whose key it is.
        detector: Finds what has a shape.
        finders: Find more.

    Raises:
        NotHidden: That did not hide all of them.
        ValueError: A string of it is none.
    """
    text = spoken(request.source)
    laid_out = view(text)
    shaped = _places(laid_out, detector)
    named = [place for finder in finders for place in _places(laid_out, finder)]
    known = _Known(detector, shaped, named)
    pseudonyms = Pseudonyms(_secret(request, salting), [text])
    hidden = _rewritten(request, _Hiding(known, pseudonyms))
    if not known.covers(laid_out.text, named) or known.find(pseudonyms.without(_all_of(hidden))):
        message = "an identifier is still found where tokens were put for all of them"
        raise NotHidden(message)
    return Hidden(hidden, pseudonyms)


class _Found(NamedTuple):
    place: Place
    kind: Kind


def _places(laid_out: View, finder: Finder) -> list[_Found]:
    found = filter(is_identifier, finder.find(laid_out.text))
    return [_Found(laid_out.value(one.start, one.end), one.kind) for one in found]


class _Known:
    """Finds what has a shape, and what was found anywhere in a request wherever it stands.

    Args:
        detector: Finds what has a shape.
        shaped: What it found in the request.
        named: What others found. A name of one word counts only in capitals: `will` is no `Will`.
    """

    def __init__(
        self, detector: Detector, shaped: Iterable[_Found], named: Iterable[_Found]
    ) -> None:
        self._kinds: dict[str, Kind] = {}
        self._names: set[str] = set()
        for place, kind in shaped:
            self._kinds.setdefault(_plain(place.said), kind)
        for place, kind in named:
            plain = _plain(place.said)
            if plain not in self._kinds and not place.said.islower() and " " not in plain:
                self._names.add(plain)
            self._kinds.setdefault(plain, kind)
        self._detector = detector.knowing(self._kinds)

    def find(self, text: str) -> list[Finding]:
        """Find them, in order, each under the kind that it was found as."""
        found: list[Finding] = []
        for one in filter(is_identifier, self._detector.find(text)):
            said = text[one.start : one.end]
            plain = _plain(said)
            if one.kind != "term":
                found.append(one)
            elif plain not in self._names or not said.islower():
                found.append(one._replace(kind=self._kinds.get(plain, one.kind)))
        return found

    def covers(self, text: str, named: Iterable[_Found]) -> bool:
        """Whether all that others found in a text is found as well."""
        found = self.find(text)
        starts = [one.start for one in found]
        for place, _ in named:
            at = bisect_right(starts, place.start) - 1
            if place.said and (at < 0 or found[at].end < place.end):
                return False
        return True


def _plain(value: str) -> str:
    return lowered(fold(value).text)


def _secret(request: Generate, salting: bytes) -> bytes:
    """Derive the secret of a conversation: that of its key, and of how its caller began it."""
    opening = next((each for each in request.messages if each.role == "user"), None)
    return blake2b(_encode(opening), key=salting, person=b"jevons veil", digest_size=32).digest()


class _Hiding:
    """Puts tokens into one string after the other.

    Args:
        known: Finds what has to go.
        pseudonyms: Has the tokens.
    """

    def __init__(self, known: _Known, pseudonyms: Pseudonyms) -> None:
        self._known = known
        self._pseudonyms = pseudonyms
        self._done: dict[tuple[str, str], str] = {}

    def named(self, literal: Literal) -> str:
        """Hide what is found in a value behind its name."""
        return self._hidden(literal.said, lead(literal)) if is_text(literal) else literal.said

    def bare(self, literal: Literal) -> str:
        """Hide what is found in a value whose name is ours and says nothing of it."""
        return self._hidden(literal.said, "") if is_text(literal) else literal.said

    def _hidden(self, said: str, ahead: str) -> str:
        done = self._done.get((said, ahead))
        if done is None:
            done = self._done[said, ahead] = self._look(said, ahead)
        return done

    def _look(self, said: str, ahead: str) -> str:
        """Hide what is found, and what is found then: a number may begin where another ended."""
        text, hidden = f"{ahead}{said}", list[_Put]()
        for _ in range(_ROUNDS):
            found = [one for one in self._known.find(text) if one.end > len(ahead)]
            if not found or _MARK in said:
                break
            text, hidden = self._put(text, found, hidden, least=len(ahead))
        first, *rest = text[len(ahead) :].split(_MARK) if hidden else [said]
        pairs = zip(hidden, rest, strict=True)
        return first + "".join([f"{put.token}{after}" for put, after in pairs])

    def _put(
        self, text: str, found: Iterable[Finding], hidden: list[_Put], *, least: int
    ) -> tuple[str, list[_Put]]:
        """Put a mark for each value that was found, and note whose it is."""
        earlier, now = iter(hidden), list[_Put]()
        pieces: list[str] = []
        done = 0
        for one in found:
            start = max(one.start, least)
            between, within = text[done:start], text[start : one.end]
            now += [next(earlier) for _ in range(between.count(_MARK))]
            for _ in range(within.count(_MARK)):
                within = within.replace(_MARK, next(earlier).value, 1)
            pieces += (between, _MARK)
            now.append(_Put(self._pseudonyms.token(one.kind, within), within))
            done = one.end
        return "".join([*pieces, text[done:]]), [*now, *earlier]


class _Put(NamedTuple):
    """A token that was put, and for what."""

    token: str
    value: str


def _rewritten(request: Generate, hiding: _Hiding) -> Generate:
    """Write every word of a request anew, in the form that it came in and in our own."""
    source = request.source
    said = {name: raw for name, raw in source.fields.items() if name != "model"}
    model = {name: raw for name, raw in source.fields.items() if name == "model"}
    fields = model | _anew(said, dict[str, msgspec.Raw], hiding.named)
    ours = {name: _anew(*each, hiding.bare) for name, each in _ours(request).items()}
    return replace(
        request,
        **ours,
        tools=tuple([_anew(tool, type(tool), hiding.bare) for tool in request.tools]),
        source=replace(source, fields=fields, size_bytes=len(_encode(fields))),
        inspected=replace(request.inspected or Inspected(), is_veiled=True),
    )


def _ours(request: Generate) -> dict[str, tuple[Any, Any]]:
    """List what has words of others in it, under names of ours; with the type of each."""
    return {
        "messages": (request.messages, tuple[Message, ...]),
        "output": (request.output, Output),
        "sampling": (request.sampling, Sampling),
        "thinking": (request.thinking, Thinking),
        "tool": (request.tool, str),
    }


def _anew(value: T, kind: Any, write: Callable[[Literal], str]) -> T:
    text = _encode(value).decode()
    written = rewritten(text, write)
    return value if written == text else msgspec.json.decode(written, type=kind)


def _all_of(request: Generate) -> str:
    """Lay out all that a request says, in both forms."""
    ours = _encode((request.tools, *[value for value, _ in _ours(request).values()])).decode()
    return f"{view(spoken(request.source)).text}{PARTED}{view(ours, named=False).text}"
