"""The clauses of a new edition as people bring them: a workbook to fill in, or the YAML of `question_banks/standards/`."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import xlsxwriter

from quiz.banks import files
from quiz.banks.clause_ids import clause_ids
from quiz.banks.files import ClauseDraft, EditionDraft
from quiz.banks.queries import ClauseView
from quiz.organisations.identifiers import tidy_text
from quiz.problems import Invalid
from quiz.spreadsheets.reading import UNCALCULATED, Grid, Unreadable
from quiz.spreadsheets.sandbox import read_grids

SHEET, NOTES = "条款", "填写说明"
MAX_CLAUSES = 2000
MAX_YAML_BYTES = 2**20
MAX_FAULTS = 200
_HEADER_WITHIN = 20
_LONGEST_LINE, _DEEPEST = 10_000, 40
"""Of YAML: what is longer or deeper was made to keep its reader busy; a clause has neither."""
_ROWS_TO_FILL = 300


@dataclass(frozen=True)
class Column:
    """A column of the workbook; `longest` is what the table behind it holds."""

    key: str
    title: str
    width: int
    required: bool
    longest: int
    note: str


COLUMNS = (
    Column("ref", "条款", 22, True, 80, "怎样引用这一条，例如：第四条第(八)项、5.2.1。"),
    Column("group", "分组", 18, True, 40, "抽题时用的条款分组，例如：粉尘防爆、作业审批。"),
    Column("heading", "要点", 26, True, 120, "几个字说明这一条讲什么。"),
    Column("text", "内容", 80, True, 2000, "这一条规定了什么，用自己的话写，不照抄原文。数字、期限要准确。"),
    Column("assessable", "可出题", 10, False, 10, "填“是”或“否”；空着按“是”。背景信息、没有核实的内容填“否”。"),
    Column("replaces", "替代旧条款编号", 34, False, 2000, "这一条接替上一版的哪一条；几条用顿号隔开。新增的条款空着。"),
)
_YES, _NO = ("是", "可", "可以", ""), ("否", "不", "不可", "不可以")


@dataclass(frozen=True)
class Fault:
    """What is wrong in one place of a workbook, and what to do."""

    sheet: str
    row: int
    column: str
    problem: str
    action: str

    @property
    def place(self) -> str:
        """工作表“条款”第 5 行“内容”列."""
        return f"工作表“{self.sheet}”第 {self.row} 行“{self.column}”列"


class UnfitSheet(Invalid):
    """The workbook was read, but some of its rows are not clauses. `faults` say where."""

    def __init__(self, file_name: str, faults: Sequence[Fault]) -> None:
        first = faults[0]
        message = f"文件“{file_name}”有 {len(faults)} 处需要改正，没有载入。第一处：{first.place}，{first.problem}"
        super().__init__(message, code="edition_sheet")
        self.faults = tuple(faults)


@dataclass(frozen=True)
class Cover:
    """What a person says about an edition beside its clauses."""

    standard: str
    edition: str
    title: str
    document_number: str = ""
    issuer: str = ""
    published: date | None = None
    effective: date | None = None
    supersedes: str | None = None
    scope: str = ""
    caution: str = ""


def edition_draft(cover: Cover, clauses: Sequence[ClauseDraft], *, before: date | None = None) -> EditionDraft:
    """The cover and its clauses as one draft. `before` is the day on which the superseded edition came into force.

    Raises:
        Invalid: a field is missing or does not fit; names the field.
    """
    for name, code in (("标准编号", cover.standard), ("版本编号", cover.edition)):
        if not re.fullmatch(files.CODE, code) or len(code) > 60:
            raise Invalid(f"{name}：只能用小写字母、数字和连字符，最长 60 个字符，例如 coal-mine-2026。", code="code_format")
    if not cover.title.strip():
        raise Invalid("标题：请填写文件的名称。", code="title_missing")
    if cover.effective is None:
        raise Invalid("施行日期：请填写，它决定新版从哪一天起接替上一版。", code="effective_missing")
    if cover.published and cover.published > cover.effective:
        raise Invalid("公布日期晚于施行日期，请核对。", code="dates_order")
    if before and cover.effective <= before:
        raise Invalid(f"施行日期应晚于被替代版本的施行日期（{before.isoformat()}），请核对。", code="dates_order")
    if not clauses:
        raise Invalid("没有条款，请填写条款表。", code="no_clauses")
    return EditionDraft(
        standard=cover.standard,
        edition=cover.edition,
        title=cover.title.strip(),
        document_number=cover.document_number.strip(),
        issuer=cover.issuer.strip(),
        published=cover.published,
        effective=cover.effective,
        supersedes=cover.supersedes,
        scope=cover.scope.strip(),
        caution=cover.caution.strip(),
        clauses=list(clauses),
    )


def read_day(text: str, *, name: str) -> date | None:
    """`2026-07-01`, `2026/7/1`, `2026年7月1日` or `20260701`; None for nothing. Raises Invalid naming the field for anything else."""
    if not text.strip():
        return None
    found = re.fullmatch(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})日?", tidy_text(text))
    try:
        return date(*(int(part) for part in found.groups())) if found else date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(f"{name}：“{text.strip()}”不是日期，请写成 2026-07-01 这样。", code="day_format") from None


def read_yaml(data: bytes, *, file_name: str) -> EditionDraft:
    """An edition from a YAML file. Raises Invalid naming the file, and the field or the line."""
    try:
        if len(data) > MAX_YAML_BYTES:
            raise Invalid("超过 1 MB，不是一部标准的条款。请检查是否选错了文件。", code="file_too_large")
        text = data.decode("utf-8-sig")
        _refuse_what_only_keeps_busy(text)
        return files.parse_edition(text)
    except UnicodeDecodeError:
        raise Invalid(f"文件“{file_name}”：不是 UTF-8 编码的文本，请另存为 UTF-8 后再选。", code="encoding") from None
    except Invalid as problem:
        raise Invalid(f"文件“{file_name}”：{problem.message}", code=problem.code) from problem


def _refuse_what_only_keeps_busy(text: str) -> None:
    depth = 0
    for mark in re.findall(r"[\[{\]}]", text):
        depth += 1 if mark in "[{" else -1
        if depth > _DEEPEST:
            raise Invalid("括号嵌套过深，请对照说明改写。", code="yaml_nesting")
    if "\x00" in text or any(len(line) > _LONGEST_LINE for line in text.splitlines()):
        raise Invalid(f"有一行超过 {_LONGEST_LINE} 个字，或含有不能识别的字符，请检查。", code="yaml_nesting")


def read_clauses(data: bytes, *, file_name: str, edition: str, old_ids: Collection[str]) -> list[ClauseDraft]:
    """The clauses in an uploaded workbook; `old_ids` are those that `替代旧条款编号` may name.

    Raises:
        Invalid: the file cannot be read, or has no table of clauses; names the file.
        UnfitSheet: some rows are wrong; names file, sheet, row and column.
    """
    try:
        grids = read_grids(data)
    except Unreadable as problem:
        raise Invalid(f"文件“{file_name}”：{problem.message}", code=problem.code) from problem
    return clauses_in(grids, file_name=file_name, edition=edition, old_ids=old_ids)


def clauses_in(grids: Iterable[Grid], *, file_name: str, edition: str, old_ids: Collection[str]) -> list[ClauseDraft]:
    """`read_clauses` of a workbook that is open already."""
    found: list[dict[str, Any]] = []
    faults: list[Fault] = []
    tables = [(grid, header) for grid in grids if not grid.hidden and (header := _header(grid)) is not None]
    if not tables:
        wanted = "、".join(column.title for column in COLUMNS)
        raise Invalid(f"文件“{file_name}”里没有条款表：表头应有这些列：{wanted}。请下载模板对照。", code="no_header")
    for grid, (header_row, places) in tables:
        missing = [column.title for column in COLUMNS if column.required and column.key not in places]
        if missing:
            raise Invalid(f"文件“{file_name}”的工作表“{grid.name}”缺少“{'、'.join(missing)}”列，请对照模板补上。", code="column_missing")
        for number, values in enumerate(grid.rows[header_row + 1 :], start=header_row + 2):
            cells = {key: _cell(values, place - grid.first_column) for key, place in places.items()}
            if any(value not in ("", None) for value in cells.values()):
                found.append(_clause(cells, grid.name, number, old_ids, faults))
            if len(found) > MAX_CLAUSES:
                raise Invalid(f"文件“{file_name}”的条款超过 {MAX_CLAUSES} 条，请检查是否选错了文件。", code="too_many_clauses")
    if faults:
        raise UnfitSheet(file_name, faults[:MAX_FAULTS])
    if not found:
        raise Invalid(f"文件“{file_name}”的条款表里没有条款，请从表头下一行起填写。", code="no_clauses")
    ids = clause_ids(edition, [clause["ref"] for clause in found])
    return [ClauseDraft(id=id_, **clause) for id_, clause in zip(ids, found, strict=True)]


def _header(grid: Grid) -> tuple[int, dict[str, int]] | None:
    """Row of the header and the column of each key, both counted from 0 in the sheet."""
    titles = {column.title: column.key for column in COLUMNS}
    for number, values in enumerate(grid.rows[:_HEADER_WITHIN]):
        places: dict[str, int] = {}
        for place, value in enumerate(values, start=grid.first_column):
            key = titles.get(re.sub(r"[\s*＊]", "", tidy_text(value)) if isinstance(value, str) else "")
            if key is not None:
                places.setdefault(key, place)
        if len(places) >= 3:
            return number, places
    return None


def _cell(values: Sequence[Any], index: int) -> Any:
    value = values[index] if 0 <= index < len(values) else ""
    return "" if isinstance(value, str) and not value.strip() else value


def _clause(cells: Mapping[str, Any], sheet: str, row: int, old_ids: Collection[str], faults: list[Fault]) -> dict[str, Any]:
    """The values of one row; what is wrong with them is added to `faults`."""

    def fault(column: Column, problem: str, action: str) -> None:
        faults.append(Fault(sheet, row, column.title, problem, action))

    found: dict[str, Any] = {}
    for column in COLUMNS:
        value = cells.get(column.key, "")
        text = tidy_text(value)
        found[column.key] = text
        if isinstance(value, date | datetime | time):
            fault(column, "被表格软件当成了日期或时间。", "请把这一列设为“文本”格式，重新填写。")
        elif value == UNCALCULATED:
            fault(column, "公式没有计算结果。", "请改填文字。")
        elif column.required and not text:
            fault(column, "空着。", "请填写；合并单元格的，先取消合并，逐行填写。")
        elif len(text) > column.longest:
            fault(column, f"有 {len(text)} 个字，超过 {column.longest} 个字。", "请缩短，或者拆成几行。")
    if found["assessable"] not in (*_YES, *_NO):
        fault(COLUMNS[4], f"填的是“{found['assessable'][:10]}”。", "只能填“是”或“否”。")
    found["assessable"] = found["assessable"] in _YES
    named = [part for part in re.split(r"[、,，;；\s]+", found["replaces"]) if part]
    unknown = [part for part in named if part not in old_ids]
    if unknown and not old_ids:
        fault(COLUMNS[5], "没有选择替代哪一版，却填了旧条款编号。", "请在上面选择替代哪一版，或者清空这一列。")
    elif unknown:
        fault(COLUMNS[5], f"上一版没有编号为“{'、'.join(unknown)[:80]}”的条款。", "请对照模板里的编号改正，或者清空。")
    found["replaces"] = list(dict.fromkeys(named))
    return found


def write_template(clauses: Sequence[ClauseView], *, title: str = "") -> bytes:
    """The workbook to fill in, with the clauses of the superseded edition to start from; read back as it is, nothing has changed."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    head = {"bold": True, "border": 1, "text_wrap": True, "valign": "vcenter", "align": "center"}
    required, optional = (book.add_format({**head, "bg_color": colour}) for colour in ("#DCE9F7", "#F2F4F7"))
    text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top", "border": 1})
    sheet, notes = book.add_worksheet(SHEET), book.add_worksheet(NOTES)
    for place, column in enumerate(COLUMNS):
        sheet.set_column(place, place, column.width)
        sheet.write_string(0, place, f"{column.title}*" if column.required else column.title, required if column.required else optional)
    for row, clause in enumerate(clauses, start=1):
        cells = (clause.ref, clause.group, clause.heading, clause.text, "是" if clause.assessable else "否", clause.id)
        for place, value in enumerate(cells):
            sheet.write_string(row, place, value, text)
    last = len(clauses) + _ROWS_TO_FILL
    for row in range(len(clauses) + 1, last + 1):
        for place in range(len(COLUMNS)):
            sheet.write_blank(row, place, None, text)
    sheet.data_validation(1, 4, last, 4, {"validate": "list", "source": ["是", "否"], "error_message": "只能填“是”或“否”。"})
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, last, len(COLUMNS) - 1)
    _write_notes(book, notes, title)
    book.close()
    return buffer.getvalue()


