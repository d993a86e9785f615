"""The roster to fill in: every column, lists to choose from, one example row, and a sheet that explains."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

from quiz.organisations.identifiers import uscc_check_digit
from quiz.organisations.reference import Reference
from quiz.organisations.roster_columns import COLUMNS, Column
from quiz.vocabulary import OrganisationKind, OrganisationStatus, PostCategory

ROWS_TO_FILL = 3000
SHEET, NOTES, LISTS = "名册", "填写说明", "选项"
HEADER_ROW = 2
_EXAMPLE_CODE = "91371000MA00000A9"

_OFFERED = tuple(column for column in COLUMNS if column.in_template and not column.ignored)


def write_template(path: Path | str) -> None:
    """Write the template as xlsx; imported as it is, it changes nothing (the example row is skipped)."""
    reference = Reference.of_data()
    choices = _choices(reference)
    book = xlsxwriter.Workbook(str(path), {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False})
    try:
        sheet = book.add_worksheet(SHEET)
        notes = book.add_worksheet(NOTES)
        lists = book.add_worksheet(LISTS)
        lists.hide()
        ranges = _write_lists(lists, choices)
        _write_roster(book, sheet, ranges)
        _write_notes(book, notes, reference)
    finally:
        book.close()


def _choices(reference: Reference) -> dict[str, list[str]]:
    yes_no = ["是", "否"]
    return {
        "district": [region.name for region in reference.districts()],
        "sector": [sector.name for sector in reference.sectors.values()],
        "department": [department.name for department in reference.departments.values()],
        "direct_department": [department.name for department in reference.departments.values()],
        "kind": [kind.label for kind in OrganisationKind],
        "status": [status.label for status in OrganisationStatus if status is not OrganisationStatus.MERGED],
        "category": [category.label for category in PostCategory],
        "gas_kind": ["管道", "瓶装", "未用"],
        "hospital_grade": ["一级", "二级", "三级", "未定级"],
        "designated": yes_no,
        "sd_high_risk": yes_no,
        "hours_high_risk": yes_no,
    }


def _write_lists(sheet: Any, choices: dict[str, list[str]]) -> dict[str, str]:
    ranges = {}
    for index, (key, values) in enumerate(choices.items()):
        sheet.write_column(0, index, values)
        letter = chr(65 + index)
        ranges[key] = f"={LISTS}!${letter}$1:${letter}${len(values)}"
    return ranges


def _write_roster(book: Any, sheet: Any, ranges: dict[str, str]) -> None:
    title = book.add_format({"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"})
    hint = book.add_format({"font_color": "#5F6B7A", "align": "left", "valign": "vcenter"})
    header = {"bold": True, "border": 1, "text_wrap": True, "align": "center", "valign": "vcenter"}
    required, optional = (book.add_format({**header, "bg_color": colour}) for colour in ("#DCE9F7", "#F2F4F7"))
    text = book.add_format({"num_format": "@"})
    plain = book.add_format({})
    day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
    example = book.add_format({"font_color": "#8A8F98", "italic": True, "num_format": "@"})
    last = len(_OFFERED) - 1
    sheet.merge_range(0, 0, 0, last, "企业名册", title)
    advice = f"带 * 的为必填列。灰色斜体为示例行，导入时自动跳过。号码列已设为文本格式，请勿改成数字。详见“{NOTES}”。"
    sheet.merge_range(1, 0, 1, last, advice, hint)
    sheet.set_row(0, 30)
    sheet.set_row(HEADER_ROW, 34)
    for index, column in enumerate(_OFFERED):
        is_day = column.key in ("held_from", "registered_on", "status_on")
        sheet.set_column(index, index, column.width, text if column.is_code else day if is_day else plain)
        caption, look = (f"{column.title}*", required) if column.required else (column.title, optional)
        sheet.write_string(HEADER_ROW, index, caption, look)
        sheet.write_string(HEADER_ROW + 1, index, _example(column), example)
        if column.key in ranges:
            rule = {
                "validate": "list",
                "source": ranges[column.key],
                "error_type": "warning",
                "error_title": "请从列表中选择",
                "error_message": column.note or "请从下拉列表中选择。",
            }
            sheet.data_validation(HEADER_ROW + 1, index, HEADER_ROW + ROWS_TO_FILL, index, rule)
        if column.note:
            sheet.write_comment(HEADER_ROW, index, column.note, {"font_size": 10})
    sheet.freeze_panes(HEADER_ROW + 1, 2)
    sheet.autofilter(HEADER_ROW, 0, HEADER_ROW + ROWS_TO_FILL, last)


def _example(column: Column) -> str:
    examples = {
        "serial": "示例",
        "name": "示例：威海某某机械有限公司",
        "uscc": _EXAMPLE_CODE + uscc_check_digit(_EXAMPLE_CODE),
        "kind": OrganisationKind.ENTERPRISE.label,
        "district": "环翠区",
        "town": "张村镇",
        "address": "某某路 1 号",
        "sector": "工贸",
        "subsector": "机械",
        "department": "应急管理局",
        "employees": "56",
        "features": "有限空间、粉尘涉爆",
        "status": OrganisationStatus.ACTIVE.label,
        "principal": "张某某",
        "category": PostCategory.LEGAL_REPRESENTATIVE.label,
        "phone": "13800000000",
        "held_from": date(2024, 3, 5).isoformat(),
        "designated": "是",
        "safety_manager": "李某、王某",
        "telephone": "0631-5200000",
        "remark": "示例行，导入时跳过",
    }
    return examples.get(column.key, "")


def _write_notes(book: Any, sheet: Any, reference: Reference) -> None:
    head = book.add_format({"bold": True, "bg_color": "#DCE9F7", "border": 1})
    wrap = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
    bold = book.add_format({"bold": True, "font_size": 14})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 10)
    sheet.set_column(2, 2, 90)
    sheet.write_string(0, 0, NOTES, bold)
    rules = (
        "一行一名主要负责人；同一企业有几名主要负责人的写几行，用“职务类别”区分（法定代表人、实际控制人）。",
        "统一社会信用代码、身份证号、手机号必须是文本格式。变成科学计数法的号码尾数已经丢失，须重新填写。",
        "空白表示“没有说明”，不会清除系统中已有的内容。同一文件重复导入不会产生重复数据。",
        "法人（法定代表人）不一定是主要负责人：只有“法人”列时，系统只登记企业，负责人待确认。",
        "负责人变更：直接填新的主要负责人和任职日期，原任职自动截止到该日；系统不会覆盖已有任期。",
        "导入前先预检：每一条不能导入的行都会指出工作表、单元格、原因和处理办法；通过的行照常导入。",
        f"可用的特征标签：{'、'.join(feature.name for feature in reference.features.values())}。",
    )
    for index, rule in enumerate(rules):
        sheet.write_string(index + 1, 0, f"{index + 1}. {rule}")
    first = len(rules) + 3
    for position, label in enumerate(("列名", "必填", "说明与同义列名")):
        sheet.write_string(first - 1, position, label, head)
    for index, column in enumerate(_OFFERED):
        also = f"同义列名：{'、'.join(column.synonyms)}" if column.synonyms else ""
        sheet.write_string(first + index, 0, column.title, wrap)
        sheet.write_string(first + index, 1, "必填" if column.required else "", wrap)
        sheet.write_string(first + index, 2, "。".join(part for part in (column.note, also) if part), wrap)
