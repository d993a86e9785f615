"""Everything a document came to, as rows: questions judged, cases put together, other lines named. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pydantic import ValidationError

from quiz.banks.files import ItemDraft
from quiz.banks.question import Question
from quiz.exchange.block_question import QuestionMaker, material_of
from quiz.exchange.domain import Fate, Picture, Place, RawQuestion, ReadRow, Remark, Severity
from quiz.exchange.judge import judge
from quiz.exchange.lines import Block, Case, Document, Notice, Skip, is_picture
from quiz.vocabulary import ItemType
from quiz.wall import in_halves

EXCERPT = 60


def rows_of_document(document: Document) -> list[ReadRow]:
    """Questions judged, everything else named, in the order of the document."""
    rows: list[tuple[int, int, ReadRow]] = []
    done: set[int] = set()
    alone: list[tuple[int, Block]] = []
    for order, block in enumerate(document.blocks):
        if block.case is None or len(block.case.blocks) < 2:
            alone.append((order, block))
        elif id(block.case) not in done:
            done.add(id(block.case))
            row = _with_notices(_case_row(block.case, document.pictures), _notices_of(block.case))
            rows.append((block.case.line.number, order, row))
    found = in_halves(lambda part: [_row(block, document.pictures) for _, block in part], alone)
    rows += [(block.line.number, order, row) for (order, block), row in zip(alone, found, strict=True)]
    rows += [(case.line.number, 0, _case_row(case, document.pictures)) for case in document.cases if not case.blocks]
    rows += [(skip.line.number, 0, _skipped(skip, document.pictures)) for skip in _merged(document.skips)]
    rows.sort(key=lambda entry: entry[:2])
    return [row for _, _, row in rows]


def without_questions(rows: Sequence[ReadRow]) -> tuple[Remark, ...]:
    """What to say of a file in which nothing looked like a question."""
    if not rows or any(row.fate is not Fate.SKIPPED for row in rows):
        return ()
    message = "文件里没有认出题目"
    action = "请写成“1. 题干”，选项另起一行写“A. 选项”，再写“答案：A”；题目是一张表时请另存为 .xlsx 或 .csv 再导入"
    if any(remark.code == "answer_key" for row in rows for remark in row.remarks):
        message, action = "文件里只有答案，没有题目", "请把题目和答案放在同一个文件里再导入"
    return (Remark(Severity.WARNING, "no_questions", message, action),)


def _merged(skips: Sequence[Skip]) -> list[Skip]:
    """Several lines of one paragraph are one unit."""
    kept: list[Skip] = []
    for skip in skips:
        if kept and kept[-1].line.number == skip.line.number and kept[-1].code == skip.code:
            if skip.severity is not Severity.INFO:
                kept[-1] = replace(skip, line=kept[-1].line)
            continue
        kept.append(skip)
    return kept


def _skipped(skip: Skip, pictures: dict[str, Picture]) -> ReadRow:
    place = Place(line=skip.line.number)
    remarks = [Remark(skip.severity, skip.code, skip.message, skip.action, place)]
    remarks += [Remark(note.severity, note.code, note.message, note.action, place) for note in skip.line.notices]
    shown = tuple(pictures[sign] for sign in skip.line.text if sign in pictures) if pictures else ()
    return ReadRow(place, Fate.SKIPPED, None, tuple(remarks), shown, excerpt=_plain(skip.line.text)[:EXCERPT])


def _plain(text: str) -> str:
    return " ".join("".join(sign for sign in text if not is_picture(sign)).split())


# One question ---------------------------------------------------------------------------------------------------------


def _row(block: Block, pictures: dict[str, Picture]) -> ReadRow:
    if block.ready is not None:
        row = _with_notices(judge(block.ready), block.notices)
        return row if block.doubt is None or row.draft is None else _refusal(block.ready, *block.doubt)
    raw, doubt = QuestionMaker(block, pictures).raw()
    if _is_empty(raw) and not block.keyed:
        remark = Remark(Severity.INFO, "empty_number", "只有题号，没有内容，不是题目", place=raw.place)
        return ReadRow(raw.place, Fate.SKIPPED, None, (remark,), excerpt=_plain(block.line.text)[:EXCERPT])
    alone = block.case is not None and len(block.case.blocks) == 1
    notices = [*(_notices_of(block.case) if alone and block.case is not None else ()), *block.notices]
    return _with_notices(judge(raw) if doubt is None else _refusal(raw, *doubt), notices)


def _is_empty(raw: RawQuestion) -> bool:
    """A number and nothing behind it but lines to write on, as answer sheets have them."""
    said = "".join([raw.stem, *(text for _, text in raw.options), raw.answer_text, raw.explanation])
    return not raw.pictures and not re.sub(r"[\s_（）()．.、]+", "", said)


def _refusal(raw: RawQuestion, code: str, message: str, action: str) -> ReadRow:
    excerpt = _plain(" ".join([raw.stem, *(text for _, text in raw.options)]))[:EXCERPT]
    remark = Remark(Severity.ERROR, code, message, action, raw.place)
    return ReadRow(raw.place, Fate.REFUSED, None, (remark,), raw.pictures, raw.extra.get("clause", ""), excerpt)


def _with_notices(row: ReadRow, notices: Sequence[Notice]) -> ReadRow:
    """What was noticed while the paragraphs were read, added to the row's own remarks."""
    if not notices:
        return row
    unique = list(dict.fromkeys(notices))
    remarks = tuple(Remark(note.severity, note.code, note.message, note.action, row.place) for note in unique)
    if any(note.refuses for note in unique):
        return replace(row, fate=Fate.REFUSED, draft=None, remarks=(*remarks, *row.remarks))
    repaired = row.fate is Fate.ACCEPTED and any(note.repairs for note in unique)
    return replace(row, fate=Fate.REPAIRED if repaired else row.fate, remarks=(*remarks, *row.remarks))


