"""What a candidate may answer to each type of question: which entries, in which order they are kept, and whether anything is said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quiz.banks.queries import VersionView
from quiz.banks.question import BLANK, PART, Question
from quiz.vocabulary import ItemType

MOST_ENTRIES = 60
LONGEST_ENTRY = 200
"""Characters; the player stops earlier, so that the number of a part still fits in front."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def questions_of(view: VersionView) -> tuple[Question, ...]:
    """The questions a candidate answers: the item itself, or the parts of a case. They were checked when they were written."""
    if view.type is ItemType.CASE:
        return view.parts
    return (
        Question.model_construct(
            type=view.type,
            stem=view.stem,
            options=dict(view.options),
            key=list(view.ordered_key),
            unit=view.unit,
            tolerance=view.tolerance,
            prompts=dict(view.prompts),
        ),
    )


def in_part(number: int, entries: Iterable[str]) -> list[str]:
    """Entries as they stand in the answer to a case."""
    return [f"{number}{PART}{entry}" for entry in entries]


def of_part(number: int, entries: Iterable[str]) -> list[str]:
    """The answer to one part, from the answer to its case; also the options of one part, from the order a form shows."""
    head = f"{number}{PART}"
    return [entry[len(head) :] for entry in entries if entry.startswith(head)]


def says_anything(entries: Iterable[str], *, type_: ItemType) -> bool:
    """False for no answer, and for blanks that were all left empty."""
    return any((entry.partition(PART)[2] if type_ is ItemType.CASE else entry).strip() for entry in entries)


def prompts_in_order(prompts: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The left column by number: a database may have kept it as 1, 10, 2."""
    return sorted(prompts, key=lambda prompt: int(prompt[0]))


@dataclass(frozen=True)
class Allowed:
    """What an answer to one question may contain."""

    type: ItemType
    options: frozenset[str] = frozenset()
    blanks: int = 0
    prompts: frozenset[str] = frozenset()
    parts: tuple[Allowed, ...] = ()

    @classmethod
    def of(cls, view: VersionView) -> Allowed:
        questions = tuple(
            cls(
                type=question.type,
                options=frozenset(question.options),
                blanks=question.stem.count(BLANK) if question.type is ItemType.BLANK else 0,
                prompts=frozenset(question.prompts),
            )
            for question in questions_of(view)
        )
        return cls(type=view.type, parts=questions) if view.type is ItemType.CASE else questions[0]

    def fault(self, answer: Sequence[str]) -> str:
        """Why this cannot be an answer, to follow “第 3 题”; empty when it can."""
        if not answer:
            return ""
        if any(_CONTROL.search(entry) for entry in answer):
            return "的答案含有不可见的控制字符。"
        match self.type:
            case ItemType.NUMERIC:
                return "只能填一个数。" if len(answer) > 1 else ""
            case ItemType.BLANK:
                return f"有 {self.blanks} 个空，答案须按顺序写 {self.blanks} 项，没有填的空写空文字。" if len(answer) != self.blanks else ""
            case ItemType.ORDERING:
                return self._fault_of_letters(answer, self.options) or ("要把每一项都排上。" if len(answer) < len(self.options) else "")
            case ItemType.MATCHING:
                return self._fault_of_pairs(answer)
            case ItemType.CASE:
                return self._fault_of_parts(answer)
        several = self.type is ItemType.MULTIPLE
        return self._fault_of_letters(answer, self.options) or ("只能选一项。" if len(answer) > 1 and not several else "")

    def _fault_of_letters(self, letters: Sequence[str], known: frozenset[str]) -> str:
        unknown = set(letters) - known
        if unknown:
            return f"没有选项 {'、'.join(sorted(unknown))}。"
        return "的答案有重复选项。" if len(set(letters)) != len(letters) else ""

    def _fault_of_pairs(self, pairs: Sequence[str]) -> str:
        split = [(pair[:-1], pair[-1:]) for pair in pairs]
        unknown = [prompt + letter for prompt, letter in split if prompt not in self.prompts or letter not in self.options]
        if unknown:
            return f"没有 {'、'.join(sorted(unknown))} 这样的配对。"
        return "有一项配了两次。" if len({prompt for prompt, _ in split}) != len(pairs) else ""

    def _fault_of_parts(self, entries: Sequence[str]) -> str:
        numbers = {str(number): part for number, part in enumerate(self.parts, 1)}
        unknown = {head for head, colon, _ in (entry.partition(PART) for entry in entries) if not colon or head not in numbers}
        if unknown:
            return f"没有小题 {'、'.join(sorted(unknown))}。"
        faults = ((number, part.fault(answer)) for number, part in enumerate(self.parts, 1) if (answer := of_part(number, entries)))
        return next((f"第 {number} 小题{fault}" for number, fault in faults if fault), "")

    def settled(self, answer: Sequence[str]) -> tuple[str, ...]:
        """The same answer in the one order it is kept in, so that two devices that mean the same say the same."""
        match self.type:
            case ItemType.NUMERIC | ItemType.BLANK | ItemType.ORDERING:
                return tuple(answer)
            case ItemType.MATCHING:
                return tuple(sorted(answer, key=lambda pair: int(pair[:-1])))
            case ItemType.CASE:
                return tuple(
                    entry for number, part in enumerate(self.parts, 1) for entry in in_part(number, part.settled(of_part(number, answer)))
                )
        return tuple(sorted(answer))
