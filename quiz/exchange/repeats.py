"""The same question twice in one file: identical rows are passed over, and those that differ in the answer are said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from quiz.banks.files import ItemDraft
from quiz.exchange.domain import Fate, Place, ReadRow, Remark, Severity
from quiz.exchange.wording import bare


def mark_repeats(rows: Sequence[ReadRow]) -> list[ReadRow]:
    """Rows with every repetition skipped, and a warning on each that asks the same with another key."""
    marked = list(rows)
    places_of: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(marked):
        if row.draft is not None:
            places_of[bare(row.draft.stem)].append(place)
    for places in places_of.values():
        if len(places) > 1:
            _compare(marked, places)
    return marked


def _compare(marked: list[ReadRow], places: list[int]) -> None:
    """Rows with the same stem."""
    first_of: dict[tuple[object, ...], int] = {}
    asked: dict[tuple[object, ...], dict[tuple[object, ...], int]] = defaultdict(dict)
    for place in places:
        row = marked[place]
        assert row.draft is not None
        answered = _answer(row.draft)
        known = first_of.setdefault((*_whole(row), *answered), place)
        if known != place:
            marked[place] = _skipped(row, marked[known].place)
        else:
            asked[_question(row)].setdefault(answered, place)
    for keys in asked.values():
        if len(keys) > 1:
            for place in keys.values():
                marked[place] = _in_conflict(marked[place], [marked[other].place for other in keys.values() if other != place])


def _whole(row: ReadRow) -> tuple[object, ...]:
    draft = row.draft
    assert draft is not None
    pictures = tuple((picture.digest, picture.where) for picture in row.pictures)
    parts = tuple(part.model_dump_json() for part in draft.parts)
    asked = draft.type, draft.stem, draft.unit, tuple(draft.options.items()), parts
    return *asked, draft.explanation, draft.difficulty, draft.topic, row.clause_text, pictures


def _question(row: ReadRow) -> tuple[object, ...]:
    draft = row.draft
    assert draft is not None
    texts = tuple(sorted(bare(text) for text in draft.options.values()))
    return texts, tuple(sorted(picture.digest for picture in row.pictures))


def _answer(draft: ItemDraft) -> tuple[object, ...]:
    """The key as texts, for the same options can stand in another order."""
    if not draft.options or draft.prompts:
        return (*draft.key, draft.tolerance, *draft.prompts.values())
    texts = [bare(draft.options[letter]) for letter in draft.key]
    return tuple(texts if draft.type == "ordering" else sorted(texts))


def _skipped(row: ReadRow, first: Place) -> ReadRow:
    remark = Remark(Severity.INFO, "identical_row", f"与{first}完全相同，只收一次", "", row.place)
    return replace(row, fate=Fate.SKIPPED, draft=None, remarks=(remark,))


def _in_conflict(row: ReadRow, others: list[Place]) -> ReadRow:
    shown = "、".join(str(place) for place in others[:3])
    message = f"与{shown}是同一道题，答案不同"
    remark = Remark(Severity.WARNING, "conflict_in_file", message, "请确认哪一个正确，停用另一个", row.place)
    return replace(row, remarks=(*row.remarks, remark))
