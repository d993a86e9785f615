"""Where things stand in a sheet of questions: the header row and its columns, or columns told by their content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from quiz.exchange.answers import figures_of, letters_of, says_truth_plainly
from quiz.exchange.kinds import stated_type
from quiz.exchange.open_answers import has_blank
from quiz.exchange.option_list import Ambiguous, split_options
from quiz.exchange.readers.table_cells import cell_text, column_letters, is_blank
from quiz.exchange.readers.table_words import Heading, heading

ROWS_SEARCHED = 60
ROWS_SAMPLED = 200
_WEIGHT = {"stem": 4, "answer": 4, "options": 3, "type": 2, "explanation": 2}
Row = Sequence[Any]


@dataclass(frozen=True)
class Layout:
    """Columns of a sheet, by what they hold."""

    columns: dict[str, int]
    """`stem`, `answer`, `type` …, and option letters."""
    headings: dict[int, Heading] = field(default_factory=dict)
    header_row: int = -1
    header_rows: int = 0
    """How many rows the header takes; none when the columns were told by content."""
    unused: tuple[str, ...] = ()

    @property
    def letters(self) -> dict[str, int]:
        """Columns of single options, in the order of their letters."""
        return {name: self.columns[name] for name in sorted(self.columns) if len(name) == 1}

    @property
    def data_row(self) -> int:
        return self.header_row + max(self.header_rows, 1) if self.header_rows else self.header_row + 1

    def separator(self) -> str:
        return next((found.separator for found in self.headings.values() if found.field == "options"), "")

    def type_codes(self) -> dict[str, str]:
        return dict(next((found.type_codes for found in self.headings.values() if found.field == "type" and found.type_codes), ()))

    def numbered(self) -> bool:
        """Are option columns called 1, 2, 3 rather than A, B, C?"""
        return any(found.numbered for found in self.headings.values())


def find_header(rows: Sequence[Row], *, after: int = 0) -> Layout | None:
    """The layout under the best header row, with its second line when it has one; None when no row is a header."""
    best: tuple[int, Layout] | None = None
    seen = 0
    for place in range(after, len(rows)):
        if all(is_blank(value) for value in rows[place]):
            continue
        seen += 1
        if seen > ROWS_SEARCHED:
            break
        for lines in (1, 2):
            layout = _layout_of(rows, place, lines)
            merit = _merit(layout) if layout else 0
            if layout and merit and (best is None or merit > best[0]) and not _recurs(rows, layout):
                best = (merit, layout)
        if best and best[1].header_row < place - 5:
            break
    return _settled(best[1], rows) if best else None


def _recurs(rows: Sequence[Row], layout: Layout) -> bool:
    """Do the same words stand in the rows below as well? Then they are labels inside each question, such as `正确答案：`."""
    place = layout.header_row
    following = [row for row in rows[place + 1 : place + 8] if not all(is_blank(value) for value in row)]
    same = [column for column in layout.columns.values() if sum(_at(row, column) == rows[place][column] for row in following) >= 2]
    return len(same) >= 2


def _layout_of(rows: Sequence[Row], place: int, lines: int) -> Layout | None:
    top = [cell_text(value) for value in rows[place]]
    if lines == 1:
        return _layout([heading(text.strip()) for text in top], place, 1)
    if place + 1 >= len(rows):
        return None
    bottom = [cell_text(value) for value in rows[place + 1]]
    upper, lower = [heading(text.strip()) for text in top], [heading(text.strip()) for text in bottom]
    if not any(found.field for found in lower) or any(text.strip() and not found.field for text, found in zip(bottom, lower, strict=True)):
        return None
    width = max(len(upper), len(lower))
    upper += [Heading("")] * (width - len(upper))
    lower += [Heading("")] * (width - len(lower))
    if sum(bool(a.field) and bool(b.field) for a, b in zip(upper, lower, strict=True)) > 2:
        return None  # two headers, one below the other
    return _layout([b if b.field else a for a, b in zip(upper, lower, strict=True)], place, 2)


def _layout(found: list[Heading], place: int, lines: int) -> Layout | None:
    columns: dict[str, int] = {}
    for column, item in enumerate(found):
        if item.field and (item.field not in columns or item.exact and not found[columns[item.field]].exact):
            columns[item.field] = column
    if not (len(columns) > 1 and "stem" in columns):
        return None
    return Layout(columns, {column: item for column, item in enumerate(found) if item.field}, place, lines)


def _merit(layout: Layout) -> int:
    columns = layout.columns
    if "stem" not in columns or not ({"answer", "options", "type"} & set(columns) or {"A", "B"} <= set(columns)):
        return 0
    exact = sum(layout.headings[column].exact for column in columns.values())
    return sum(_WEIGHT.get(name, 1) for name in columns) * 2 + exact - layout.header_rows


def header_without_stem(rows: Sequence[Row]) -> list[str]:
    """Words of a row that names options and an answer, but no stem; empty when there is none."""
    filled = [row for row in rows[:ROWS_SEARCHED] if not all(is_blank(value) for value in row)]
    for row in filled[:10]:
        named = {heading(cell_text(value).strip()).field for value in row} - {""}
        if {"answer", "A", "B"} <= named and "stem" not in named:
            return [text for value in row if (text := cell_text(value).strip())]
    return []


def _settled(layout: Layout, rows: Sequence[Row]) -> Layout:
    """Where two columns claim to be the same, the content decides; the rest is unused."""
    sample = _sample(rows, layout.data_row)
    columns = dict(layout.columns)
    for name in ("stem", "type", "answer"):
        rivals = [column for column, item in layout.headings.items() if item.field == name]
        if len(rivals) > 1:
            columns[name] = max(rivals, key=lambda column: (_fitness(name, sample, column), -column))
    chapters = [column for column, item in layout.headings.items() if item.field == "chapter"]
    named = [column for column in chapters if re.search(r"章|节|chapter", layout.headings[column].text)]
    if named:
        columns["chapter"] = named[0]
    known = {column for column, item in layout.headings.items() if item.field == "chapter"}
    stated = _fitness("type", sample, columns["type"]) if "type" in columns else 0.0
    if stated < 0.1:
        likely = [column for column in known if _fitness("type", sample, column) > 0.8]
        if likely:
            columns = {name: column for name, column in columns.items() if name != "chapter" or column != likely[0]}
            columns["type"] = likely[0]
        elif "type" in columns and "chapter" not in columns and _is_wordy(sample, columns["type"]):
            columns["chapter"] = columns.pop("type")  # kinds of subjects, not of questions
    if columns.get("stem") == columns.get("answer"):
        del columns["answer"]
    if "options" in columns and "A" not in columns and _is_split_header(rows, layout, sample):
        columns |= _spread_options(rows, layout)
        del columns["options"]
    used = set(columns.values())
    names = [cell_text(value).strip() for value in rows[layout.header_row]]
    unused = tuple(
        name for column, name in enumerate(names) if name and column not in used and any(not is_blank(_at(row, column)) for row in sample)
    )
    return replace(layout, columns=columns, unused=unused)


def _is_split_header(rows: Sequence[Row], layout: Layout, sample: list[Row]) -> bool:
    """One header `选项` over several columns of options."""
    following = _unnamed_after(rows, layout)
    first = layout.columns["options"]
    filled = [row for row in sample if not is_blank(_at(row, first))]
    spread = sum(not is_blank(_at(row, following[0])) for row in filled) if following else 0
    return bool(following) and bool(filled) and spread > len(filled) * 0.6


def _unnamed_after(rows: Sequence[Row], layout: Layout) -> list[int]:
    names = [cell_text(value).strip() for value in rows[layout.header_row]]
    found = []
    for column in range(layout.columns["options"] + 1, len(names)):
        if names[column]:
            break
        found.append(column)
    return found


def _spread_options(rows: Sequence[Row], layout: Layout) -> dict[str, int]:
    columns = [layout.columns["options"], *_unnamed_after(rows, layout)]
    return dict(zip("ABCDEFGHIJKLMN", columns, strict=False))


# Content --------------------------------------------------------------------------------------------------------------


def _at(row: Row, column: int) -> Any:
    return row[column] if column < len(row) else ""


def _sample(rows: Sequence[Row], start: int) -> list[Row]:
    return [row for row in rows[start : start + 3 * ROWS_SAMPLED] if not all(is_blank(value) for value in row)][:ROWS_SAMPLED]


def is_answer(text: str) -> bool:
    """Could this be the answer of a choice?"""
    text = text.strip()
    return len(text) <= 20 and bool(
        letters_of(text) and len(letters_of(text)) <= 10 and text.upper() == text or says_truth_plainly(text) or text in ("T", "F")
    )


def _fitness(name: str, sample: Sequence[Row], column: int) -> float:
    """How well a column's content fits what it is to hold, 0 to 1."""
    texts = [text for row in sample if (text := cell_text(_at(row, column)).strip())]
    if not texts or not sample:
        return 0.0
    filled = len(texts) / len(sample)
    if name == "stem":
        return min(sum(map(len, texts)) / len(texts), 60) / 60 * filled
    if name == "answer":
        return sum(map(is_answer, texts)) / len(texts) * filled
    if name == "type":
        return sum(len(text) <= 12 and stated_type(text).known for text in texts) / len(texts)
    if name == "options":
        return sum(len(_split(text)) > 1 for text in texts) / len(texts) * filled
    return sum(bool(figures_of(text)) or text.isdigit() for text in texts) / len(texts)


