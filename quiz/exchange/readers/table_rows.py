"""Rows of a table to questions: merged cells spread, titles and repeated headers passed over, pictures given to their rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from quiz.exchange.domain import Fate, Picture, Place, RawQuestion, ReadRow, Remark, Severity
from quiz.exchange.judge import judge
from quiz.exchange.judgement import excerpt_of
from quiz.exchange.kinds import stated_type
from quiz.exchange.readers.table_cells import address, cell_text, has_no_value, is_blank, is_date, picture_names, without_pictures
from quiz.exchange.readers.table_layout import Layout, find_header, repeated_header
from quiz.exchange.readers.workbook import Sheet
from quiz.exchange.readers.xlsx_package import CellPicture
from quiz.exchange.wording import answer_in_stem
from quiz.spreadsheets.reading import UNCALCULATED
from quiz.vocabulary import ItemType

_SPREAD = ("type", "chapter", "topic", "difficulty", "clause", "unit", "score")
"""Fields whose merged cells speak for every row they cover."""
_EXTRA = ("chapter", "topic", "difficulty", "clause", "score", "unit", "tolerance", "prompts", "code", "rationales", "kind", "roles")
_SECTION = re.compile(
    r"\s*(?:第?[一二三四五六七八九十]{1,3}\s*(?:[、.．:：]|部分|大题|章|节|篇|单元)|[（(][一二三四五六七八九十]{1,3}[)）]|第\s*\d{1,2}\s*(?:部分|大题|章|节|篇|单元))"
)
_CHAPTER = re.compile(r"\s*第?\s*[一二三四五六七八九十\d]{1,3}\s*(?:章|节|篇|单元|部分|、)")
_NOTE = re.compile(
    r"\s*(?:注|备注|说明|填写说明|填表说明|注意|注意事项|温馨提示|合计|共计|总计|制表|审核|填表|出题人|以下空白|以上)\s*(?:[：:\d]|人|$)|\s*以[下上](?:是|为).{1,8}$"
)
_LONGEST_TITLE = 60


class _Places(Mapping[str, Place]):
    """Place of each field of one row, made when it is asked for."""

    def __init__(self, sheet: Sheet, row: int, columns: dict[str, int]) -> None:
        self._sheet, self._row, self._columns = sheet, row, columns

    def __getitem__(self, name: str) -> Place:
        column = self._columns.get(name)
        if column is None and name == "options":
            column = self._columns.get("A")
        if column is None:
            raise KeyError(name)
        return self._sheet.place(self._row, column)

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def section_type(text: str) -> str | None:
    """What a title row says of the type of the rows below it: its own text, or nothing; None when it is no title."""
    text = text.strip()
    if not text or len(text) > _LONGEST_TITLE:
        return None
    stated = stated_type(text)
    named = stated.type is not None or bool(stated.unsupported) or stated.choice
    if answer_in_stem(text) and not (named and _SECTION.match(text)):
        return None
    if _SECTION.match(text) and not re.search(r"[（(]\s*[)）]|[？?。_]|是|应|不得", text.split("（")[0].split("(")[0]):
        return text if named else ""
    short = re.sub(r"[（(].*|[：:].*", "", text).strip()
    return text if named and len(short) <= 8 and short.endswith(("题", "选择", "判断", "单选", "多选", "填空")) else None


def type_in_name(name: str) -> str:
    """The name of a sheet that is called after a type."""
    return name if stated_type(name).known and re.search(r"题|选|判断|填空|简答|问答|论述|排序|连线|匹配|名词解释|案例", name) else ""


def numbered_in_order(stems: dict[int, str]) -> dict[int, str]:
    """Numbers at the beginning of stems that count up from row to row, so that they are surely numbers of questions."""
    found = {row: int(match[0]) for row, stem in stems.items() if (match := re.match(r"\d{1,4}", stem.lstrip(" \t\u00a0\u3000")))}
    rows = list(found)
    steps = [found[later] == found[earlier] + 1 for earlier, later in zip(rows, rows[1:], strict=False)]
    if len(found) < 3 or len(found) < len(stems) * 0.6 or sum(steps) < len(steps) * 0.6:
        return {}
    joined = {
        row for (earlier, later), step in zip(zip(rows, rows[1:], strict=False), steps, strict=True) if step for row in (earlier, later)
    }
    return {row: str(found[row]) for row in rows if row in joined}


def _is_date_of(remark: Remark, raw: RawQuestion) -> bool:
    return remark.code == "date_cell" and remark.place == raw.places.get("answer")


class TableReader:
    """One sheet with a layout, row by row."""

    def __init__(self, sheet: Sheet, layout: Layout) -> None:
        self.sheet = sheet
        self.remarks: list[Remark] = []
        self._rows = sheet.rows
        self._sheet_type = type_in_name(sheet.name)
        self._section_type = self._section_chapter = ""
        self._use(layout)
        self._spread = self._merged_values()
        self._last_of = self._merged_stems()
        self._pictures = self._pictures_by_row()
        stem = layout.columns["stem"]
        texts = {
            place: row[stem]
            for place, row in enumerate(self._rows)
            if place >= layout.data_row and stem < len(row) and isinstance(row[stem], str)
        }
        self._numbers = numbered_in_order({place: text for place, text in texts.items() if text.strip()})

    def _use(self, layout: Layout) -> None:
        self.layout = layout
        self._columns = layout.columns
        self._letters = list(layout.letters.items())
        self._labels = {letter: str(place) if layout.numbered() else letter for place, (letter, _) in enumerate(self._letters, 1)}
        self._codes = layout.type_codes()
        self._separator = layout.separator()
        self._field_of = {column: name for name, column in self._columns.items()}

    def read(self) -> list[ReadRow]:
        """Every non-empty row with its fate, in order."""
        found: list[ReadRow] = []
        place = 0
        while place < len(self._rows):
            row = self._rows[place]
            last = place
            if not all(is_blank(value) for value in row) or place in self._pictures:
                if place < self.layout.header_row:
                    self._add(found, self._above(place, row))
                elif place < self.layout.data_row:
                    self._add(found, self._skipped(place, row, "header_row", "表头"))
                else:
                    last = self._last_row_of(place)
                    found += self._below(place, last)
            place = last + 1
        return found

    @staticmethod
    def _add(found: list[ReadRow], row: ReadRow) -> None:
        if row.excerpt:
            found.append(row)

    # Rows that are no question ----------------------------------------------------------------------------------------

    def _skipped(self, place: int, row: list[Any], code: str, why: str) -> ReadRow:
        where = self.sheet.line(place)
        texts = [cell_text(value).strip() for value in row if not is_blank(value)]
        return ReadRow(where, Fate.SKIPPED, None, (Remark(Severity.INFO, code, why, "", where),), excerpt=excerpt_of(*texts))

    def _above(self, place: int, row: list[Any]) -> ReadRow:
        filled = sum(not is_blank(value) for value in row)
        code, why = ("title_row", "表头之前的标题") if filled == 1 else ("instruction_row", "表头之前的说明")
        text = next((cell_text(value) for value in row if not is_blank(value)), "")
        if _NOTE.match(text) or len(text) > _LONGEST_TITLE:
            code, why = "instruction_row", "填写说明"
        elif filled == 1 and (stated := section_type(text)):
            self._section_type = stated
        return self._skipped(place, row, code, why)

    def _below(self, place: int, last: int) -> list[ReadRow]:
        row = self._rows[place]
        filled = sum(not is_blank(value) for value in row)
        if not filled:
            self._lost_pictures(place)
            return []
        if repeated_header(row, self.layout):
            again = find_header(self._rows[: place + 1], after=place)
            if again is not None and again.columns != self._columns and set(again.columns) >= {"stem", "answer"}:
                self._use(again)
            return [self._skipped(place, row, "header_row", "重复的表头")]
        if filled == 1 and (skipped := self._lone_cell(place, row)):
            return [skipped]
        if not self._has(place, "stem") and _NOTE.match(next(cell_text(value) for value in row if not is_blank(value))):
            return [self._skipped(place, row, "not_a_question", "说明或合计")]
        if not self._asks_something(row) and not self._pictures.get(place):
            self._lost_pictures(place)
            why = "没有题干、选项和答案" if filled > 1 else "不是题目"
            return [self._skipped(place, row, "empty_template_row" if filled > 1 or self._is_used(row) else "not_a_question", why)]
        question = self._question(place, last)
        rest = range(place + 1, last + 1)
        parts = [self._skipped(other, self._rows[other], "part_of_question", f"属于第 {place + 1} 行的题目") for other in rest]
        return [question, *(part for part in parts if part.excerpt)]

    def _lone_cell(self, place: int, row: list[Any]) -> ReadRow | None:
        """A row with a single cell: a section title, a note, or else perhaps a question without its answer."""
        column = next(column for column, value in enumerate(row) if not is_blank(value))
        text = cell_text(row[column]).strip()
        stated = section_type(text)
        if stated is not None:
            self._section_type = stated or self._section_type
            if not stated and _CHAPTER.match(text):
                self._section_chapter = text
            return self._skipped(place, row, "title_row", "分节标题")
        if _NOTE.match(text) and len(text) <= _LONGEST_TITLE * 2:
            return self._skipped(place, row, "not_a_question", "说明文字")
        if column not in self._field_of and not self._pictures.get(place):
            return self._skipped(place, row, "not_a_question", "不是题目")
        return None

    def _asks_something(self, row: list[Any]) -> bool:
        names = ("stem", "answer", "options", *(letter for letter, _ in self._letters))
        return any(name in self._columns and not is_blank(self._at(row, self._columns[name])) for name in names)

    def _is_used(self, row: list[Any]) -> bool:
        return any(not is_blank(self._at(row, column)) for column in self._columns.values())

    # Merged cells and rows that belong together -----------------------------------------------------------------------

    @staticmethod
    def _at(row: list[Any], column: int) -> Any:
        return row[column] if column < len(row) else ""

    def _merged_values(self) -> dict[tuple[int, int], Any]:
        spread = {self._columns[name] for name in _SPREAD if name in self._columns}
        values: dict[tuple[int, int], Any] = {}
        for (top, left), (bottom, right) in self.sheet.merges:
            for column in spread & set(range(left, right + 1)):
                if bottom > top and top < len(self._rows):
                    value = self._at(self._rows[top], left)
                    values |= {(row, column): value for row in range(top, min(bottom + 1, len(self._rows)))}
        return values

    def _merged_stems(self) -> dict[int, int]:
        stem = self._columns["stem"]
        return {top: bottom for (top, left), (bottom, right) in self.sheet.merges if left <= stem <= right and bottom > top}

    def _last_row_of(self, place: int) -> int:
        """The last row of the question that begins here: its stem is merged over several, or options follow below."""
        last = min(self._last_of.get(place, place), len(self._rows) - 1)
        if not self._has(place, "stem") or self._has(place, "answer") and ("options" not in self._columns or self._letters):
            return last
        answered = self._has(place, "answer")
        while last + 1 < len(self._rows) and not self._has(last + 1, "stem") and not self._has(last + 1, "number"):
            lists, answers = self._has(last + 1, "options"), self._has(last + 1, "answer")
            if any(self._has(last + 1, letter) for letter, _ in self._letters) or not (lists or answers) or answers and (answered or lists):
                break
            answered = answered or answers
            last += 1
        return last

    def _has(self, place: int, name: str) -> bool:
        return name in self._columns and not is_blank(self._at(self._rows[place], self._columns[name]))

    # Pictures ---------------------------------------------------------------------------------------------------------

    def _pictures_by_row(self) -> dict[int, list[CellPicture]]:
        """Each picture to the row of its corner, or to the first row below that it covers, when there is none."""
        found: dict[int, list[CellPicture]] = {}
        for row, pictures in self.sheet.pictures.items():
            for picture in pictures:
                covered = range(row, max(picture.last_row, row) + 1)
                filled = (r for r in covered if self.layout.data_row <= r < len(self._rows) and self._is_used(self._rows[r]))
                found.setdefault(next(filled, row), []).append(picture)
        for row in [row for row in found if not (self.layout.data_row <= row < len(self._rows))]:
            self._say_lost(found.pop(row))
        return found

    def _lost_pictures(self, place: int) -> None:
        self._say_lost(self._pictures.pop(place, []))

    def _say_lost(self, pictures: list[CellPicture]) -> None:
        for picture in pictures:
            where = self.sheet.place(picture.row, picture.column)
            message = "这张图片不在任何一道题的行里，没有收入"
            self.remarks.append(Remark(Severity.WARNING, "picture_without_item", message, "请把图片移到题目所在的行", where))

    def _where(self, column: int) -> str:
        name = self._field_of.get(column, "stem")
        return self._labels.get(name, name) if len(name) == 1 else name if name == "explanation" else "stem"

    # Questions --------------------------------------------------------------------------------------------------------

    def _question(self, place: int, last: int) -> ReadRow:
        row = self._rows[place]
        remarks: list[Remark] = []
        pictures: list[Picture] = []
        for part in range(place, last + 1):
            for picture in self._pictures.pop(part, []):
                pictures.append(Picture(picture.data, picture.media_type, self._where(picture.column)))
        texts = {name: self._text(place, column, name, remarks, pictures) for name, column in self._columns.items()}
        pictures += self._pictures_elsewhere(place, row, remarks)
        if "options" in texts and last > place:
            column = self._columns["options"]
            below = [self._text(part, column, "options", remarks, pictures) for part in range(place + 1, last + 1)]
            texts["options"] = "\n".join(text for text in (texts["options"], *below) if text)
        if not texts.get("answer", "answered").strip() and last > place:
            column = self._columns["answer"]
            texts["answer"] = "".join(self._text(part, column, "answer", remarks, pictures) for part in range(place + 1, last + 1))
        raw = self._raw(place, texts, tuple(pictures))
        judged = self._unvalued(place, raw) or judge(raw)
        if place in self.sheet.hidden_rows:
            remarks.append(Remark(Severity.INFO, "hidden_row", "这一行是隐藏的，也已读取", "", raw.place))
        if not remarks:
            return judged
        if judged.draft and judged.draft.type in (ItemType.BLANK, ItemType.NUMERIC) and any(_is_date_of(remark, raw) for remark in remarks):
            doubt = next(remark for remark in remarks if _is_date_of(remark, raw))
            return replace(judged, fate=Fate.REFUSED, draft=None, remarks=(replace(doubt, severity=Severity.ERROR),))
        changed = judged.fate is Fate.ACCEPTED and any(remark.code == "date_cell" for remark in remarks)
        return replace(judged, remarks=(*remarks, *judged.remarks), fate=Fate.REPAIRED if changed else judged.fate)

    def _text(self, place: int, column: int, name: str, remarks: list[Remark], pictures: list[Picture]) -> str:
        """A cell as text; what it cannot say is remarked, what it shows as a picture is kept."""
        row = self._rows[place]
        value = row[column] if column < len(row) else ""
        if self._spread and (place, column) in self._spread:
            value = self._spread[place, column]
        if isinstance(value, str):
            if "DISPIMG" in value:
                pictures += self._named_pictures(place, column, value, remarks)
                return without_pictures(value)
            return value
        if is_date(value) and (name in ("stem", "answer", "options") or len(name) == 1):
            shown = cell_text(value)
            if isinstance(value, date) and (place, column) in self.sheet.yearless:
                shown = f"{value.month}月{value.day}日"
            message = f"{address(place, column)} 被表格软件当成了日期或时间，读作“{shown}”"
            action = "如原来是“1-2”之类的文字，请把单元格设为文本后重新填写"
            remarks.append(Remark(Severity.WARNING, "date_cell", message, action, self.sheet.place(place, column)))
            return shown
        return cell_text(value)

    def _named_pictures(self, place: int, column: int, text: str, remarks: list[Remark]) -> list[Picture]:
        found = []
        for name in picture_names(text):
            picture = self.sheet.cell_pictures.get(name)
            if picture is None:
                message = "单元格里的图片在文件中找不到"
                remarks.append(Remark(Severity.WARNING, "picture_missing", message, "请重新插入图片", self.sheet.place(place, column)))
            else:
                found.append(Picture(picture.data, picture.media_type, self._where(column)))
        return found

    def _pictures_elsewhere(self, place: int, row: list[Any], remarks: list[Remark]) -> list[Picture]:
        if not self.sheet.cell_pictures:
            return []
        others = [
            column for column, value in enumerate(row) if column not in self._field_of and isinstance(value, str) and "DISPIMG" in value
        ]
        return [picture for column in others for picture in self._named_pictures(place, column, row[column], remarks)]

    def _unvalued(self, place: int, raw: RawQuestion) -> ReadRow | None:
        """A row of which a formula was never calculated: what it says nobody knows."""
        if UNCALCULATED not in self._rows[place]:
            return None
        for name, column in self._columns.items():
            if has_no_value(self._at(self._rows[place], column)) and (len(name) == 1 or name in ("stem", "answer", "options", "type")):
                where = self.sheet.place(place, column)
                message = f"{address(place, column)} 是没有结果的公式或错误值"
                remark = Remark(Severity.ERROR, "formula_without_value", message, "请用 WPS 或 Excel 打开，把公式改成文字后保存", where)
                shown = excerpt_of(*(text for text in (raw.stem, raw.answer_text) if not has_no_value(text)))
                return ReadRow(raw.place, Fate.REFUSED, None, (remark,), raw.pictures, excerpt=shown or "公式")
        return None

    def _raw(self, place: int, texts: dict[str, str], pictures: tuple[Picture, ...]) -> RawQuestion:
        options = tuple((self._labels[letter], texts[letter]) for letter, _ in self._letters if texts[letter])
        extra = {name: text for name in _EXTRA if (text := texts.get(name, "").strip()) and not has_no_value(text)}
        if self._section_chapter and "chapter" not in self._columns:
            extra["chapter"] = self._section_chapter
        if self._separator:
            extra["option_separator"] = self._separator
        if number := self._numbers.get(place) or texts.get("number", "").strip():
            extra["number"] = number
        type_text = texts.get("type", "").strip()
        return RawQuestion(
            self.sheet.line(place),
            texts["stem"],
            self._codes.get(type_text, type_text) or self._section_type or self._sheet_type,
            options,
            texts.get("right") or texts.get("options", ""),
            texts.get("answer", ""),
            texts.get("explanation", ""),
            extra,
            _Places(self.sheet, place, self._columns),
            pictures,
        )
