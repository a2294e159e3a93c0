"""What stands behind the privacy door: looking a request through, and putting a veil over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.ports import Veiled
from jevons.privacy.finding import class_of, is_identifier
from jevons.privacy.unveiling import Unveiling
from jevons.privacy.veil import hide
from jevons.privacy.view import spoken, unread, view
from jevons.types.account import Veil
from jevons.types.errors import Bug
from jevons.types.request import Inspected

if TYPE_CHECKING:
    from jevons.ports import Caller, Privacy
    from jevons.privacy.detect import Detector
    from jevons.privacy.finding import Finder
    from jevons.types.request import Generate

__all__ = ("Inspector",)


class Inspector:
    """Looks requests through.

    Args:
        detector: Finds what has a shape.
        finders: Find more, as names.
    """

    def __init__(self, detector: Detector, finders: tuple[Finder, ...] = ()) -> None:
        self._detector = detector
        self._finders = finders
        self.quick_bytes = 0 if finders else 8 * 1024
        """Length of a request up to which looking is a matter of a millisecond or two."""

    def inspect(self, request: Generate) -> Inspected:
        """Look a request through.

        Raises:
            Exception: It cannot be.
        """
        text = spoken(request.source)
        laid_out = view(text).text
        found = [
            one
            for finder in (self._knowing(request), *self._finders)
            for one in finder.find(laid_out)
            if is_identifier(one)
        ]
        return Inspected(
            found=tuple(dict.fromkeys([one.kind for one in found])),
            data_class=class_of(found),
            unread=unread(request, text),
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

    def _knowing(self, request: Generate) -> Detector:
        """Find also what the caller named."""
        names = request.identifiers
        return self._detector.knowing(names) if names else self._detector


def _tally(hidden: int, unveiling: Unveiling) -> Veil:
    tally = unveiling.tally
    return Veil(hidden=hidden, restored=tally.restored, unrestored=tally.unrestored)


if TYPE_CHECKING:
    _privacy: type[Privacy] = Inspector
