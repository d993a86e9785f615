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
from quiz.exchange.own_rows import count_sealed, opened
from quiz.exchange.readers.table_answers import figures_in, in_letters, without_list
from quiz.exchange.readers.table_case_rows import cases_by_row
from quiz.exchange.readers.table_cases import Case, settle_case
from quiz.exchange.readers.table_cells import (
    address,
    cell_text,
    count_filled,
    has_no_value,
    is_blank,
    is_date,
    picture_names,
    without_pictures,
)
from quiz.exchange.readers.table_judging import Asked, all_judged, judged
from quiz.exchange.readers.table_layout import Layout, find_header, repeated_header
from quiz.exchange.readers.table_titles import LONGEST_TITLE, numbered_in_order, section_type, type_in_name
from quiz.exchange.readers.workbook import Sheet
from quiz.exchange.readers.xlsx_package import CellPicture
from quiz.spreadsheets.reading import UNCALCULATED
from quiz.vocabulary import ItemType

_SPREAD = ("material", "parent", "type", "chapter", "topic", "difficulty", "clause", "unit", "score")
"""Fields whose merged cells speak for every row they cover."""
_EXTRA = ("chapter", "topic", "difficulty", "clause", "score", "unit", "tolerance", "prompts", "code", "rationales", "kind", "roles")
_CHAPTER = re.compile(r"\s*第?\s*[一二三四五六七八九十\d]{1,3}\s*(?:章|节|篇|单元|部分|、)")
_NOTE = re.compile(
    r"\s*(?:注|备注|说明|填写说明|填表说明|注意|注意事项|温馨提示|合计|共计|总计|制表|审核|填表|出题人|以下空白|以上)\s*(?:[：:\d]|人|$)|\s*以[下上](?:是|为).{1,8}$"
)
_OPTION_ROW = re.compile(r"\s*[(（]?[A-HＡ-Ｈ][)）]?\s*[.．、:：)）]?\s*\S")
_EXAMPLE = ("（示例", "(示例", "【示例", "[示例", "示例：", "示例:", "示例题")


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
        self._cases = cases_by_row(self._rows, layout, self._spread, section_type, self._sheet_type)
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
        self._extra = [name for name in _EXTRA if name in self._columns]
        self._field_of = {column: name for name, column in self._columns.items()}
        options = [column for _, column in self._letters]
        below = self._rows[layout.data_row :]
        answer, together = self._columns.get("answer"), self._columns.get("options")
        self._figures = figures_in(below, answer=answer, options=options, together=together) if answer is not None else None

    def read(self) -> list[ReadRow]:
        """Every non-empty row with its fate, in order."""
        found: list[ReadRow | Asked] = []
        place = 0
        while place < len(self._rows):
            row = self._rows[place]
            last = place
            if not all(is_blank(value) for value in row) or place in self._pictures:
                if place < self.layout.header_row:
                    self._add(found, self._above(place, row))
                elif place < self.layout.data_row:
                    self._add(found, self._skipped(place, row, "header_row", "表头"))
                elif own := self._own_rows(place):
                    last = place + len(own) - 1
                    found += own
                elif case := self._cases.get(place):
                    last = case.rows[-1]
                    found += settle_case(
                        case, question=lambda part: judged(self._question(part, part)), line=self.sheet.line, head_row=self._head(case)
                    )
                else:
                    last = self._last_row_of(place)
                    found += self._below(place, last)
            place = last + 1
        return all_judged(found)

    def _own_rows(self, place: int) -> list[ReadRow]:
        """The rows of an item of ours that nobody changed since we wrote it; none when it is no such row."""
        if "seal" not in self._columns:
            return []
        rows = self._rows[place : place + count_sealed(cell_text(self._at(self._rows[place], self._columns["seal"])))]
        draft = opened([{name: cell_text(self._at(row, column)) for name, column in self._columns.items()} for row in rows])
        if draft is None:
            return []
        first = ReadRow(self.sheet.line(place), Fate.ACCEPTED, draft, excerpt=excerpt_of(draft.stem))
        return [
            first,
            *(
                self._skipped(place + later, row, "part_of_question", f"属于第 {place + 1} 行的题目")
                for later, row in enumerate(rows[1:], 1)
            ),
        ]

    def _head(self, case: Case) -> ReadRow | None:
        """What stands beside the text of a case in its own row: read as if it were a statement, for its topic, explanation and pictures."""
        if case.head is None:
            return None
        texts = {name: self._text(case.head, column, name, [], []) for name, column in self._columns.items()}
        pictures = tuple(Picture(picture.data, picture.media_type) for picture in self._pictures.pop(case.head, []))
        raw = self._raw(case.head, texts, pictures)
        return judge(replace(raw, stem="案例", type_text=ItemType.TRUE_FALSE.label, options=(), options_text="", answer_text="对"))

    @staticmethod
    def _add(found: list[ReadRow | Asked], row: ReadRow) -> None:
        if row.excerpt:
            found.append(row)

    # Rows that are no question ----------------------------------------------------------------------------------------

    def _skipped(self, place: int, row: list[Any], code: str, why: str) -> ReadRow:
        where = self.sheet.line(place)
        texts = [cell_text(value).strip() for value in row if not is_blank(value)]
        return ReadRow(where, Fate.SKIPPED, None, (Remark(Severity.INFO, code, why, "", where),), excerpt=excerpt_of(*texts))

    def _above(self, place: int, row: list[Any]) -> ReadRow:
        filled = count_filled(row)
        code, why = ("title_row", "表头之前的标题") if filled == 1 else ("instruction_row", "表头之前的说明")
        text = next((cell_text(value) for value in row if not is_blank(value)), "")
        if _NOTE.match(text) or len(text) > LONGEST_TITLE:
            code, why = "instruction_row", "填写说明"
        elif filled == 1 and (stated := section_type(text)):
            self._section_type = stated
        return self._skipped(place, row, code, why)

    def _below(self, place: int, last: int) -> list[ReadRow | Asked]:
        row = self._rows[place]
        filled = count_filled(row)
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
        if self._text(place, self._columns["stem"], "", [], []).lstrip().startswith(_EXAMPLE):
            action = "如是自己的题目，请去掉题干前的“示例”"
            where = self.sheet.line(place)
            remark = Remark(Severity.INFO, "template_example", "模板里的示例行，不导入", action, where)
            return [ReadRow(where, Fate.SKIPPED, None, (remark,), excerpt=excerpt_of(cell_text(row[self._columns["stem"]])))]
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
        if _NOTE.match(text) and len(text) <= LONGEST_TITLE * 2:
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
        if not self._letters and "options" not in self._columns and self._has(place, "stem"):
            return self._last_labelled(last)
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

    def _last_labelled(self, last: int) -> int:
        """The last of the rows below that hold nothing but an option, `B. 继续作业`, in the column of stems."""
        stem = self._columns["stem"]
        while last + 1 < len(self._rows):
            filled = [column for column, value in enumerate(self._rows[last + 1]) if not is_blank(value)]
            if filled != [stem] or not _OPTION_ROW.match(cell_text(self._rows[last + 1][stem])):
                break
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

    def _question(self, place: int, last: int) -> Asked:
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
        if "options" not in texts and not self._letters and last > place:
            below = [self._text(part, self._columns["stem"], "stem", remarks, pictures) for part in range(place + 1, last + 1)]
            texts["stem"] = "\n".join(text for text in (texts["stem"], *below) if text)
        if not texts.get("answer", "answered").strip() and last > place:
            column = self._columns["answer"]
            texts["answer"] = "".join(self._text(part, column, "answer", remarks, pictures) for part in range(place + 1, last + 1))
        self._read_answer(place, texts, remarks)
        self._say_links(place, texts, remarks)
        raw = self._raw(place, texts, tuple(pictures))
        if place in self.sheet.hidden_rows:
            remarks.append(Remark(Severity.INFO, "hidden_row", "这一行是隐藏的，也已读取", "", raw.place))
        return Asked(raw, remarks, self._unvalued(place, raw))

    def _read_answer(self, place: int, texts: dict[str, str], remarks: list[Remark]) -> None:
        if not texts.get("answer", "").strip() or self._figures is None:
            return
        where = self.sheet.place(place, self._columns["answer"])
        options = [texts[letter] for letter, _ in self._letters]
        if not self.layout.numbered() and not ("options" in texts and texts["options"].strip()):
            texts["answer"], remark = in_letters(texts["answer"], options, self._figures, where)
            remarks += [remark] if remark else []
        texts["answer"], remark = without_list(texts["answer"], where)
        remarks += [remark] if remark else []

    def _say_links(self, place: int, texts: dict[str, str], remarks: list[Remark]) -> None:
        """A name or an address of a picture is no picture: who wrote it should know."""
        named = texts.get("link", "").strip()
        if named and not self._pictures.get(place):
            message = f"图片列只有名称或网址“{named[:30]}”，图片不在文件里，没有收入"
            where = self.sheet.place(place, self._columns["link"])
            remarks.append(Remark(Severity.WARNING, "picture_not_in_file", message, "请把图片插入到这一行，或导入后补上", where))

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
        extra = {name: text for name in self._extra if (text := texts.get(name, "").strip()) and not has_no_value(text)}
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
