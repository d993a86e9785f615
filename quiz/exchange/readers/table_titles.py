"""What stands above questions in a table: titles of sections, names of sheets, and numbers that count the rows."""

from __future__ import annotations

import re

from quiz.exchange.kinds import stated_type
from quiz.exchange.wording import answer_in_stem

_SECTION = re.compile(
    r"\s*(?:第?[一二三四五六七八九十]{1,3}\s*(?:[、.．:：]|部分|大题|章|节|篇|单元)|[（(][一二三四五六七八九十]{1,3}[)）]|第\s*\d{1,2}\s*(?:部分|大题|章|节|篇|单元))"
)
LONGEST_TITLE = 60


def section_type(text: str) -> str | None:
    """What a title row says of the type of the rows below it: its own text, or nothing; None when it is no title."""
    text = text.strip()
    if not text or len(text) > LONGEST_TITLE:
        return None
    stated = stated_type(text)
    named = stated.type is not None or bool(stated.unsupported) or stated.choice or stated.scenario and "题" in text
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