# Cases ----------------------------------------------------------------------------------------------------------------


def _case_row(case: Case, pictures: dict[str, Picture]) -> ReadRow:
    """A case with its questions: one item, or one refusal."""
    shown: list[Picture] = []
    stem = material_of(case, pictures, shown)
    parts = [(block, _row(block, pictures)) for block in case.blocks]
    place = Place(line=case.line.number)
    remarks = []
    for number, (_, row) in enumerate(parts, 1):
        remarks += [replace(remark, message=f"第 {number} 小题：{remark.message}") for remark in row.remarks]
        shown += [replace(picture, where="stem") for picture in row.pictures]
    excerpt = _plain(stem)[:EXCERPT]
    if not parts:
        remarks.append(
            Remark(Severity.ERROR, "case_without_questions", "案例或材料后面没有找到小题", "请把小题写在材料后面，并标上题号", place)
        )
    if not parts or any(row.draft is None for _, row in parts):
        return ReadRow(place, Fate.REFUSED, None, tuple(remarks), tuple(shown), excerpt=excerpt)
    drafts = [row.draft for _, row in parts if row.draft is not None]
    listed = [f"第 {number} 小题：{draft.explanation}" for number, draft in enumerate(drafts, 1) if draft.explanation]
    explanation = "\n".join([*case.explanation, *listed])
    try:
        draft = ItemDraft(
            code="", type=ItemType.CASE, kind=drafts[0].kind, stem=stem, topic=drafts[0].topic, difficulty=drafts[0].difficulty,
            explanation=explanation, parts=[_part(draft) for draft in drafts],
        )  # fmt: skip
    except ValidationError as problem:
        reason = problem.errors()[0]["msg"].removeprefix("Value error, ")
        remarks.append(Remark(Severity.ERROR, "item_format", f"案例题不合规则：{reason}", "请对照题型的要求改正", place))
        return ReadRow(place, Fate.REFUSED, None, tuple(remarks), tuple(shown), excerpt=excerpt)
    repaired = any(row.fate is Fate.REPAIRED for _, row in parts)
    return ReadRow(place, Fate.REPAIRED if repaired else Fate.ACCEPTED, draft, tuple(remarks), tuple(shown), excerpt=excerpt)


def _notices_of(case: Case) -> list[Notice]:
    return [notice for piece in case.pieces for notice in piece.line.notices]


def _part(draft: ItemDraft) -> Question:
    return Question(**{name: getattr(draft, name) for name in Question.model_fields})
