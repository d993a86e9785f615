"""Where the options of a question begin and end in running text: one a line, several on a line, or behind the stem. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LABEL = re.compile(
    r"(?=[\n\s;,。)\]?:、”\"(\[A-L])"  # what any label begins with: most places of a text are done with at once
    r"(?P<before>^|\n|[\s;,。)\]?:、”\"])?(?<![A-Z])(?:(?P<open>[(\[])\s?(?P<boxed>[A-L])\s?[)\]]\s?[.、:]?|(?P<letter>[A-L])\s{0,3}(?P<sign>[.、:)])|(?P<alone>[A-L])(?P<gap>[ \t]{1,8}(?=\S)|(?=\n)))[ \t]*"
)
_LINE_LABEL = re.compile(
    r"[ \t]{0,40}(?:[(\[]\s?(?P<boxed>[A-La-l])\s?[)\]]\s?[.、:]?|(?P<letter>[A-La-l])\s{0,3}[.、:)](?!\d{2,}[:：])|(?P<alone>[A-L])(?:[ \t]+(?![A-Za-z])|$))[ \t]*"
)
_BARE_LABEL = re.compile(r"[ \t]{0,40}([A-L])(?=[\u4e00-\u9fff\d《“])")
_BARE_AFTER_GAP = re.compile(r"(?:\t[ \t]{0,40}|[ ]{2,40})([A-L])(?=[\u4e00-\u9fff\d《“])")
_CLASS_WORDS = frozenset("类级型组区座栋相线股证票项班级套档")
"""After a letter they make a name of it: `A类`, `B级`."""


_MOST = 120


@dataclass(frozen=True)
class Label:
    """A label: its letter, where it begins, where its text begins, and how surely it is one."""

    letter: str
    start: int
    end: int
    sign: str
    firmness: int
    """3 at the beginning of a line, 2 after a blank, 1 after a sign, 0 glued to what is before."""


@dataclass(frozen=True)
class Division:
    """A stem's end and its options: letter, begin and end of each text."""

    stem_end: int
    options: tuple[tuple[str, int, int], ...]


class Unclear(Exception):
    """The labels can be read in more than one way."""


def label_at(shape: str) -> str:
    """The letter a line begins with as an option, or nothing."""
    found = _LINE_LABEL.match(shape)
    return (found["boxed"] or found["letter"] or found["alone"]).upper() if found else ""


def bare_label_at(shape: str) -> str:
    """The letter a line begins with, though nothing stands between letter and text: `A安全第一`."""
    found = _BARE_LABEL.match(shape)
    return found[1] if found else ""


def bare_labels_at(shape: str) -> str:
    """All the letters of a line that begins so: `A模式    B外模式` are A and B."""
    first = bare_label_at(shape)
    return first + "".join(match[1] for match in _BARE_AFTER_GAP.finditer(shape)) if first else ""


def divide(shape: str, *, bare: bool = False) -> Division | None:
    """The options of a text; None when it has none.

    Raises:
        Unclear: there are labels, but not in one order.
    """
    labels = _labels(shape, bare=bare)
    if len(labels) > _MOST:
        raise Unclear(f"有 {len(labels)} 处像选项标号")
    at_lines = [label for label in labels if label.firmness == 3]
    starts = [label for label in at_lines if label.letter == "A"] or [label for label in labels if label.letter == "A"]
    if not starts:
        return _irregular(shape, at_lines)
    chains = [chain for chain in (_chain(start, labels) for start in starts) if len(chain) >= 2]
    if not chains:
        return _irregular(shape, at_lines)
    best = max(chains, key=_strength)
    rivals = [chain for chain in chains if chain is not best and _strength(chain) == _strength(best)]
    if rivals:
        raise Unclear("选项标号出现不止一次，看不出选项从哪里开始")
    taken = {label.start for label in best}
    if any(label.start not in taken and label.start > best[0].start for label in at_lines):
        return _irregular(shape, [label for label in labels if label.firmness == 3 or label.start in taken])
    _check_bare(shape, best)
    return _cut(shape, best)


def _strength(chain: list[Label]) -> tuple[int, int, int]:
    return sum(label.firmness >= 2 for label in chain), len(chain), -len({label.sign for label in chain})


