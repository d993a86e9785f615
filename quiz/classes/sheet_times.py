"""What people write under 签到时间: clock times in every form, ticks and signatures, and the words for not having come."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from quiz.organisations.identifiers import tidy_text
from quiz.vocabulary import Labelled


class Written(Labelled):
    """What kind of entry a cell holds."""

    NOTHING = "nothing", "空白"
    TIME = "time", "时间"
    TICK = "tick", "打勾或签名"
    ABSENT = "absent", "未到"
    UNCLEAR = "unclear", "看不懂"


@dataclass(frozen=True)
class Entry:
    """One cell understood."""

    kind: Written
    at: time | None = None
    day: date | None = None
    """Where the cell says the day too."""
    was_mended: bool = False
    """Understood, but written in a way that had to be interpreted."""
    said_half: bool = False
    """上午 or 下午 stood beside it: no guessing about twelve hours."""


NOTHING = Entry(Written.NOTHING)
_TICKS = {
    "√",
    "✓",
    "✔",
    "V",
    "是",
    "已签",
    "已签到",
    "到",
    "已到",
    "签到",
    "已签退",
    "出席",
    "本人",
    "本人签",
    "已签名",
    "Y",
    "YES",
    "O",
    "○",
}
_ABSENCES = {
    "缺席", "未到", "缺", "请假", "×", "✗", "X", "/", "-", "—", "——", "无", "未签", "未签到", "未参加", "否", "N", "NO", "事假", "病假", "缺勤",
}  # fmt: skip
_EXCEL_EPOCH = datetime(1899, 12, 30)
_CLOCK = re.compile(r"(\d{1,2})(?:[:.;时点])(\d{1,2})(?:分)?(?:[:.](\d{1,2})秒?)?")
_HALF_PAST = re.compile(r"(\d{1,2})[点时](半|整|一刻|三刻)?")
_COMPACT = re.compile(r"([01]?\d|2[0-3])([0-5]\d)")
_DAY_BEFORE = re.compile(r"^(?:(\d{4})\s*[-/.年]\s*)?(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:\s+|T|(?<=日)\s*)(?=\S)")
_HALF = re.compile(r"(上午|早上|早晨|AM|A\.M\.|下午|晚上|中午|PM|P\.M\.)", re.IGNORECASE)
_QUARTERS = {None: 0, "整": 0, "半": 30, "一刻": 15, "三刻": 45}


def read_entry(raw: Any, *, year: int) -> Entry:
    """The cell understood; `year` is meant where a day is written without one."""
    if isinstance(raw, datetime):
        return Entry(Written.TIME, _to_minute(raw.time()), raw.date() if raw.date() > date(1900, 1, 2) else None)
    if isinstance(raw, time):
        return Entry(Written.TIME, _to_minute(raw))
    if isinstance(raw, timedelta):
        return _of_seconds(raw.total_seconds())
    if isinstance(raw, float | int) and not isinstance(raw, bool):
        return _of_number(float(raw))
    return _of_text(tidy_text(raw), year)


def _to_minute(value: time) -> time:
    return time(value.hour, value.minute, value.second)


def _of_seconds(seconds: float) -> Entry:
    if not 0 <= seconds < 86_400:
        return Entry(Written.UNCLEAR)
    whole = round(seconds)
    return Entry(Written.TIME, time(whole // 3600 % 24, whole // 60 % 60, whole % 60))


def _of_number(value: float) -> Entry:
    if value == 1:
        return Entry(Written.TICK)
    if 0 < value < 1:
        return _of_seconds(value * 86_400)
    if 36_526 <= value <= 73_050:  # an Excel moment of 2000 to 2099
        moment = _EXCEL_EPOCH + timedelta(seconds=round(value * 86_400))
        return Entry(Written.TIME, moment.time(), moment.date())
    return _of_text(f"{value:g}" if not value.is_integer() else str(int(value)), 0)


def _of_text(text: str, year: int) -> Entry:
    text = unicodedata.normalize("NFKC", text).strip()
    word = re.sub(r"[\s。.,，()（）]", "", text).upper()
    if not text:
        return NOTHING
    if word in _ABSENCES:
        return Entry(Written.ABSENT)
    if word in _TICKS:
        return Entry(Written.TICK)
    day, rest = _split_day(text, year)
    half = _HALF.search(rest)
    rest = re.sub(r"[\s约左右]+", "", _HALF.sub("", rest))
    found = _clock(rest)
    if found is None:
        says_an_hour = re.search(r"[\d一二三四五六七八九十两][点时]", word)
        looks_like_name = not says_an_hour and re.fullmatch(r"[\u4e00-\u9fff·]{2,6}", word)
        return Entry(Written.TICK) if looks_like_name else Entry(Written.UNCLEAR)
    hour, minute, second = found
    afternoon = half is not None and half[1].upper().replace(".", "") in ("下午", "晚上", "PM")
    if afternoon and hour < 12:
        hour += 12
    if hour > 23 or minute > 59 or second > 59:
        return Entry(Written.UNCLEAR)
    plain = re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?", text) is not None
    return Entry(Written.TIME, time(hour, minute, second), day, was_mended=not plain and day is None, said_half=half is not None)


def _split_day(text: str, year: int) -> tuple[date | None, str]:
    match = _DAY_BEFORE.match(text)
    if match is None:
        return None, text
    try:
        return date(int(match[1] or year), int(match[2]), int(match[3])), text[match.end() :]
    except ValueError:
        return None, text


def _clock(text: str) -> tuple[int, int, int] | None:
    if match := _CLOCK.fullmatch(text):
        if "." in text and ":" not in text and len(match[2]) == 1:
            return None  # 8.5 may be half past eight or ten to nine
        return int(match[1]), int(match[2]), int(match[3] or 0)
    if match := _HALF_PAST.fullmatch(text):
        return int(match[1]), _QUARTERS[match[2]], 0
    if match := _COMPACT.fullmatch(text):
        return int(match[1]), int(match[2]), 0
    return None


def days_in(text: str, *, year: int) -> list[date]:
    """The days a title names: 2026年11月20日, 11月20日, 2026-11-20."""
    found = []
    for match in re.finditer(r"(?:(\d{4})\s*[-/.年]\s*)?(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", unicodedata.normalize("NFKC", text)):
        try:
            found.append(date(int(match[1] or year), int(match[2]), int(match[3])))
        except ValueError:
            continue  # a telephone number, or half of one
    return found
