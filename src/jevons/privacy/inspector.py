"""What stands behind the privacy door: looking a request through, and putting a veil over it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jevons.ports import Veiled
from jevons.privacy.finding import class_of, is_identifier
from jevons.privacy.memory import Memory
from jevons.privacy.unveiling import Unveiling
from jevons.privacy.veil import hide
from jevons.privacy.view import apart, spoken, unread, view
from jevons.types.account import Veil
from jevons.types.errors import Bug
from jevons.types.request import Inspected

if TYPE_CHECKING:
    from jevons.ports import Caller, Privacy
    from jevons.privacy.detect import Detector
    from jevons.privacy.finding import Finder, Kind
    from jevons.types.request import Generate

__all__ = ("Inspector",)


class Inspector:
    """Looks requests through.

    Args:
        detector: Finds what has a shape.
        finders: Find more, as names.
        key: 16 to 64 random bytes of this process, by which it knows pieces that come again.
    """

    def __init__(self, detector: Detector, finders: tuple[Finder, ...] = (), *, key: bytes) -> None:
        self._detector = detector
        self._memory = Memory(key)
        self._finders = finders
        self.quick_bytes = 0 if finders else 8 * 1024
        """Length of a request up to which looking is a matter of a millisecond or two."""

    def inspect(self, request: Generate) -> Inspected:
        """Look a request through.

        Raises:
            Exception: It cannot be.
        """
        look = partial(self._look, self._knowing(request))
        # What is looked for beside the usual is this request's alone, and not to be remembered.
        read = look if request.identifiers else partial(self._memory.recall, look=look)
        kinds: list[Kind] = [kind for piece in apart(request.source) for kind in read(piece)]
        return Inspected(
            found=tuple(dict.fromkeys(kinds)),
            data_class=class_of(kinds),
            unread=unread(request, spoken(request.source)),
        )

    def veil(self, request: Generate, caller: Caller) -> Veiled:
        """Put a token for each identifier, and take them back out of the answer.

        Raises:
            Exception: Not all of them could be hidden.
        """
        if request.actor is None:
            message = "a request without a key was to be veiled"
            raise Bug(message)
        hidden = hide(request, request.actor.salting, self._knowing(request), self._finders)
        unveiling = Unveiling(caller, hidden.pseudonyms, is_json=request.output.kind != "text")
        return Veiled(hidden.request, unveiling, lambda: _tally(len(hidden.pseudonyms), unveiling))

    def _look(self, detector: Detector, piece: bytes) -> tuple[Kind, ...]:
        """Name the kinds of identifiers in a piece of JSON, each once."""
        text = view(piece.decode()).text
        found = [one for finder in (detector, *self._finders) for one in finder.find(text)]
        return tuple(dict.fromkeys([one.kind for one in found if is_identifier(one)]))

    def _knowing(self, request: Generate) -> Detector:
        """Find also what the caller named."""
        names = request.identifiers
        return self._detector.knowing(names) if names else self._detector


def _tally(hidden: int, unveiling: Unveiling) -> Veil:
    tally = unveiling.tally
    return Veil(hidden=hidden, restored=tally.restored, unrestored=tally.unrestored)


if TYPE_CHECKING:
    _privacy: type[Privacy] = Inspector
