"""What two versions of an item have in common and where they differ, field by field, word by word. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from quiz.banks.queries import ClauseView, VersionView
from quiz.banks.question import ALTERNATIVE, Question
from quiz.vocabulary import Difficulty, ItemType, PostRole

_TOKEN = re.compile(r"[A-Za-z0-9]+(?:\.[0-9]+)?%?|\s+|.", re.DOTALL)
"""A Chinese character is a word; letters and figures belong together, so that 50 → 150 is marked whole."""
_LEAST_IN_COMMON = 2
"""Fewer characters in common between two changes are chance, and marking around them only confuses the reader."""
_MANY_TOKENS = 1000
"""From here on, the quicker and rougher comparison."""


@dataclass(frozen=True)
class Segment:
    """A stretch of text, and whether the other version lacks it."""

    text: str
    changed: bool


Segments = tuple[Segment, ...]


@dataclass(frozen=True)
class FieldDifference:
    """One field in both versions; what is not there has no segments."""

    label: str
    before: Segments
    after: Segments
    separator: str = ""
    """Between segments, where each is an entry of a list."""

    @property
    def changed(self) -> bool:
        return any(segment.changed for segment in (*self.before, *self.after))


def compare(old: VersionView, new: VersionView) -> list[FieldDifference]:
    """All fields that one of the two has, in the order in which an item is read."""
    fields = [texts("题干", old.stem, new.stem)]
    fields += _by_letter("选项", dict(old.options), dict(new.options))
    fields += _by_letter("左列", dict(old.prompts), dict(new.prompts))
    fields.append(entries("答案", _answers(old), _answers(new), separator="、" if new.type.is_choice and old.type.is_choice else "\n"))
    fields.append(texts("单位", old.unit, new.unit))
    fields.append(texts("允许误差", old.tolerance, new.tolerance))
    fields += _by_letter("小题", _parts(old), _parts(new))
    fields.append(texts("解析", old.explanation, new.explanation))
    fields += _by_letter("错项说明", old.rationales, new.rationales)
    fields.append(entries("依据条款", _cited(old.clauses), _cited(new.clauses), separator="\n"))
    fields.append(entries("旧版条款", _cited(old.changed_from), _cited(new.changed_from), separator="\n"))
    fields.append(entries("图片", _pictures(old), _pictures(new), separator="\n"))
    fields.append(entries("题型", [old.type.label], [new.type.label]))
    fields.append(entries("类别", [old.kind.label], [new.kind.label]))
    fields.append(texts("主题", old.topic, new.topic))
    fields.append(entries("难度", [_difficulty(old)], [_difficulty(new)]))
    fields.append(entries("适用岗位", _roles(old), _roles(new)))
    return [field for field in fields if field.before or field.after]


def texts(label: str, before: str, after: str) -> FieldDifference:
    """Two texts compared word by word."""
    pairs = _match(_TOKEN.findall(before), _TOKEN.findall(after))
    left = _joined((a, changed) for a, _, changed in _smooth(pairs))
    right = _joined((b, changed) for _, b, changed in _smooth(pairs))
    return FieldDifference(label, left, right)


def entries(label: str, before: Sequence[str], after: Sequence[str], *, separator: str = "、") -> FieldDifference:
    """Two lists compared entry by entry; their order counts, since the first clause is the main one."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    left: list[Segment] = []
    right: list[Segment] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        left += [Segment(entry, tag != "equal") for entry in before[a:b]]
        right += [Segment(entry, tag != "equal") for entry in after[c:d]]
    return FieldDifference(label, tuple(left), tuple(right), separator)


def key_of(view: VersionView) -> list[str]:
    """The key in the order in which it is written."""
    return list(view.ordered_key) or sorted(view.key)


def readable_key(
    type_: ItemType, key: Sequence[str], *, options: Mapping[str, str], prompts: Mapping[str, str], unit: str = ""
) -> list[str]:
    """A key in words, entry by entry: nobody can judge `1B` or `C, A, B` without the texts beside it."""
    match type_:
        case ItemType.NUMERIC:
            return [f"{figure} {unit}".strip() for figure in key]
        case ItemType.BLANK:
            return [f"第 {n} 空：{' 或 '.join(text.strip() for text in entry.split(ALTERNATIVE))}" for n, entry in enumerate(key, start=1)]
        case ItemType.ORDERING:
            return [f"{n}. {options.get(letter, letter)}" for n, letter in enumerate(key, start=1)]
        case ItemType.MATCHING:
            return [f"{prompts.get(pair[:-1], pair[:-1])} — {options.get(pair[-1], pair[-1])}" for pair in key]
    return list(key)


def _answers(view: VersionView) -> list[str]:
    return readable_key(view.type, key_of(view), options=dict(view.options), prompts=dict(view.prompts))


def _pictures(view: VersionView) -> list[str]:
    """Where each stands and what it shows; the beginning of its digest tells another picture from the same."""
    names = {"stem": "题干", "explanation": "解析"}
    return [
        f"{names.get(ref.where, f'选项 {ref.where}')}附图{f'（{ref.description}）' if ref.description else ''}，图号 {ref.digest[:6]}"
        for ref in view.pictures
    ]


def part_text(part: Question) -> str:
    """A question of a case, line by line."""
    lines = [f"（{part.type.label}）{part.stem}"]
    lines += [f"{number}. {text}" for number, text in part.prompts.items()]
    lines += [f"{letter}. {text}" for letter, text in part.options.items()]
    right = readable_key(part.type, part.key, options=part.options, prompts=part.prompts, unit=part.unit)
    return "\n".join([*lines, f"答案：{'、'.join(right)}"])


def _parts(view: VersionView) -> dict[str, str]:
    return {str(number): part_text(part) for number, part in enumerate(view.parts, start=1)}


def _by_letter(label: str, before: dict[str, str], after: dict[str, str]) -> list[FieldDifference]:
    return [texts(f"{label} {letter}", before.get(letter, ""), after.get(letter, "")) for letter in sorted({*before, *after})]


def _cited(clauses: Sequence[ClauseView]) -> list[str]:
    return [f"《{clause.edition_title}》{clause.ref} {clause.heading}" for clause in clauses]


def _difficulty(view: VersionView) -> str:
    return Difficulty(view.difficulty).label  # type: ignore[call-arg]


def _roles(view: VersionView) -> list[str]:
    return [PostRole(role).label for role in view.roles]  # type: ignore[call-arg]


def _match(before: list[str], after: list[str]) -> list[tuple[str, str, bool]]:
    """Runs of both texts side by side, and whether they differ."""
    matcher = SequenceMatcher(None, before, after, autojunk=max(len(before), len(after)) > _MANY_TOKENS)
    return [("".join(before[a:b]), "".join(after[c:d]), tag != "equal") for tag, a, b, c, d in matcher.get_opcodes()]


def _smooth(runs: list[tuple[str, str, bool]]) -> list[tuple[str, str, bool]]:
    """A lonely character in common between two changes counts as changed."""
    last = len(runs) - 1
    return [
        (before, after, changed or (0 < place < last and len(before) < _LEAST_IN_COMMON))
        for place, (before, after, changed) in enumerate(runs)
    ]


def _joined(runs: Iterable[tuple[str, bool]]) -> Segments:
    """Neighbours of one kind become one segment; empty ones go."""
    found: list[Segment] = []
    for text, changed in runs:
        if not text:
            continue
        if found and found[-1].changed == changed:
            found[-1] = Segment(found[-1].text + text, changed)
        else:
            found.append(Segment(text, changed))
    return tuple(found)