def _split(text: str) -> list[tuple[str, str]]:
    try:
        found, how = split_options(text)
    except Ambiguous:
        return []
    return found if how in ("labels", "**", "##", "|", "\n", "json") and len(text) > 5 else []


def told_by_content(rows: Sequence[Row]) -> Layout | None:
    """The layout of a sheet without a header; None when its columns do not look like questions and answers."""
    sample = _sample(rows, 0)
    width = max((len(row) for row in sample), default=0)
    if not sample or width < 2:
        return None
    fit = {name: [_fitness(name, sample, column) for column in range(width)] for name in ("stem", "answer", "type", "options", "number")}
    taken: dict[str, int] = {}
    types = [column for column in range(width) if fit["type"][column] > 0.8 and fit["answer"][column] < 0.5]
    if types:
        taken["type"] = types[0]
    numbers = [column for column in range(width) if fit["number"][column] > 0.9 and _counts_up(sample, column)]
    if numbers:
        taken["number"] = numbers[0]
    free = [column for column in range(width) if column not in taken.values()]
    answers = [column for column in free if fit["answer"][column] >= 0.6 and not _is_constant(sample, column)]
    answers = answers or [column for column in free if fit["answer"][column] >= 0.6]
    if not answers:
        return _told_by_texts(sample, width, taken, fit)
    taken["answer"] = max(answers, key=lambda column: (_letters_share(sample, column), fit["answer"][column], column))
    free.remove(taken["answer"])
    split = [column for column in free if fit["options"][column] >= 0.5]
    if split:
        taken["options"] = split[0]
        free.remove(split[0])
    stems = [column for column in free if fit["stem"][column] > 0.05]
    if not stems:
        return None
    longest = max(fit["stem"][column] for column in stems)
    taken["stem"] = next(column for column in stems if fit["stem"][column] >= longest * 0.6)
    if "options" not in taken:
        taken |= _option_columns(sample, free, taken)
    return Layout(taken) if _letters_suffice(sample, taken) else None