def _write_notes(book: Any, sheet: Any, title: str) -> None:
    bold, wrap = book.add_format({"bold": True, "font_size": 14}), book.add_format({"text_wrap": True, "valign": "top", "border": 1})
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 10)
    sheet.set_column(2, 2, 80)
    sheet.write_string(0, 0, NOTES, bold)
    rules = (
        "一行一条，带 * 的列必填。一条里有几个要分别考查的要求，分成几行写，“条款”可以相同。",
        f"表中已列出上一版《{title}》的条款：没有变的不动；有修改的直接改“内容”；删除的删掉整行；新增的加一行，“替代旧条款编号”空着。"
        if title
        else "没有上一版的，“替代旧条款编号”全部空着。",
        "内容只差标点、空格的算“未变”，引用它的题目自动改引新版；其余算“有修改”，引用它的题目停用，等老师改写后再发布。",
        "不用自己编号，系统按版本编号和“条款”生成。",
    )
    for number, rule in enumerate(rules, start=1):
        sheet.write_string(number, 0, f"{number}. {rule}")
    for place, label in enumerate(("列名", "必填", "说明")):
        sheet.write_string(len(rules) + 2, place, label, wrap)
    for row, column in enumerate(COLUMNS, start=len(rules) + 3):
        for place, value in enumerate((column.title, "必填" if column.required else "", column.note)):
            sheet.write_string(row, place, value, wrap)
