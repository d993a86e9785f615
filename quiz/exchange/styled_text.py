"""Text with the formatting of each character, and lines that were only broken by the width of the page. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from quiz.exchange.line_signs import shape_of

_NO_JOIN_AFTER = set("。！？；：!?;:…")
_LIST_HEAD = re.compile(
    r"\s*(?:\(\d|\d{1,3}[.、)](?!\d)|[①-⑳•●◆■▪·—-]|[一二三四五六七八九十]、|\([一二三四五六七八九十]\)|[IVX]{1,4}[.、])"
)
_WRAPPED = 15


@dataclass
class StyledText:
    """A text with the formatting of each character."""

    text: str
    style: bytes
    _shape: str = field(default="", repr=False, compare=False)

    @property
    def shape(self) -> str:
        """Of the text; made once, and cut with it."""
        self._shape = self._shape or shape_of(self.text)
        return self._shape

    def cut(self, start: int, end: int | None = None) -> StyledText:
        return StyledText(self.text[start:end], self.style[start:end], self._shape[start:end])


def joined(text: str) -> str:
    """Lines that were only broken by the width of the page become one again."""
    if "\n" not in text:
        return text.strip()
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not lines:
        return ""
    result = [lines[0]]
    for line in lines[1:]:
        before = result[-1]
        tail = before.rsplit("\n", 1)[-1]
        if len(tail) < _WRAPPED or before[-1] in _NO_JOIN_AFTER or _LIST_HEAD.match(shape_of(line)) or "\t" in line or "\t" in tail:
            result.append(line)
        elif before[-1].isascii() and before[-1].isalnum() and line[0].isascii() and line[0].isalnum():
            result[-1] = f"{before} {line}"
        else:
            result[-1] = before + line
    return "\n".join(result)


def has_style(text: StyledText, mark: int) -> bool:
    return any(style & mark for style in text.style)


def share_of(text: str, style: bytes, mark: int) -> float:
    """Share of the letters and figures that have this formatting."""
    if not style:
        return 0
    counted = [bool(style[place] & mark) for place, sign in enumerate(text) if sign.isalnum() or "\u4e00" <= sign <= "\u9fff"]
    return sum(counted) / len(counted) if counted else 0


def spans_of(text: StyledText, mark: int) -> list[tuple[int, int]]:
    """Stretches with this formatting that hold more than blanks."""
    if not text.style:
        return []
    found, start = [], None
    for place, style in enumerate([*text.style, 0]):
        if style & mark and start is None:
            start = place
        elif not style & mark and start is not None:
            if text.text[start:place].strip():
                found.append((start, place))
            start = None
    return found