def _told_by_texts(sample: list[Row], width: int, taken: dict[str, int], fit: dict[str, list[float]]) -> Layout | None:
    """The layout of a sheet whose answers are texts: among the options of their row, or what fills the blank of the stem."""
    free = [column for column in range(width) if column not in taken.values()]
    texts = {column: [cell_text(_at(row, column)).strip() for row in sample] for column in free}
    free = [column for column in free if sum(map(bool, texts[column])) >= len(sample) * 0.5]
    split = [column for column in free if fit["options"][column] >= 0.5]
    if split:
        among = [column for column in free if column != split[0] and _share_within(texts[column], texts[split[0]]) >= 0.5]
        stems = [column for column in free if column not in (split[0], *among)]
        if among and stems:
            longest = max(stems, key=lambda column: (fit["stem"][column], -column))
            return Layout({**taken, "stem": longest, "options": split[0], "answer": among[0]})
    asking = [column for column in free if sum(_asks(text) for text in texts[column]) >= len(sample) * 0.6]
    if len(sample) < 3 or len(free) != 2 or not asking:
        return None
    stem = asking[0]
    return Layout({**taken, "stem": stem, "answer": next(column for column in free if column != stem)})


def _share_within(answers: list[str], options: list[str]) -> float:
    """In how many rows the answer's text stands among the options."""
    pairs = [(answer, text) for answer, text in zip(answers, options, strict=True) if answer and text]
    return sum(len(answer) > 1 and answer[:40] in text for answer, text in pairs) / len(pairs) if pairs else 0.0


def _asks(text: str) -> bool:
    return len(text) > 3 and (has_blank(text) or text.endswith(("？", "?")))


def _option_columns(sample: list[Row], free: list[int], taken: dict[str, int]) -> dict[str, int]:
    """Columns after the stem: those before the answer when there are any, else those behind it."""
    after = [column for column in free if column > taken["stem"] and not _is_label(sample, column)]
    before_answer = [column for column in after if column < taken["answer"]]
    chosen = before_answer or after
    filled = [column for column in chosen if any(not is_blank(_at(row, column)) for row in sample)]
    found: dict[str, int] = dict(zip("ABCDEFGH", filled, strict=False)) if len(filled) > 1 else {}
    rest = [column for column in after if column > taken["answer"] and column not in found.values()]
    if before_answer and rest:
        found["explanation"] = rest[0]
    return found


