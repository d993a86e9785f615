"""The rows of a table as far as they tell cases, for tables in which something speaks of cases at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from quiz.exchange.kinds import stated_type
from quiz.exchange.readers.table_cases import Case, CaseRow, cases_in
from quiz.exchange.readers.table_cells import cell_text, is_blank
from quiz.exchange.readers.table_layout import Layout
from quiz.exchange.wording import tidy

Spread = Mapping[tuple[int, int], Any]
_WORDS = ("案例", "材料", "情景", "情境", "场景", "综合", "分析", "应用", "共用题干")


def cases_by_row(
    rows: Sequence[Sequence[Any]], layout: Layout, spread: Spread, title: Callable[[str], str | None], sheet_type: str
) -> dict[int, Case]:
    """Cases by their first row. `title` gives the type a section title names, empty for none, None when a text is no title."""
    if not _speaks_of_cases(rows, layout, sheet_type):
        return {}
    return {case.rows[0]: case for case in cases_in(list(_case_rows(rows, layout, spread, title, sheet_type)))}


def _speaks_of_cases(rows: Sequence[Sequence[Any]], layout: Layout, sheet_type: str) -> bool:
    if {"material", "parent"} & set(layout.columns) or stated_type(sheet_type).scenario:
        return True
    column = layout.columns.get("type")
    types = {row[column] for row in rows if column < len(row) and isinstance(row[column], str)} if column is not None else set()
    if any(stated_type(tidy(text)[0]).scenario for text in types):
        return True
    lone = (row for row in rows if sum(value not in ("", None) for value in row) == 1)
    return any(word in value for row in lone for value in row if isinstance(value, str) and len(value) < 60 for word in _WORDS)


def _case_rows(
    rows: Sequence[Sequence[Any]], layout: Layout, spread: Spread, title: Callable[[str], str | None], sheet_type: str
) -> Iterable[CaseRow]:
    section = sheet_type
    options = [*layout.letters.values(), *([layout.columns["options"]] if "options" in layout.columns else [])]
    for place in range(layout.data_row, len(rows)):
        filled = [value for value in rows[place] if not is_blank(value)]
        if not filled:
            continue
        if len(filled) == 1 and (named := title(cell_text(filled[0]).strip())) is not None:
            section = named or section
            yield CaseRow(place, is_title=True)
            continue

        def text(name: str, place: int = place) -> str:
            column = layout.columns.get(name)
            if column is None:
                return ""
            value = spread.get((place, column), rows[place][column] if column < len(rows[place]) else "")
            if isinstance(value, date) and name in ("number", "parent"):
                return f"{value.month}-{value.day}"  # 1-2 was typed, and a spreadsheet program made a day of it
            return cell_text(value).strip()

        material = layout.columns.get("material", -1)
        yield CaseRow(
            place,
            stem=text("stem"),
            type_text=text("type") or section,
            number=text("number"),
            material=text("material"),
            is_merged=(place, material) in spread,
            parent=text("parent"),
            has_answer=bool(text("answer")),
            has_options=any(column < len(rows[place]) and not is_blank(rows[place][column]) for column in options),
        )
