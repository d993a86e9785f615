"""xlsx and csv: one row an item, the columns the Excel reader knows; nothing in a cell can run."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import xlsxwriter

from quiz.banks.files import ItemDraft
from quiz.exchange.domain import Picture
from quiz.vocabulary import ItemType

_LETTERS = "ABCDEFGH"
COLUMNS = (
    ("题目代码", 12), ("题型", 9), ("题干", 60), *((f"选项{letter}", 24) for letter in _LETTERS), ("答案", 12), ("解析", 50), ("错项说明", 50),
    ("单位", 8), ("误差", 8), ("依据条款", 24), ("知识点", 18), ("题目性质", 9), ("难度", 7), ("适用岗位", 18),
)  # fmt: skip
_RUNS = ("=", "+", "-", "@", "\t", "\r")


def left_out(item: ItemDraft) -> list[str]:
    """Why a row cannot be this item."""
    reasons = []
    if item.type in (ItemType.CASE, ItemType.MATCHING):
        reasons.append(f"表格的一行放不下{item.type.label}")
    if len(item.options) > len(_LETTERS):
        reasons.append(f"选项多于 {len(_LETTERS)} 个")
    return reasons


def cannot_hold(item: ItemDraft) -> list[str]:
    """What a row drops of it."""
    lost = []
    if item.pictures:
        lost.append("图片不随表格导出")
    if item.changed_from:
        lost.append("“旧版条款”不随表格导出")
    if item.sectors is not None:
        lost.append("“适用行业”不随表格导出")
    return lost


def write(title: str, items: Sequence[ItemDraft], pictures: Mapping[str, Picture]) -> bytes:
    """A workbook with a frozen, filtered header; every cell is text, so nothing in it is a formula."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("题库")
    head = book.add_format({"bold": True, "bg_color": "#DCE8F3", "border": 1, "text_wrap": True, "valign": "vcenter"})
    cell = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    for column, (name, width) in enumerate(COLUMNS):
        sheet.set_column(column, column, width, cell)
        sheet.write_string(0, column, name, head)
    for line, item in enumerate(items, start=1):
        for column, text in enumerate(row_of(item)):
            if text:
                sheet.write_string(line, column, text, cell)
    sheet.freeze_panes(1, 3)
    sheet.autofilter(0, 0, max(1, len(items)), len(COLUMNS) - 1)
    book.set_properties({"title": title})
    book.close()
    return stream.getvalue()


def write_csv(title: str, items: Sequence[ItemDraft], pictures: Mapping[str, Picture]) -> bytes:
    """UTF-8 with a mark, so that Excel reads it; a cell that a spreadsheet would run gets an apostrophe in front."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow([name for name, _ in COLUMNS])
    for item in items:
        writer.writerow([f"'{text}" if text.startswith(_RUNS) else text for text in row_of(item)])
    return stream.getvalue().encode("utf-8-sig")


def row_of(item: ItemDraft) -> list[str]:
    answer = "；".join(item.key) if item.type is ItemType.BLANK else "".join(item.key)
    if item.type is ItemType.TRUE_FALSE:
        answer = item.options[item.key[0]]
    options = [] if item.type is ItemType.TRUE_FALSE else [item.options.get(letter, "") for letter in _LETTERS]
    return [
        item.code,
        item.type.label,
        item.stem,
        *(options or [""] * len(_LETTERS)),
        answer,
        item.explanation,
        "\n".join(f"{letter}：{text}" for letter, text in item.rationales.items()),
        item.unit,
        item.tolerance,
        "；".join(item.clauses),
        item.topic,
        item.kind.label,
        item.difficulty.label,
        "、".join(role.label for role in item.roles),
    ]