_EXPLAINS = re.compile(r"解析|^\W*(?:正确|参考)?答案")


def _is_label(sample: list[Row], column: int) -> bool:
    """Words that stand in most rows alike, such as `正确答案：`, or tell answers and explanations: no option."""
    texts = [text for row in sample if (text := cell_text(_at(row, column)).strip())]
    if len(texts) < 5:
        return False
    return sum(text.endswith(("：", ":")) or bool(_EXPLAINS.search(text)) for text in texts) > len(texts) * 0.6


def _letters_suffice(sample: list[Row], taken: dict[str, int]) -> bool:
    """Are there about as many option columns as answers name? Twice as many hold something else besides, such as translations."""
    columns = [column for name, column in taken.items() if len(name) == 1]
    named = {letter for row in sample for letter in letters_of(cell_text(_at(row, taken["answer"])))}
    always = sum(sum(not is_blank(_at(row, column)) for row in sample) >= len(sample) * 0.8 for column in columns)
    return len(sample) < 20 or not named or always < 2 * (ord(max(named)) - 64)


def _counts_up(sample: list[Row], column: int) -> bool:
    numbers = [int(text) for row in sample if (text := cell_text(_at(row, column)).strip()).isdigit() and len(text) < 9]
    steps = sum(later == earlier + 1 for earlier, later in zip(numbers, numbers[1:], strict=False))
    return len(numbers) == 1 or bool(numbers) and steps >= (len(numbers) - 1) * 0.8


def _is_constant(sample: list[Row], column: int) -> bool:
    texts = {text for row in sample if (text := cell_text(_at(row, column)).strip())}
    return len(texts) == 1 and len(sample) > 2


def _is_wordy(sample: list[Row], column: int) -> bool:
    """Does every cell of the column hold words, rather than codes?"""
    texts = [text for row in sample if (text := cell_text(_at(row, column)).strip())]
    return bool(texts) and all(len(re.findall(r"[\u4e00-\u9fff]", text)) > 2 for text in texts)


def _letters_share(sample: list[Row], column: int) -> float:
    texts = [text for row in sample if (text := cell_text(_at(row, column)).strip())]
    return round(sum(bool(re.fullmatch(r"[A-HＡ-Ｈ、,，;； ]+", text)) for text in texts) / len(texts), 1) if texts else 0.0


def fits(layout: Layout, rows: Sequence[Row]) -> bool:
    """Does the layout of the sheet before suit this one, which has no header?"""
    sample = _sample(rows, 0)
    if not sample or "answer" not in layout.columns:
        return False
    stems = _fitness("stem", sample, layout.columns["stem"])
    choices = "options" in layout.columns or "A" in layout.columns
    return stems > 0.05 and (_fitness("answer", sample, layout.columns["answer"]) >= 0.6 or not choices)


def completed(layout: Layout, rows: Sequence[Row]) -> Layout:
    """A layout that no header of this sheet names: explanations are told by their words, other filled columns are unused."""
    sample = _sample(rows, 0)
    columns = dict(layout.columns)
    width = max((len(row) for row in sample), default=0)
    rest = [column for column in range(width) if column not in columns.values() and any(not is_blank(_at(row, column)) for row in sample)]
    explaining = [
        column
        for column in rest
        if sum(bool(_EXPLAINS.search(cell_text(_at(row, column)))) for row in sample) >= len(sample) * 0.5
        and not _is_constant(sample, column)
    ]
    if explaining and ("explanation" not in columns or _is_constant(sample, columns["explanation"])):
        columns["explanation"] = explaining[0]
    unused = tuple(f"{column_letters(column)} 列" for column in rest if column not in columns.values())
    return replace(layout, columns=columns, unused=unused)


# Repeated headers -----------------------------------------------------------------------------------------------------


def repeated_header(row: Row, layout: Layout) -> bool:
    """Do the cells of this row name its columns once more?"""
    stem = cell_text(_at(row, layout.columns["stem"])).strip()
    if len(stem) > 20 or heading(stem).field != "stem":
        return False
    named = sum(heading(cell_text(_at(row, column)).strip()).field != "" for column in layout.columns.values())
    filled = sum(not is_blank(value) for value in row)
    return named >= max(2, filled * 0.6)
