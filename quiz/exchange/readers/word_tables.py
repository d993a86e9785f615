"""Tables of a Word document: keys, questions in rows, one question a table, options in cells, page layouts, and plain tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from quiz.exchange.answer_keys import Entry, entries_in
from quiz.exchange.domain import Place, RawQuestion
from quiz.exchange.line_signs import heading_at, number_at, shape_of
from quiz.exchange.lines import Line, Notice
from quiz.exchange.option_labels import label_at

_COLUMNS = {
    "number": "序号|题号|编号|no|no.|序",
    "stem": "题干|题目|试题|题目内容|试题内容|问题|题目名称|考题|内容",
    "type": "题型|类型|试题类型|题目类型",
    "answer": "答案|正确答案|参考答案|标准答案|题目答案|正确选项",
    "explanation": "解析|答案解析|试题解析|题目解析|说明|详解",
    "options": "选项|备选答案|备选项|选项内容|可选项",
    "difficulty": "难度|难易程度|难度系数|难易度",
    "topic": "知识点|考点",
    "chapter": "章节|所属章节",
    "clause": "依据|法规依据|出处|来源",
    "score": "分值|分数",
}
_COLUMN_OF = {word: name for name, words in _COLUMNS.items() for word in words.split("|")}
_OPTION_COLUMN = re.compile(r"(?:选项|答案)?\s?([A-La-l])(?:选项|项)?")
_ANSWER_CELL = re.compile(r"[(]?\s*(?:[A-L](?:[\s,、]{0,3}[A-L]){0,11}|√|×|对|错|正确|错误)\s*[)]?")
_NUMBER_CELL = re.compile(r"[(]?\s*(\d{1,4})\s*[)]?[.、]?")
_SCORE_ROW = re.compile(r"得分|总分|评卷人|阅卷人|核分")


@dataclass
class Cell:
    """One cell: the lines of its paragraphs."""

    lines: list[Line] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(line.text.strip() for line in self.lines).strip()

    @property
    def plain(self) -> str:
        return re.sub(r"\s+", "", shape_of(self.text))

    @property
    def notices(self) -> tuple[Notice, ...]:
        return tuple(notice for line in self.lines for notice in line.notices)


Rows = list[list[Cell]]


def table_lines(rows: Rows, count: Callable[[], int]) -> list[Line]:
    """The lines of a table, each row counted once; `count` gives the next number."""
    rows = [row for row in rows if any(cell.text for cell in row)]
    if not rows:
        return []
    for way in (_key_table, _question_table, _labelled_table, _layout):
        found = way(rows, count)
        if found is not None:
            return found
    return [line for row in rows for line in _row_lines(row, count())]


# Keys -----------------------------------------------------------------------------------------------------------------


def _key_table(rows: Rows, count: Callable[[], int]) -> list[Line] | None:
    """`题号 1 2 3 / 答案 A B C` lying or standing."""
    texts = [[cell.plain for cell in row] for row in rows]
    entries: list[list[tuple[int, str]]] | None = _standing(texts) or _lying(texts)
    if entries is None:
        return None
    lines = []
    for row, pairs in zip(rows, entries, strict=True):
        number = count()
        text = "\t".join(cell.text.replace("\n", " ") for cell in row)
        listed = tuple(Entry(value, answer, number) for value, answer in pairs)
        lines.append(Line(number, text, entries=listed, skip=None if listed else ("answer_key", "答案表的题号或表头"), is_row=True))
    return lines


def _lying(texts: list[list[str]]) -> list[list[tuple[int, str]]] | None:
    found: list[list[tuple[int, str]]] = []
    place = 0
    while place < len(texts):
        row = texts[place]
        after = texts[place + 1] if place + 1 < len(texts) else []
        first = row[0] if row else ""
        begin = 0 if _NUMBER_CELL.fullmatch(first) else 1
        numbers = [_NUMBER_CELL.fullmatch(cell) for cell in row[begin:]]
        answers = after[begin:]
        filled = [(number, answer) for number, answer in zip(numbers, answers, strict=False) if number and answer]
        titled = not begin or first in ("题号", "题目", "序号", "题", "") or first.endswith("题号")
        if not filled or not titled or len(after) != len(row) or not all(_ANSWER_CELL.fullmatch(answer) for _, answer in filled):
            return None
        if any(cell and not number for cell, number in zip(row[begin:], numbers, strict=True)):
            return None
        found += [[], [(int(number[1]), answer.strip("()")) for number, answer in filled]]
        place += 2
    return found


def _standing(texts: list[list[str]]) -> list[list[tuple[int, str]]] | None:
    header = texts[0]
    pairs = [
        place
        for place in range(0, len(header) - 1, 2)
        if _COLUMN_OF.get(header[place]) == "number" and _COLUMN_OF.get(header[place + 1]) == "answer"
    ]
    if not pairs or len(pairs) * 2 != len([cell for cell in header if cell]) or len(texts) < 2:
        return None
    found: list[list[tuple[int, str]]] = [[]]
    for row in texts[1:]:
        listed = []
        for place in pairs:
            number = _NUMBER_CELL.fullmatch(row[place]) if place + 1 < len(row) else None
            if number and row[place + 1]:
                listed.append((int(number[1]), row[place + 1].strip("()")))
        found.append(listed)
    return found


# Questions in rows ----------------------------------------------------------------------------------------------------


def _question_table(rows: Rows, count: Callable[[], int]) -> list[Line] | None:
    """A header row with 题干 and 答案, and a question in each row below."""
    header_at = next((place for place, row in enumerate(rows[:4]) if _columns(row) is not None), None)
    if header_at is None:
        return _bare_rows(rows, count)
    columns = _columns(rows[header_at]) or {}
    lines = []
    for place, row in enumerate(rows):
        number = count()
        text = "\t".join(cell.text.replace("\n", " ") for cell in row)
        notices = tuple(notice for cell in row for notice in cell.notices)
        if place <= header_at:
            code, message = ("header_row", "表头") if place == header_at else ("title_row", "表格上方的标题")
            lines.append(Line(number, text, skip=(code, message), notices=notices, is_row=True))
        elif _columns(row) == columns:
            lines.append(Line(number, text, skip=("header_row", "重复的表头"), is_row=True))
        else:
            lines.append(Line(number, text, question=_question(row, columns, number), notices=notices, is_row=True))
    return lines


def _columns(row: list[Cell]) -> dict[str, int] | None:
    """What each column holds, if this row says so."""
    found: dict[str, int] = {}
    for place, cell in enumerate(row):
        plain = re.sub(r"\(.*?\)", "", cell.plain)
        name = _COLUMN_OF.get(plain.lower())
        option = _OPTION_COLUMN.fullmatch(plain)
        if name is None and option:
            name = option[1].upper()
        if name and name not in found:
            found[name] = place
    return found if "stem" in found and ("answer" in found or "options" in found or "A" in found) and len(found) >= 2 else None


def _question(row: list[Cell], columns: dict[str, int], number: int) -> RawQuestion:
    texts = {name: row[place].text for name, place in columns.items() if place < len(row)}
    options = tuple((name, text) for name, text in texts.items() if len(name) == 1 and text)
    extra = {name: text for name, text in texts.items() if name in ("difficulty", "topic", "chapter", "clause", "score", "number") and text}
    return RawQuestion(
        Place(line=number), texts.get("stem", ""), texts.get("type", ""), options, texts.get("options", ""), texts.get("answer", ""),
        texts.get("explanation", ""), extra,
    )  # fmt: skip


def _bare_rows(rows: Rows, count: Callable[[], int]) -> list[Line] | None:
    """No header, but number, stem and answer in each row."""
    fits = [
        len(row) >= 3 and _NUMBER_CELL.fullmatch(row[0].plain) and _ANSWER_CELL.fullmatch(row[-1].plain) and len(row[1].plain) > 5
        for row in rows
    ]
    if len(rows) < 2 or sum(map(bool, fits)) < 0.6 * len(rows):
        return None
    lines: list[Line] = []
    for row, fit in zip(rows, fits, strict=True):
        number = count()
        if not fit:
            lines += _row_lines(row, number)
            continue
        value = _NUMBER_CELL.fullmatch(row[0].plain)
        inner = [line for cell in row[1:-1] for line in cell.lines if line.text.strip()]
        first = inner[0]
        prefix = f"{value[1] if value else ''}、"
        style = bytes(len(prefix)) + first.style if first.style else b""
        lines.append(
            replace(
                first, number=number, text=prefix + first.text.lstrip(), style=style if len(first.text) == len(first.text.lstrip()) else b""
            )
        )
        lines += [replace(line, number=number) for line in inner[1:]]
        lines.append(Line(number, f"答案：{row[-1].text.strip()}"))
    return lines


# One question a table ---------------------------------------------------------------------------------------------------


def _labelled_table(rows: Rows, count: Callable[[], int]) -> list[Line] | None:
    """`题干 | …`, `A | …`, `答案 | …`: each row says in its first cell what the others hold."""
    names = [_COLUMN_OF.get(row[0].plain.rstrip(":").lower()) or _letter(row[0]) for row in rows]
    if "stem" not in names or sum(name is not None for name in names) < max(2, 0.7 * len(rows)) or max(len(row) for row in rows) > 3:
        return None
    tags = {"stem": "题干", "answer": "答案", "explanation": "解析", "options": "选项", "difficulty": "难度", "topic": "知识点", "type": "题型",
            "chapter": "章节", "clause": "依据", "score": "分值"}  # fmt: skip
    lines: list[Line] = []
    for row, name in zip(rows, names, strict=True):
        number = count()
        inner = [line for cell in row[1:] for line in cell.lines if line.text.strip()]
        if name == "number" or name is None and not inner:
            lines.append(Line(number, "\t".join(cell.text for cell in row), skip=("table_label", "题目表格里的题号或标题"), is_row=True))
            continue
        prefix = f"【{tags[name]}】" if name in tags else f"{name}. " if name else row[0].text + "\t"
        if not inner:
            lines.append(Line(number, prefix))
            continue
        first = inner[0]
        style = bytes(len(prefix)) + first.style if first.style else b""
        lines.append(replace(first, number=number, text=prefix + first.text, style=style))
        lines += [replace(line, number=number) for line in inner[1:]]
    return lines


def _letter(cell: Cell) -> str | None:
    found = _OPTION_COLUMN.fullmatch(cell.plain.rstrip(".、:"))
    return found[1].upper() if found else None


# Layout and plain rows ------------------------------------------------------------------------------------------------


def _layout(rows: Rows, count: Callable[[], int]) -> list[Line] | None:
    """Cells that only lay out the page: their paragraphs are paragraphs like any other."""
    cells = [cell for row in rows for cell in row if cell.text]
    signs = sum(1 for cell in cells if sum(bool(number_at(line.shape)) or label_at(line.shape) == "A" for line in cell.lines) >= 2)
    if len(cells) > 1 and not signs and not (max(len(row) for row in rows) == 1 and len(rows) == 1):
        return None
    lines: list[Line] = []
    last = None
    for row in rows:
        for cell in row:
            for line in cell.lines:
                if line.number != last or not lines:
                    number, last = count(), line.number
                lines.append(replace(line, number=number))
            last = None
    return lines


def _row_lines(row: list[Cell], number: int) -> list[Line]:
    """One row: option cells as options, anything else with tabs between the cells."""
    filled = [cell for cell in row if cell.text]
    notices = tuple(notice for cell in row for notice in cell.notices)
    merged: list[tuple[str, bytes]] = []
    for cell in filled:
        text = " ".join(line.text.strip() for line in cell.lines)
        style = (
            b" ".join(_trimmed(line) for line in cell.lines).replace(b" ", b"\0")
            if any(line.style for line in cell.lines)
            else bytes(len(text))
        )
        style = style if len(style) == len(text) else bytes(len(text))
        if merged and re.fullmatch(r"[A-L]|\d{1,4}", shape_of(merged[-1][0]).strip()):
            before, before_style = merged.pop()
            glue = "." if not before.strip().isdigit() else "、"
            text, style = before.strip() + glue + text, before_style[: len(before.strip())] + b"\0" + style
        merged.append((text, style))
    text = "\t".join(part for part, _ in merged)
    style = b"\0".join(part for _, part in merged)
    headings = [cell for cell in filled if heading_at(shape_of(cell.text))]
    if _SCORE_ROW.search(text) and len(headings) == 1:  # `得分 | 评卷人 | 一、单选题（每题2分）` in one row
        return [Line(number, headings[0].text, notices=notices)]
    if _SCORE_ROW.search(text) or _is_score_table(text):
        return [Line(number, text, skip=("instruction", "得分栏，不是题目"), notices=notices, is_row=True)]
    shape = shape_of(text)
    is_row = not (label_at(shape) or number_at(shape) or entries_in(shape, number))
    return [Line(number, text, style if any(style) else b"", notices, is_row=is_row and len(merged) > 1, cells=len(row))]


def _trimmed(line: Line) -> bytes:
    text = line.text
    start = len(text) - len(text.lstrip())
    size = len(text.strip())
    return line.style[start : start + size].replace(b" ", b"\0") if line.style else bytes(size)


def _is_score_table(text: str) -> bool:
    cells = [cell.strip() for cell in text.split("\t")]
    return cells[0] == "题号" and all(re.fullmatch(r"[一二三四五六七八九十]+|总分|合计", cell) for cell in cells[1:] if cell)
