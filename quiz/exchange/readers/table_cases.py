"""Cases written in rows: which rows tell one case and its questions, and what becomes of them. Nothing is joined or split by guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from quiz.banks.files import ItemDraft
from quiz.banks.question import Question
from quiz.exchange.domain import Fate, Place, ReadRow, Remark, Severity
from quiz.exchange.judge import LONGEST_EXPLANATION, LONGEST_STEM
from quiz.exchange.judgement import excerpt_of
from quiz.exchange.kinds import stated_type
from quiz.exchange.wording import tidy
from quiz.vocabulary import ItemKind, ItemType

_PART_NUMBER = re.compile(r"\s*(?P<whole>\d{1,4})\s*[-—–－._．]\s*(?P<part>\d{1,2})\s*")
_PART_IN_STEM = re.compile(
    r"\s*(?:[(（]\s*(\d{1,2})\s*[)）]|([①-⑨])|问题\s*(\d{1,2}|[一二三四五六七八九])\s*[：:、.．]|第\s*(\d{1,2})\s*(?:小题|问)\s*[：:、.．]?)"
)
_CHINESE = "一二三四五六七八九"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨"


@dataclass(frozen=True)
class CaseRow:
    """What matters of one row for telling cases."""

    place: int
    stem: str = ""
    type_text: str = ""
    number: str = ""
    material: str = ""
    is_merged: bool = False
    """The cell of the material is merged with that of the row above."""
    parent: str = ""
    has_answer: bool = False
    has_options: bool = False
    is_title: bool = False

    @property
    def tells_a_case(self) -> bool:
        return bool(self.stem) and not self.has_answer and not self.has_options and stated_type(tidy(self.type_text)[0]).scenario

    @property
    def part_of(self) -> tuple[str, int] | None:
        """`3-1` in the column of numbers: the case 3, its question 1."""
        found = _PART_NUMBER.fullmatch(self.number)
        return (found["whole"], int(found["part"])) if found else None

    @property
    def part_in_stem(self) -> int:
        """The number a stem begins with as a question of a case: `（1）`, `①`, `问题1：`; 0 when it has none."""
        found = _PART_IN_STEM.match(self.stem)
        if found is None:
            return 0
        if found[2]:
            return _CIRCLED.index(found[2]) + 1
        number = next(group for group in (found[1], found[3], found[4]) if group)
        return _CHINESE.index(number) + 1 if number in _CHINESE else int(number)


@dataclass(frozen=True)
class Case:
    """Rows that belong together: the one that tells the case, when it has a row of its own, and those of its questions."""

    head: int | None
    parts: tuple[int, ...]
    material: str
    doubt: str = ""
    """Why nobody can tell which rows belong to it."""

    @property
    def rows(self) -> tuple[int, ...]:
        return self.parts if self.head is None else (self.head, *self.parts)


def cases_in(rows: Sequence[CaseRow]) -> list[Case]:
    """Every case among the rows, in their order."""
    found: list[Case] = []
    spelled_out = _spells_out(rows)
    at = 0
    while at < len(rows):
        case = _case_from(rows, at, spelled_out)
        found += [case] if case else []
        at += len(case.rows) if case else 1
    return found


def _spells_out(rows: Sequence[CaseRow]) -> bool:
    """Does the sheet repeat or merge its materials, so that a row without one has none?"""
    return any(later.material and (later.is_merged or later.material == row.material) for row, later in zip(rows, rows[1:], strict=False))


def _case_from(rows: Sequence[CaseRow], at: int, spelled_out: bool) -> Case | None:
    row = rows[at]
    if row.is_title:
        return None
    if row.material:
        return _by_material(rows, at, spelled_out)
    if row.parent:
        return _by_parent(rows, at)
    if row.tells_a_case:
        return _below_head(rows, at)
    return None


def _by_material(rows: Sequence[CaseRow], at: int, spelled_out: bool) -> Case | None:
    first = rows[at]
    if not first.stem and not first.has_answer:
        return None
    end = at + 1
    while end < len(rows) and not rows[end].is_title and rows[end].material == first.material:
        end += 1
    if end == at + 1 and not spelled_out:
        while end < len(rows) and not rows[end].is_title and not rows[end].material and rows[end].stem:
            end += 1
        if end > at + 1 and not _numbers_run(rows[at:end]):
            message = "材料只写在第一行，后面几行的材料列空着，看不出哪些行属于它"
            return Case(None, tuple(row.place for row in rows[at:end]), first.material, message)
    return Case(None, tuple(row.place for row in rows[at:end]), first.material)


def _numbers_run(rows: Sequence[CaseRow]) -> bool:
    """Are all these rows numbered as the questions of one case?"""
    by_number = [pair for row in rows if (pair := row.part_of)]
    if len(by_number) == len(rows):
        return len({whole for whole, _ in by_number}) == 1 and [part for _, part in by_number] == list(range(1, len(rows) + 1))
    return [row.part_in_stem for row in rows] == list(range(1, len(rows) + 1))


def _by_parent(rows: Sequence[CaseRow], at: int) -> Case | None:
    first = rows[at]
    end = at + 1
    while end < len(rows) and not rows[end].is_title and rows[end].parent == first.parent:
        end += 1
    places = [row.place for row in rows[at:end]]
    if first.tells_a_case or not first.has_answer and not first.has_options:
        return Case(places[0], tuple(places[1:]), first.stem)
    return None


def _below_head(rows: Sequence[CaseRow], at: int) -> Case:
    """A row that tells a case, and the rows below that are numbered as its questions or called part of it."""
    head = rows[at]
    if at + 1 < len(rows) and rows[at + 1].parent == head.number != "":
        end = at + 1
        while end < len(rows) and not rows[end].is_title and rows[end].parent == head.number:
            end += 1
        return Case(head.place, tuple(row.place for row in rows[at + 1 : end]), head.stem)
    end = at + 1
    while end < len(rows) and _continues(head, rows[end], end - at):
        end += 1
    parts = tuple(row.place for row in rows[at + 1 : end])
    return Case(
        head.place,
        parts,
        head.stem,
        "" if parts else "下面没有编成（1）（2）或 1-1、1-2 的小题，看不出哪些行属于它，下面的行按单独的题读取",
    )


def _continues(head: CaseRow, row: CaseRow, number: int) -> bool:
    if row.is_title or not row.stem or row.tells_a_case and not row.part_in_stem:
        return False
    if part := row.part_of:
        return part[1] == number and part[0] in (head.number or part[0], (head.part_of or (part[0], 0))[0])
    return row.part_in_stem == number


# Judging --------------------------------------------------------------------------------------------------------------


def settle_case(case: Case, *, question: Callable[[int], ReadRow], line: Callable[[int], Place], head_row: ReadRow | None) -> list[ReadRow]:
    """The rows a case comes to: the first stands for all of it, the others belong to it. `head_row` gives what stands beside its text."""
    judged = [question(place) for place in case.parts]
    if case.doubt and case.head is None:
        return [_refused(row.place, row, "case_unclear", case.doubt) for row in judged]
    first = line(case.rows[0])
    excerpts = dict(zip(case.parts, (row.excerpt for row in judged), strict=True))
    rest = [_part(line(place), first, excerpts[place]) for place in case.rows[1:]]
    excerpt = excerpt_of(case.material)
    if case.doubt or len(judged) < 2:
        if case.head is None and len(judged) == 1 and judged[0].draft is not None:
            return [_with_material(judged[0], case.material)]
        reason = case.doubt or ("案例只有一个小题" if judged else "案例没有小题")
        action = "请把每个小题写成一行，题干以（1）、（2）开头，紧接在案例下面"
        remark = Remark(Severity.ERROR, "case_without_parts", f"案例题：{reason}", action, first)
        return [ReadRow(first, Fate.REFUSED, None, (remark,), excerpt=excerpt), *rest]
    bad = [(number, row) for number, row in enumerate(judged, 1) if row.draft is None]
    if bad:
        remarks = [
            replace(row.remarks[-1], severity=Severity.ERROR, message=f"第 {number} 小题（{row.place}）：{row.remarks[-1].message}")
            for number, row in bad
            if row.remarks
        ]
        whole = Remark(Severity.ERROR, "case_part_refused", f"案例题有 {len(bad)} 个小题不能导入，整题没有收入", "请改正后重新导入", first)
        return [ReadRow(first, Fate.REFUSED, None, (*remarks, whole), excerpt=excerpt), *rest]
    return [_drafted(case, judged, first, head_row), *rest]


def _drafted(case: Case, judged: list[ReadRow], first: Place, head_row: ReadRow | None) -> ReadRow:
    drafts = [row.draft for row in judged if row.draft is not None]
    stem, tidied = tidy(case.material)
    told = [(number, draft.explanation) for number, draft in enumerate(drafts, 1) if draft.explanation]
    beside = head_row.draft if head_row and head_row.draft else drafts[0]
    of_head = beside.explanation if head_row else ""
    explanation = "\n".join(([of_head] if of_head else []) + [f"（{number}）{text}" for number, text in told])
    pictures = tuple(replace(picture, where="stem") for row in ([head_row] if head_row else []) + judged for picture in row.pictures)
    remarks = [remark for row in judged for remark in row.remarks]
    if tidied:
        remarks.append(Remark(Severity.INFO, "whitespace", "特殊空白字符（如不间断空格、全角空格、制表符）已整理", "", first))
    if any(row.pictures for row in judged):
        remarks.append(Remark(Severity.WARNING, "part_picture", "小题的图片已放到案例的题干下面", "请核对", first))
    for text, longest, name in ((stem, LONGEST_STEM, "案例"), (explanation, LONGEST_EXPLANATION, "解析")):
        if len(text) > longest:
            remark = Remark(Severity.ERROR, "too_long", f"{name}有 {len(text)} 字，超过 {longest} 字", "请缩短", first)
            return ReadRow(first, Fate.REFUSED, None, (remark,), excerpt=excerpt_of(stem))
    try:
        draft = ItemDraft(
            code=beside.code, type=ItemType.CASE, kind=ItemKind.SCENARIO, stem=stem, explanation=explanation, topic=beside.topic,
            difficulty=beside.difficulty, roles=beside.roles, parts=[Question.model_validate(_as_question(part)) for part in drafts],
        )  # fmt: skip
    except ValidationError as problem:
        message = f"不合案例题的规则：{problem.errors()[0]['msg'].removeprefix('Value error, ')}"
        return ReadRow(
            first, Fate.REFUSED, None, (Remark(Severity.ERROR, "item_format", message, "请改正", first),), excerpt=excerpt_of(stem)
        )
    joined = Remark(Severity.INFO, "case_joined", f"{len(drafts)} 个小题与材料合成一道案例题", "", first)
    clause = next((row.clause_text for row in [*([head_row] if head_row else []), *judged] if row.clause_text), "")
    return ReadRow(first, Fate.REPAIRED, draft, (joined, *remarks), pictures, clause, excerpt_of(stem))


def _as_question(draft: ItemDraft) -> dict[str, object]:
    stem = _PART_IN_STEM.sub("", draft.stem, count=1) if _PART_IN_STEM.match(draft.stem) else draft.stem
    return draft.model_dump(include=set(Question.model_fields)) | {"stem": stem or draft.stem}


def _with_material(row: ReadRow, material: str) -> ReadRow:
    """One question about a material is a question whose stem begins with it."""
    assert row.draft is not None
    text = tidy(material)[0]
    stem = f"{text}\n{row.draft.stem}"
    remark = Remark(Severity.INFO, "material_in_stem", "材料只有一个问题，已写在题干前面", "", row.place)
    if len(stem) > LONGEST_STEM:
        message = f"材料和题干共 {len(stem)} 字，超过 {LONGEST_STEM} 字"
        return ReadRow(
            row.place, Fate.REFUSED, None, (Remark(Severity.ERROR, "too_long", message, "请缩短", row.place),), excerpt=row.excerpt
        )
    return replace(row, fate=Fate.REPAIRED, draft=row.draft.model_copy(update={"stem": stem}), remarks=(remark, *row.remarks))


def _refused(place: Place, row: ReadRow, code: str, message: str) -> ReadRow:
    action = "请把材料写在它的每一行，或合并这些行的材料单元格"
    return ReadRow(place, Fate.REFUSED, None, (Remark(Severity.ERROR, code, message, action, place),), row.pictures, excerpt=row.excerpt)


def _part(place: Place, first: Place, excerpt: str) -> ReadRow:
    remark = Remark(Severity.INFO, "part_of_question", f"属于第 {first.line} 行的题目", "", place)
    return ReadRow(place, Fate.SKIPPED, None, (remark,), excerpt=excerpt)
