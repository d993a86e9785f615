"""Word documents to print: a bank with its key, or one form of a paper and its key apart."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence

from docx.document import Document

from quiz.banks.files import ItemDraft
from quiz.exchange.domain import Picture, ReadRow
from quiz.exchange.readers import word
from quiz.exchange.writers.held import essence
from quiz.exchange.writers.printed_canvas import Canvas
from quiz.exchange.writers.printed_key import set_key
from quiz.exchange.writers.printed_page import A4, Page, new_document
from quiz.exchange.writers.printed_questions import set_questions
from quiz.papers.print_form import PrintedItem, Sheet
from quiz.problems import Invalid
from quiz.vocabulary import Difficulty, ItemKind


def left_out(item: ItemDraft) -> list[str]:
    """Why the item cannot be printed: every type can."""
    return []


def cannot_hold(item: ItemDraft) -> list[str]:
    """What is not printed, so that nobody reads it back."""
    unprinted = {
        "知识点": item.topic,
        "类别": item.kind is not ItemKind.KNOWLEDGE,
        "难度": item.difficulty is not Difficulty.MEDIUM,
        "适用岗位": item.roles,
        "适用行业": item.sectors is not None,
        "旧版条款": item.changed_from,
    }
    names = [name for name, said in unprinted.items() if said]
    return [f"{'、'.join(f'“{name}”' for name in names)}不印在试卷上"] if names else []


def unreadable(items: Sequence[ItemDraft]) -> dict[int, list[str]]:
    """Items, by their place, that the printed document does not give back when it is imported again, and why. All are tried at once."""
    if not items:
        return {}
    plain = [item.model_copy(update={"pictures": [], "clauses": []}) for item in items]
    try:
        found = Counter(repr(_read_as(row)) for row in word.read(write("题库", plain, {})).items)
    except Invalid:  # too large to be read again: nothing can be said of single items
        return {place: ["文档过大，不能再导入"] for place in range(len(items))}
    missing: dict[int, list[str]] = {}
    for place, item in enumerate(plain):
        wanted = repr(_read_as(item))
        if found[wanted]:
            found[wanted] -= 1
        else:
            missing[place] = ["印成试卷后再导入，读不回原来的题干、选项或答案"]
    return missing


def _read_as(found: ReadRow | ItemDraft) -> tuple[object, ...]:
    item = found if isinstance(found, ItemDraft) else found.draft
    assert item is not None
    return essence(item), [essence(part) for part in item.parts]


def write(title: str, items: Sequence[ItemDraft], pictures: Mapping[str, Picture]) -> bytes:
    """All items as a paper, then their key, in one document."""
    sheet = Sheet(title, tuple(PrintedItem(item) for item in items))
    document = new_document(A4, title=title)
    canvas = Canvas(document, A4, pictures)
    set_questions(canvas, sheet)
    set_key(canvas, sheet, new_page=True)
    return _bytes(document)


def paper(sheet: Sheet, pictures: Mapping[str, Picture], *, page: Page = A4) -> bytes:
    """The paper, without anything that gives an answer away."""
    document = new_document(page, title=sheet.title, aside=_aside(sheet))
    set_questions(Canvas(document, page, pictures), sheet)
    return _bytes(document)


def key(sheet: Sheet, pictures: Mapping[str, Picture]) -> bytes:
    """The key of the same sheet."""
    document = new_document(A4, title=f"{sheet.title}参考答案与解析", aside=_aside(sheet))
    set_key(Canvas(document, A4, pictures), sheet, new_page=False)
    return _bytes(document)


def _aside(sheet: Sheet) -> str:
    return f"卷号：{sheet.number}" if sheet.number else ""


def _bytes(document: Document) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()
