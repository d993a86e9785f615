"""The empty table to fill in: the columns of our own reader, three example rows, and a sheet that explains."""

from __future__ import annotations

import io

import xlsxwriter
from xlsxwriter.workbook import Workbook

from quiz.banks.files import ItemDraft
from quiz.exchange.writers import table
from quiz.vocabulary import Difficulty, ItemKind, ItemType, PostRole

SHEET, NOTES = "题库", "填写说明"
ROWS_TO_FILL = 2000
_MUST = ("题型", "题干", "答案")
_TYPES = tuple(ItemType)

EXAMPLES = (
    ItemDraft(
        code="", type=ItemType.SINGLE, stem="（示例，请删除）进入有限空间作业前，应当先做什么？",
        options={"A": "通风，再检测", "B": "直接进入", "C": "先派一人下去看看", "D": "等气味散去"}, key=["A"],
        explanation="先通风、再检测、后作业。",
    ),
    ItemDraft(
        code="", type=ItemType.MULTIPLE, stem="（示例，请删除）下列哪些属于有限空间？",
        options={"A": "污水井", "B": "储罐", "C": "开放的厂房", "D": "发酵池"}, key=["A", "B", "D"], difficulty=Difficulty.EASY,
    ),
    ItemDraft(
        code="", type=ItemType.TRUE_FALSE, stem="（示例，请删除）有人在有限空间内晕倒，应当立即下去救人。",
        options={"A": "正确", "B": "错误"}, key=["B"], explanation="未采取防护措施，不得盲目施救。",
    ),
)  # fmt: skip

_EXPLAINED = {
    "题目代码": "可以不填，由系统按顺序编。题库里已有的编号会另编一个。",
    "题型": f"从列表中选：{'、'.join(kind.label for kind in _TYPES)}。案例题一行写案例，下面每个小题各写一行。",
    "题干": "题目本身，不带题号。填空题用四条下划线 ____ 标出空的位置。",
    "选项A": "一列一个选项，不带字母。判断题不填选项。没有用到的列空着。",
    "左列": "只有配对题填：一行一项，如 1. 灭火器。右列写在选项A、选项B……里。",
    "答案": "单选填 A；多选填 ABD；判断填 正确 或 错误；填空一空一个，用；隔开；排序填字母的先后，如 CAB；配对填 1B、2A；计算题填一个数；案例的一行不填。",
    "解析": "为什么选这个答案。可以不填。",
    "错项说明": "每个错项错在哪里，一行一个，如 B：直接进入会中毒。可以不填。",
    "单位": "只有计算题填，如 米。",
    "误差": "只有计算题填：允许相差多少，如 0.5。不填表示不允许有误差。",
    "依据条款": "如 第四条第（八）项。题库选了依据标准的，能对上的条款会自动对应；对不上的写在解析里。",
    "知识点": "可以不填。",
    "题目性质": f"从列表中选：{'、'.join(kind.label for kind in ItemKind)}。不填算{ItemKind.KNOWLEDGE.label}。",
    "难度": f"从列表中选：{'、'.join(level.label for level in Difficulty)}。不填算{Difficulty.MEDIUM.label}。",
    "适用岗位": f"用顿号隔开，如 {PostRole.PRINCIPAL.label}、{PostRole.SAFETY_MANAGER.label}。不填表示不限。",
    "所属案例": "只有案例题填：案例的一行和它的各小题填同一个名称，如 案例1，并且紧挨着写。",
}
_RULES = (
    "一行一道题，案例题除外。三行示例不会导入；要改成自己的题目，请去掉题干前的“（示例，请删除）”。",
    "列的顺序可以变，用不着的列可以删，第一行的列名不要改。",
    "导入前先预览：哪些题能导入、哪些改了什么、哪些不能导入和原因，逐行列出；确认之前不写入任何内容。",
    "已有自己的 Excel、Word 题库，不必抄进模板，直接导入即可。",
)


def write() -> bytes:
    """The template as xlsx."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    _write_items(book)
    _write_notes(book)
    book.set_properties({"title": "题库模板"})
    book.close()
    return stream.getvalue()


def _write_items(book: Workbook) -> None:
    sheet = book.add_worksheet(SHEET)
    head = {"bold": True, "border": 1, "text_wrap": True, "valign": "vcenter"}
    must, may = book.add_format({**head, "bg_color": "#DCE8F3"}), book.add_format({**head, "bg_color": "#F2F4F7"})
    cell = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    example = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@", "font_color": "#6B7480", "italic": True})
    lists = {
        "题型": [kind.label for kind in _TYPES],
        "题目性质": [kind.label for kind in ItemKind],
        "难度": [each.label for each in Difficulty],
    }
    for column, (name, width) in enumerate(table.COLUMNS):
        sheet.set_column(column, column, width, cell)
        sheet.write_string(0, column, name, must if name in _MUST else may)
        if name in _EXPLAINED:
            sheet.write_comment(0, column, _EXPLAINED[name], {"author": "安考", "x_scale": 2})
        if name in lists:
            sheet.data_validation(1, column, ROWS_TO_FILL, column, {"validate": "list", "source": lists[name], "error_type": "warning"})
    for line, item in enumerate(EXAMPLES, start=1):
        for column, text in enumerate(table.rows_of(item)[0]):
            if text:
                sheet.write_string(line, column, text, example)
    sheet.freeze_panes(1, 3)


def _write_notes(book: Workbook) -> None:
    sheet = book.add_worksheet(NOTES)
    title, head = book.add_format({"bold": True, "font_size": 14}), book.add_format({"bold": True, "bg_color": "#DCE8F3", "border": 1})
    wrap = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 8)
    sheet.set_column(2, 2, 90)
    sheet.write_string(0, 0, NOTES, title)
    for line, rule in enumerate(_RULES, start=1):
        sheet.write_string(line, 0, f"{line}. {rule}")
    first = len(_RULES) + 2
    for column, name in enumerate(("列名", "必填", "怎样填")):
        sheet.write_string(first, column, name, head)
    for line, (name, text) in enumerate(_EXPLAINED.items(), start=first + 1):
        sheet.write_string(line, 0, "选项A～选项H" if name == "选项A" else name, wrap)
        sheet.write_string(line, 1, "必填" if name in _MUST else "", wrap)
        sheet.write_string(line, 2, text, wrap)
