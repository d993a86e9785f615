"""Questions out of spreadsheets: xlsx, xls, ods and csv, wherever the header stands and whatever the columns are called."""

from __future__ import annotations

from quiz.exchange.domain import Fate, Place, Reading, ReadRow, Remark, Severity
from quiz.exchange.judgement import excerpt_of
from quiz.exchange.readers.stacked import StackedReader, looks_stacked
from quiz.exchange.readers.table_cells import cell_text, column_letters, is_blank
from quiz.exchange.readers.table_layout import Layout, completed, find_header, fits, header_without_stem, told_by_content
from quiz.exchange.readers.table_rows import TableReader
from quiz.exchange.readers.workbook import Sheet, open_workbook
from quiz.exchange.repeats import mark_repeats
from quiz.spreadsheets.reading import Unreadable
from quiz.wall import without_collection

_NAMES = {
    "stem": "题干", "type": "题型", "options": "选项", "answer": "答案", "explanation": "解析", "chapter": "章节", "topic": "知识点",
    "difficulty": "难度", "clause": "依据", "score": "分值", "number": "序号", "unit": "单位", "tolerance": "误差", "prompts": "左列", "right": "右列",
}  # fmt: skip
_SHOWN = 12


def read(data: bytes, *, name: str = "") -> Reading:
    """Every non-empty row of every sheet, with how it ended.

    Raises:
        Unreadable: the file cannot be opened, or no sheet of it holds questions; says what was found.
    """
    with without_collection():
        return _read(data, name)


def _read(data: bytes, name: str) -> Reading:
    book = open_workbook(data)
    rows: list[ReadRow] = []
    remarks = list(book.remarks)
    before: Layout | None = None
    banks = 0
    for sheet in book.sheets:
        if not any(not is_blank(value) for row in sheet.rows for value in row):
            continue
        found, layout = _read_sheet(sheet, before, remarks)
        before = layout or before
        banks += found is not None
        rows += found if found is not None else _no_bank(sheet, remarks)
    if not banks:
        raise Unreadable(_nothing_found(book.sheets, name), code="not_a_bank")
    return Reading(book.format, tuple(mark_repeats(rows)), tuple(remarks))


def _read_sheet(sheet: Sheet, before: Layout | None, remarks: list[Remark]) -> tuple[list[ReadRow] | None, Layout | None]:
    """Rows of a sheet and its layout; no rows when it holds no questions."""
    layout = find_header(sheet.rows)
    said: list[Remark] = []
    if layout is not None:
        said = _said_header(sheet, layout)
    elif before is not None and fits(before, sheet.rows):
        layout = completed(Layout(before.columns, before.headings), sheet.rows)
        message = "没有表头，按前一个工作表的列读取"
        said = [Remark(Severity.WARNING, "layout_inherited", f"工作表“{sheet.name}”{message}", "请核对各列", Place(sheet.name))]
        said += _said_unused(layout, Place(sheet.name))
    elif looks_stacked(sheet.rows):
        stacked = StackedReader(sheet)
        message = f"工作表“{sheet.name}”没有表头，题干、选项分行书写，按行合并成题"
        remarks.append(Remark(Severity.WARNING, "stacked_rows", message.replace("工作表“”", "文件"), "请核对题目", Place(sheet.name)))
        return stacked.read(), None
    elif not header_without_stem(sheet.rows):
        layout = told_by_content(sheet.rows)
        layout = completed(layout, sheet.rows) if layout else None
        said = [_said_guess(sheet, layout), *_said_unused(layout, Place(sheet.name))] if layout else []
    if layout is None:
        return None, None
    reader = TableReader(sheet, layout)
    rows = reader.read()
    if not _plausible(rows, layout):
        return None, None
    remarks += [*said, *reader.remarks]
    return rows, layout


def _plausible(rows: list[ReadRow], layout: Layout) -> bool:
    """A table without an answer column, or whose columns were guessed, is a bank only when questions come out of it."""
    items = sum(row.draft is not None for row in rows)
    if layout.header_rows and "answer" in layout.columns:
        return True
    refused = sum(row.fate is Fate.REFUSED for row in rows)
    named = sum(row.fate is Fate.REFUSED and any(remark.code != "missing_answer" for remark in row.remarks) for row in rows)
    return items > 0 and (bool(layout.header_rows) or items >= refused * 0.5) or bool(layout.header_rows) and bool(layout.letters or named)


# What is said of sheets -----------------------------------------------------------------------------------------------


def _columns_in_words(layout: Layout) -> str:
    single = [column_letters(column) for column in layout.letters.values()]
    named = [(_NAMES[field], column_letters(column)) for field, column in layout.columns.items() if field in _NAMES]
    words = [f"{title}在 {letters} 列" for title, letters in named]
    return "，".join([*words, f"选项在 {single[0]}–{single[-1]} 列"] if single else words)


def _said_header(sheet: Sheet, layout: Layout) -> list[Remark]:
    where = Place(sheet.name, line=layout.header_row + 1)
    said = [Remark(Severity.INFO, "header_found", f"第 {layout.header_row + 1} 行是表头：{_columns_in_words(layout)}", "", where)]
    return [*said, *_said_unused(layout, where)]


def _said_unused(layout: Layout, where: Place) -> list[Remark]:
    if not layout.unused:
        return []
    shown = "、".join(text[:20] for text in layout.unused[:_SHOWN])
    return [Remark(Severity.INFO, "unused_columns", f"这些列没有用到：{shown}", "如是题目内容，请改用模板的列名", where)]


def _said_guess(sheet: Sheet, layout: Layout) -> Remark:
    message = f"没有表头，按内容判断：{_columns_in_words(layout)}"
    return Remark(Severity.WARNING, "columns_guessed", message, "请核对各列，或加上表头后重新导入", Place(sheet.name))


def _no_bank(sheet: Sheet, remarks: list[Remark]) -> list[ReadRow]:
    """Rows of a sheet that holds no questions, each passed over."""
    message = f"工作表“{sheet.name}”不是题库：{_beginning(sheet)}"
    remarks.append(Remark(Severity.WARNING, "sheet_not_a_bank", message, "如是题库，请加上“题干、答案”等表头", Place(sheet.name)))
    rows = []
    for place, row in enumerate(sheet.rows):
        texts = [cell_text(value).strip() for value in row if not is_blank(value)]
        if texts:
            where = sheet.line(place)
            remark = Remark(Severity.INFO, "sheet_not_a_bank", "所在的工作表不是题库", "", where)
            rows.append(ReadRow(where, Fate.SKIPPED, None, (remark,), excerpt=excerpt_of(*texts)))
    return rows


def _beginning(sheet: Sheet) -> str:
    if named := header_without_stem(sheet.rows):
        return f"表头是“{' | '.join(text[:12] for text in named[:6])}”，有选项和答案，没有题干列"
    first = next((row for row in sheet.rows if not all(is_blank(value) for value in row)), [])
    texts = [cell_text(value).strip()[:12] for value in first if not is_blank(value)][:5]
    return f"第一行是“{' | '.join(texts)}”，没有找到题干和答案"


def _nothing_found(sheets: list[Sheet], name: str) -> str:
    filled = [sheet for sheet in sheets if any(not is_blank(value) for row in sheet.rows for value in row)]
    if not filled:
        return "文件里没有内容。请确认选对了文件。"
    shown = "；".join((f"工作表“{sheet.name}”" if sheet.name else "表格") + _beginning(sheet) for sheet in filled[:3])
    return f"没有找到题目。{shown}。请确认选对了文件，并给各列加上“题干、选项A、选项B、答案”等表头。"
