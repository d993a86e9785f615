"""A form as it goes to paper: options lettered in the order shown, key and reasons moved along, the rules of the paper beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quiz.banks.files import ItemDraft
from quiz.banks.queries import VersionView
from quiz.banks.question import PART, Question
from quiz.papers.domain import FormItem
from quiz.papers.queries import PaperView
from quiz.vocabulary import ItemType

_STEM, _EXPLANATION = "stem", "explanation"


@dataclass(frozen=True)
class PrintedItem:
    """An item with the letters it is printed with."""

    item: ItemDraft
    points: float | None = None
    must_be_right: bool = False


@dataclass(frozen=True)
class Sheet:
    """What is printed."""

    title: str
    items: tuple[PrintedItem, ...]
    facts: tuple[str, ...] = ()
    """`考试时间：60 分钟` and the like."""
    notes: tuple[str, ...] = ()
    """Sentences to the candidate."""
    number: str = ""
    """Tells one form from another; stands on the paper and on its key."""

    @property
    def max_score(self) -> float | None:
        """Of all items together; None when nobody said what they are worth."""
        points = [printed.points for printed in self.items]
        return None if None in points else round(sum(p for p in points if p is not None), 2)


def sheet_of(paper: PaperView, form: Sequence[tuple[FormItem, VersionView]], *, number: str) -> Sheet:
    """The form of a paper, ready to be printed."""
    notes = [paper.scoring_policy.label + "。"] if any(view.type is ItemType.MULTIPLE for _, view in form) else []
    if any(item.must_be_right for item, _ in form):
        notes.append("题号后标“★”的题必须答对，答错即为不合格。")
    return Sheet(
        title=paper.title,
        items=tuple(as_printed(item, view) for item, view in form),
        facts=(f"考试时间：{paper.time_limit_minutes} 分钟", f"满分：{paper.max_score:g} 分", f"合格线：{paper.cut_score:g} 分"),
        notes=tuple(notes),
        number=number,
    )


def as_printed(position: FormItem, view: VersionView) -> PrintedItem:
    """The item of this position with A, B, C … in the order shown, and its clauses by their names."""
    draft = view.as_draft()
    letters = _letters(position.options) if draft.type is not ItemType.CASE else {}
    changes = _relettered(draft, letters) | {
        "clauses": [f"{clause.edition_title} {clause.ref}" for clause in view.clauses],
        "rationales": dict(sorted((letters.get(letter, letter), text) for letter, text in draft.rationales.items())),
        "pictures": [picture.model_copy(update={"where": letters.get(picture.where, picture.where)}) for picture in draft.pictures],
        "parts": [
            part.model_copy(update=_relettered(part, _letters(_of_part(number, position.options))))
            for number, part in enumerate(draft.parts, start=1)
        ],
    }
    return PrintedItem(draft.model_copy(update=changes), position.points, position.must_be_right)


def _of_part(number: int, order: Sequence[str]) -> list[str]:
    head = f"{number}{PART}"
    return [key.removeprefix(head) for key in order if key.startswith(head)]


def _letters(order: Sequence[str]) -> dict[str, str]:
    """The letter each option is shown with."""
    return {key: chr(ord("A") + place) for place, key in enumerate(order)}


def _relettered(question: Question, letters: Mapping[str, str]) -> dict[str, object]:
    """Options and key by the letters shown; the order of a key counts in orderings only."""
    if not letters or not question.options:
        return {}
    options = {shown: question.options[key] for key, shown in letters.items()}
    if question.type is ItemType.MATCHING:
        key = [pair[:-1] + letters[pair[-1]] for pair in question.key]
    elif question.type is ItemType.ORDERING:
        key = [letters[letter] for letter in question.key]
    else:
        key = sorted(letters[letter] for letter in question.key)
    return {"options": options, "key": key}
