"""Thinking that an engine without a parser leaves in the text, between `<think>` and `</think>`.

Rule 1: only what an answer begins with is thinking. A tag that comes later is text: the
    answer may speak of tags.
Rule 2: what may be the beginning of a tag is kept until more comes; nothing else is.

Sources, read 2026-11: DeepSeek-R1 and Qwen3 model cards, chat templates; MiniMax platform
docs, "OpenAI API Compatible".
"""

from __future__ import annotations

__all__ = ("Tags",)

_OPEN = "<think>"
_CLOSE = "</think>"
_LONGEST_BLANK = 64


class Tags:
    """The text of one answer under way.

    Args:
        inside: Whether it begins inside: some chat templates write the opening tag themselves.
    """

    __slots__ = ("_held", "_inside", "_open")

    def __init__(self, *, inside: bool = False) -> None:
        self._inside = inside
        self._open = not inside
        self._held = ""

    def feed(self, text: str) -> list[tuple[bool, str]]:
        """Take some text; return its runs, and of each whether it is thinking."""
        if self._inside:
            return self._until_close(self._held + text)
        if not self._open:
            return [(False, text)] if text else []
        return self._until_open(self._held + text)

    def end(self) -> list[tuple[bool, str]]:
        """Say that the text has ended; return what was kept."""
        held, self._held = self._held, ""
        return [(self._inside, held)] if held else []

    def close(self) -> list[tuple[bool, str]]:
        """Say that thinking comes apart from the text, so that tags are text."""
        held = self.end()
        self._inside = self._open = False
        return held

    def _until_open(self, text: str) -> list[tuple[bool, str]]:
        begin = text.lstrip()
        if begin.startswith(_OPEN):
            self._inside, self._open, self._held = True, False, ""
            return self._until_close(begin[len(_OPEN) :])
        if _OPEN.startswith(begin) and len(text) < _LONGEST_BLANK:
            self._held = text
            return []
        self._open, self._held = False, ""
        return [(False, text)]

    def _until_close(self, text: str) -> list[tuple[bool, str]]:
        thought, close, rest = text.partition(_CLOSE)
        if close:
            self._inside, self._held = False, ""
            return [run for run in ((True, thought), (False, rest)) if run[1]]
        kept = _beginning(text)
        self._held = text[len(text) - kept :]
        thought = text[: len(text) - kept]
        return [(True, thought)] if thought else []


def _beginning(text: str) -> int:
    """Count the characters at the end of a text that may begin the closing tag."""
    longest = min(len(text), len(_CLOSE) - 1)
    return next((size for size in range(longest, 0, -1) if _CLOSE.startswith(text[-size:])), 0)