def _labels(shape: str, *, bare: bool) -> list[Label]:
    found = []
    for match in _LABEL.finditer(shape):
        letter = match["boxed"] or match["letter"] or match["alone"]
        sign = "()" if match["boxed"] else match["sign"] or ""
        start = match.end("before") if match["before"] is not None else match.start()
        line_head = shape[shape.rfind("\n", 0, start) + 1 : start]
        firmness = 3 if not line_head.strip() else 2 if shape[start - 1].isspace() else 1 if not shape[start - 1].isalnum() else 0
        if not sign and firmness < 2 or sign == "()" and firmness == 0:
            continue
        if sign == "()" and shape[match.end() : match.end() + 1] in "。,;?":
            continue  # an answer in the stem's brackets
        found.append(Label(letter, start, match.end(), sign, firmness))
    if bare or not any(label.firmness == 3 for label in found):
        known = {label.start for label in found}
        position = 0
        for line in shape.split("\n"):
            begin = _BARE_LABEL.match(line) if bare else None
            if begin and position + begin.start(1) not in known:
                found.append(Label(begin[1], position + begin.start(1), position + begin.end(), "bare", 3))
                found += [
                    Label(more[1], position + more.start(1), position + more.end(), "bare", 2) for more in _BARE_AFTER_GAP.finditer(line)
                ]
            position += len(line) + 1
        found.sort(key=lambda label: label.start)
    if not any(label.firmness >= 2 for label in found):
        lower = [label for label in (_lower(shape)) if label]
        return lower or found
    return found


def _lower(shape: str) -> list[Label]:
    """Small letters count only at the beginning of lines, all of them."""
    found, position = [], 0
    for line in shape.split("\n"):
        match = _LINE_LABEL.match(line)
        if match and (match["letter"] or match["boxed"] or "").islower():
            letter = (match["letter"] or match["boxed"]).upper()
            found.append(Label(letter, position + match.start(), position + match.end(), ".", 3))
        position += len(line) + 1
    return found


def _chain(start: Label, labels: list[Label]) -> list[Label]:
    """From an A on: B, C, D … each after the one before, the surest place for each."""
    chain = [start]
    while len(chain) < 12:
        letter = "ABCDEFGHIJKL"[len(chain)]
        after = [label for label in labels if label.letter == letter and label.start >= chain[-1].end]
        if not after:
            return chain
        firmest = max(label.firmness for label in after)
        best = [label for label in after if label.firmness == firmest]
        if len(best) > 1:
            best = [label for label in best if label.sign == start.sign] or best
        if len(best) > 1 and firmest == 3:
            best = best[:1]
        if len(best) > 1:
            later = [label for label in labels if label.letter == "ABCDEFGHIJKLM"[len(chain) + 1] and label.firmness >= 2]
            best = [label for label in best if not later or label.start < later[-1].start]
        if len(best) != 1:
            raise Unclear(f"标号 {letter} 出现不止一次，看不出选项 {letter} 从哪里开始")
        if best[0].firmness < 1 and best[0].sign != start.sign:
            return chain
        if best[0].firmness <= 1 and best[0].sign != start.sign and any(label.firmness >= 2 for label in chain[1:]):
            return chain  # “A、B都对” inside the last option
        chain.append(best[0])
    return chain


def _irregular(shape: str, at_lines: list[Label]) -> Division | None:
    """Labels at the beginning of lines that are not in order: handed on as they are, to be judged."""
    if len(at_lines) < 2:
        return None
    return _cut(shape, at_lines)


def _check_bare(shape: str, chain: list[Label]) -> None:
    if all(label.sign == "bare" for label in chain):
        firsts = {shape[label.end : label.end + 1] for label in chain}
        if len(firsts) == 1 and firsts <= _CLASS_WORDS:
            raise Unclear(f"看不出“{chain[0].letter}{next(iter(firsts))}”的字母是选项标号还是选项文字")


def _cut(shape: str, labels: list[Label]) -> Division:
    ends = [label.start for label in labels[1:]] + [len(shape)]
    return Division(labels[0].start, tuple((label.letter, label.end, end) for label, end in zip(labels, ends, strict=True)))
