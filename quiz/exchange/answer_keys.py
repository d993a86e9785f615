"""Keys that stand apart from the questions: what their lines say, and which question each entry belongs to. Pure; never guesses."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

_ANSWER = r"正确|错误|[A-L](?:[\s,、]{0,3}[A-L]){0,11}|√|×|对|错|[TFXV](?![A-Za-z])"
_END = r"(?=[\s,、;。.|:/)\]]|\d|[(\[]|第|$)"
_RANGE = re.compile(
    r"[(\[]?\s?(?:第\s?)?(?P<first>\d{1,4})\s?(?:题)?\s?[-—–~～至到―─]{1,2}\s?(?P<last>\d{1,4})\s?(?:题)?\s?[)\]]?\s?[.、:]?\s{0,8}(?P<answers>(?:正确|错误|[A-LTFXV√×对错\s,、;|/]|\(\s?(?:[A-L]{1,8}|√|×|对|错)\s?\)){1,2000})"
)
_SINGLE = re.compile(
    rf"(?:[(\[]\s?(?P<boxed>\d{{1,4}})\s?[)\]]|(?:第\s?)?(?P<plain>\d{{1,4}}))\s{{0,3}}题?\s{{0,3}}[.、:)\]—-]{{0,3}}\s{{0,8}}[(\[]?\s?(?P<answer>{_ANSWER})\s?[)\]]?{_END}"
)
_TOKEN = re.compile(r"正确|错误|[A-L]+|√|×|对|错|[TFXV]")
_GAP = re.compile(r"[\s,、;。.|/]+")
_FREE = re.compile(rf"[(\[]?\s?(?P<answer>{_ANSWER})\s?[)\]]?(?=$|[\s。,;(.:、，；])[\s。,;.:、]*(?P<rest>.*)$", re.DOTALL)
_MOST_IN_RANGE = 500


@dataclass
class Entry:
    """What a key says about one number."""

    number: int
    answer: str
    line: int
    doubt: str = ""
    """Why the answer cannot be relied on."""
    explanation: list[str] = field(default_factory=list)
    whole: str = ""
    """Answer and reason undivided, where they were divided at what looks like letters: `GB；三级` fills two blanks."""
    parent: int | None = None
    """The number of the case whose question this is: `21．各小题答案` above `（1）A`."""


@dataclass(frozen=True)
class Scope:
    """Where a key says it belongs: under which heading."""

    chapter: str = ""
    ordinal: int | None = None
    kind: str = ""


def entries_in(shape: str, line: int) -> list[Entry]:
    """The entries a line consists of: `1-5 ABCDA 6-10 …`, `1.A 2.B 3.ACD`; none when anything else stands in it."""
    found: list[Entry] = []
    place, end = 0, len(shape.rstrip())
    ranged = False
    while place < end:
        gap = _GAP.match(shape, place)
        if gap:
            place = gap.end()
            continue
        match = _RANGE.match(shape, place)
        if match:
            listed = _of_range(match, line)
            if not listed:
                return []
            found += listed
            ranged = True
            place = match.end()
            continue
        match = _SINGLE.match(shape, place)
        if match is None:
            return []
        found.append(Entry(int(match["boxed"] or match["plain"]), re.sub(r"[\s,、]", "", match["answer"]), line))
        place = match.end()
    return found if ranged else _spread(found)


_SPAN = re.compile(
    r"[(\[]?\s?(?:共|第)?\s?\d{1,4}\s?题?(?:\s?[-—–~～至到]\s?第?\s?\d{1,4}\s?题?)?\s?[)\]]?\s{0,4}[:、]\s{0,8}(?=[(\[第\d])"
)


def after_span(shape: str) -> str:
    """What follows `（1—40）：`, which says for which questions a part of the key is."""
    found = _SPAN.match(shape)
    return shape[found.end() :] if found else shape


def _of_range(match: re.Match[str], line: int) -> list[Entry]:
    first, last = int(match["first"]), int(match["last"])
    count = last - first + 1
    tokens = _TOKEN.findall(match["answers"])
    if not tokens or not 1 <= count <= _MOST_IN_RANGE:
        return []
    signs = [sign for token in tokens for sign in ([token] if token in ("正确", "错误") else token)]
    answers = tokens if len(tokens) == count else signs if len(signs) == count else []
    if answers:
        return [Entry(first + place, answer, line) for place, answer in enumerate(answers)]
    doubt = f"答案“{match[0].strip()[:40]}”说的是 {count} 题，却有 {len(signs)} 个答案，无法一一对应"
    return [Entry(first + place, "", line, doubt) for place in range(count)]


def _spread(entries: list[Entry]) -> list[Entry]:
    """`1. ABCDA 6. BCDAC`: a number before every group of answers to single-choice questions."""
    steps = [after.number - before.number for before, after in zip(entries, entries[1:], strict=False)]
    if not steps or any(step < 2 or len(entry.answer) != step for step, entry in zip(steps, entries, strict=False)):
        return entries
    spread = [Entry(entry.number + place, letter, entry.line) for entry in entries for place, letter in enumerate(entry.answer)]
    if all("".join(sorted(set(entry.answer))) == entry.answer for entry in entries):
        for entry in spread:
            entry.doubt = "看不出这一组字母是一题的几个答案，还是几题各一个答案"
    return spread


def free_entry(number: int, shape: str, text: str, line: int) -> Entry:
    """A numbered line of a key: letters first and an explanation after, or an answer in words."""
    found = _FREE.match(shape)
    if found is None:
        return Entry(number, text.strip(), line)
    rest = text[found.start("rest") :].strip()
    letters = re.sub(r"[\s,、]", "", found["answer"])
    return Entry(number, letters, line, explanation=[rest] if rest else [], whole=text.strip() if rest else "")


# Matching -------------------------------------------------------------------------------------------------------------


class Numbered(Protocol):
    """A question as far as a key needs to know it."""

    @property
    def number(self) -> int | None: ...
    @property
    def scope(self) -> Scope: ...
    @property
    def section(self) -> Hashable: ...
    @property
    def parent(self) -> int | None: ...


Q = TypeVar("Q", bound=Numbered)


@dataclass
class Key:
    """One key: its entries in order, each under the heading it stands under."""

    entries: list[tuple[Scope, Entry]] = field(default_factory=list)


@dataclass
class Matched(Generic[Q]):
    """What a key came to."""

    answers: list[tuple[Q, Entry]] = field(default_factory=list)
    ambiguous: list[tuple[Q, Entry]] = field(default_factory=list)
    unmatched: list[Entry] = field(default_factory=list)


def match_key(key: Key, questions: Sequence[Q]) -> Matched[Q]:
    """Each entry to the question with its section and number; where that leaves a choice, to none."""
    result: Matched[Q] = Matched()
    by_number: dict[int, list[Q]] = defaultdict(list)
    for question in questions:
        if question.number is not None:
            by_number[question.number].append(question)
    partner = _partners(key, questions)
    for place, (scope, entry) in enumerate(key.entries):
        named = [question for question in by_number[entry.number] if _fits(scope, question.scope)]
        named = [question for question in named if question.parent == entry.parent] or ([] if entry.parent else named)
        exact = [question for question in named if scope.chapter and scope.chapter == question.scope.chapter] or named
        exact = [question for question in exact if scope.ordinal and scope.ordinal == question.scope.ordinal] or exact
        if not named:
            result.unmatched.append(entry)
        elif len(exact) == 1:
            result.answers.append((exact[0], entry))
        elif place in partner and partner[place] in exact:
            result.answers.append((partner[place], entry))
        else:
            result.ambiguous += [(question, entry) for question in exact]
    return result


def _fits(said: Scope, actual: Scope) -> bool:
    """Nothing the key's heading says speaks against the question's."""
    if said.kind and actual.kind:
        return plain_kind(said.kind) == plain_kind(actual.kind)
    return not said.ordinal or not actual.ordinal or said.ordinal == actual.ordinal


def plain_kind(kind: str) -> str:
    """`单项选择题`, `单选题` and `单选` are the same kind."""
    for word, plain in (
        ("多", "多选"),
        ("不定项", "多选"),
        ("单", "单选"),
        ("判断", "判断"),
        ("是非", "判断"),
        ("填空", "填空"),
        ("选择", "选择"),
    ):
        if word in kind:
            return plain
    return kind.removesuffix("题")


def _partners(key: Key, questions: Sequence[Q]) -> dict[int, Q]:
    """Entry by entry, when key and questions fall into the same parts with the same numbers in the same order."""
    parts = _runs(((scope, entry.parent), entry.number, place) for place, (scope, entry) in enumerate(key.entries))
    numbered = [question for question in questions if question.number is not None]
    sections = _runs(((question.section, question.parent), question.number or 0, place) for place, question in enumerate(numbered))
    if len(parts) != len(sections):
        return {}
    found: dict[int, Q] = {}
    for part, section in zip(parts, sections, strict=True):
        numbers = Counter(number for number, _ in section)
        if Counter(number for number, _ in part) != numbers or max(numbers.values()) > 1:
            return {}
        where = dict(section)
        found |= {place: numbered[where[number]] for number, place in part}
    return found


def _runs(items: Iterable[tuple[Hashable, int, int]]) -> list[list[tuple[int, int]]]:
    """Number and place, divided where the heading changes or the numbers begin again."""
    runs: list[list[tuple[int, int]]] = []
    before: tuple[Hashable, int] | None = None
    for heading, number, place in items:
        if before is None or heading != before[0] or number <= before[1]:
            runs.append([])
        runs[-1].append((number, place))
        before = (heading, number)
    return runs
