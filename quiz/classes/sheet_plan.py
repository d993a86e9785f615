"""What becomes of each line of a sign-in sheet: whose it is, in which classroom, from when to when, and beside what is recorded already."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from quiz import clock
from quiz.classes.domain import AROUND, Span
from quiz.classes.queries import LessonView, SiteView
from quiz.classes.sheet_people import Crowd, Known, Line
from quiz.classes.sheet_reader import SheetFile, SheetRow
from quiz.classes.sheet_times import NOTHING, Entry, Written, days_in, read_entry
from quiz.organisations.identifiers import ERROR, INFO, WARNING, Finding, mask_name, masked, tidy_text
from quiz.vocabulary import Labelled

MASKED = {"name": "principal", "phone": "phone", "identity": "identity"}
HALF_DAY = timedelta(hours=12)


class Fate(Labelled):
    """How a line ends."""

    ACCEPTED = "accepted", "接受"
    REPAIRED = "repaired", "修正后接受"
    REFUSED = "refused", "不能导入"
    SKIPPED = "skipped", "跳过"


@dataclass(frozen=True)
class Options:
    """What the importer says about the whole sheet."""

    site_id: int
    """The classroom of lines that name none."""
    day: date
    """The day of lines that name none."""
    ticks_are_whole: bool = False
    """A tick or signature without a time means from the first lesson of that day to the last."""


@dataclass(frozen=True)
class Recorded:
    """A presence that is there already."""

    person_id: int
    site_id: int | None
    begin: datetime
    end: datetime | None
    by_code: bool


@dataclass(frozen=True)
class Stayed:
    """A presence to be written."""

    person_id: int
    site_id: int
    begin: datetime
    end: datetime | None


@dataclass
class Outcome:
    """A line with its end."""

    row: SheetRow
    fate: Fate
    known: Known | None = None
    stays: list[Stayed] = field(default_factory=list)
    problems: list[tuple[str, Finding]] = field(default_factory=list)

    @property
    def shown_name(self) -> str:
        return self.known.name if self.known else mask_name(self.row.text("name"))


class _Refused(Exception):
    """This line cannot be used."""

    def __init__(self, column: str, code: str, message: str, action: str) -> None:
        super().__init__(message)
        self.problem = (column, Finding(code, message, action, ERROR))


@dataclass
class Planner:
    """Judges lines one after the other; what it plans counts as recorded for the next."""

    options: Options
    crowd: Crowd
    sites: Sequence[SiteView]
    lessons: Sequence[LessonView]
    recorded: Mapping[int, Sequence[Recorded]]
    file: SheetFile
    now: datetime

    def __post_init__(self) -> None:
        self._known: dict[int, list[Recorded]] = defaultdict(list, {key: list(rows) for key, rows in self.recorded.items()})
        self._days = {lesson.day for lesson in self.lessons}
        self._title_days: dict[str, date | None] = {}
        for sheet, title in self.file.titles.items():
            named = days_in(title, year=self.options.day.year)
            self._title_days[sheet] = next((day for day in named if day in self._days), None)

    def plan(self, lines: Sequence[Line]) -> list[Outcome]:
        """An outcome for each row, in order."""
        return [self._judge(row, line) for row, line in zip(self.file.rows, lines, strict=True)]

    def _judge(self, row: SheetRow, line: Line) -> Outcome:
        year = self.options.day.year
        entries = {key: read_entry(row.values.get(key, ""), year=year) for key in ("in", "out", "in_am", "out_am", "in_pm", "out_pm")}
        if row.places.get("in") is None and not any(key in row.places for key in ("in_am", "in_pm")):
            entries["in"] = read_entry(row.values.get("signature", ""), year=year)
        outcome = Outcome(row, Fate.ACCEPTED)
        if reason := _absence(entries):
            return replace(outcome, fate=Fate.SKIPPED, problems=[("in", Finding(*reason, "", INFO))])
        found = self.crowd.match(line)
        outcome.problems += found.findings
        if found.person is None:
            outcome.fate = Fate.REFUSED
            return outcome
        outcome.known = found.person
        try:
            self._fill(outcome, entries)
        except _Refused as refused:
            outcome.problems.append(refused.problem)
            outcome.fate, outcome.stays = Fate.REFUSED, []
            return outcome
        if not outcome.stays:
            outcome.fate = Fate.SKIPPED
        elif any(finding.severity == WARNING for _, finding in outcome.problems):
            outcome.fate = Fate.REPAIRED
        return outcome

    def _fill(self, outcome: Outcome, entries: Mapping[str, Entry]) -> None:
        assert outcome.known is not None
        site = self._site(outcome)
        planned = [
            self._span(outcome, entries, pair, site)
            for pair in (("in", "out"), ("in_am", "out_am"), ("in_pm", "out_pm"))
            if entries[pair[0]].kind is not Written.NOTHING or entries[pair[1]].kind is not Written.NOTHING
        ]
        for stay in planned:
            if stay is None:
                continue
            merged = self._beside_recorded(outcome, stay)
            if merged is not None:
                outcome.stays.append(merged)
                self._known[stay.person_id].append(Recorded(merged.person_id, merged.site_id, merged.begin, merged.end, False))

    # 课堂 ---------------------------------------------------------------------------------------------------------

    def _site(self, outcome: Outcome) -> int:
        text = outcome.row.text("site")
        if not text:
            return self.options.site_id
        found = [site for site in self.sites if place_key(site.name) == place_key(text)] or [
            site for site in self.sites if place_key(text) and (place_key(text) in place_key(site.name) or place_key(text) in site.place)
        ]
        if len(found) != 1:
            message = f"没有叫“{text[:20]}”的课堂。" if not found else f"“{text[:20]}”可能是几个课堂中的一个。"
            names = "、".join(site.name for site in self.sites if site.is_hosted)
            raise _Refused("site", "site_unknown", message, f"请写成本班次的课堂名称：{names}。")
        if not found[0].is_hosted:
            raise _Refused("site", "site_not_yours", f"“{found[0].name}”不由您管理。", "请交该课堂的主办单位导入。")
        return found[0].id

    # 时间 ---------------------------------------------------------------------------------------------------------

    def _span(self, outcome: Outcome, entries: Mapping[str, Entry], pair: tuple[str, str], site_id: int) -> Stayed | None:
        assert outcome.known is not None
        first, last = entries[pair[0]], entries[pair[1]]
        day = self._day(outcome, first, last)
        lessons = [lesson for lesson in self.lessons if lesson.day == day and _in_half(lesson, pair[0])]
        if not lessons:
            raise _Refused(pair[0], "no_lessons", "这半天没有课。", "请核对写在哪一列。")
        opens, closes = min(lesson.begin for lesson in lessons), max(lesson.end for lesson in lessons)
        for key, entry in zip(pair, (first, last), strict=True):
            if entry.kind is Written.UNCLEAR:
                text = tidy_text(outcome.row.values.get(key, ""))[:20]
                raise _Refused(key, "time_form", f"看不懂的时间“{text}”。", "请写成 8:30 的样子。")
            if entry.was_mended:
                shown = entry.at.strftime("%H:%M") if entry.at else ""
                text = tidy_text(outcome.row.values.get(key, ""))
                outcome.problems.append((key, Finding("time_mended", f"“{text[:20]}”按 {shown} 读取。", "请核对。", WARNING)))
        begin = self._begin(outcome, pair[0], first, day, opens, closes)
        end = self._end(outcome, pair[1], last, day, begin, closes)
        if first.kind is Written.TICK and end is None:
            end = closes
        self._check(outcome, pair, begin, end, opens, closes)
        return Stayed(outcome.known.id, site_id, begin, end)

    def _day(self, outcome: Outcome, *entries: Entry) -> date:
        row = outcome.row
        stated = next((entry.day for entry in entries if entry.day is not None), None)
        raw = row.values.get("day", "")
        if stated is None and tidy_text(raw):
            stated = raw.date() if isinstance(raw, datetime) else raw if isinstance(raw, date) else None
            stated = stated or read_entry(raw, year=self.options.day.year).day
            stated = stated or next(iter(days_in(tidy_text(raw), year=self.options.day.year)), None)
            if stated is None:
                raise _Refused("day", "day_form", "看不懂的日期。", "请写成 2026-11-20 的样子。")
        day = stated or self._title_days.get(row.sheet) or self.options.day
        if day not in self._days:
            days = "、".join(each.isoformat() for each in sorted(self._days))
            column = "day" if "day" in row.places else "in"
            raise _Refused(column, "not_a_class_day", f"{day.isoformat()} 没有课。", f"本班次上课日期：{days}。")
        return day

    def _begin(self, outcome: Outcome, key: str, entry: Entry, day: date, opens: datetime, closes: datetime) -> datetime:
        if entry.kind is Written.TIME and entry.at is not None:
            begin = _moment(day, entry.at)
            later = begin + HALF_DAY
            if begin < opens - AROUND and not entry.said_half and opens - AROUND <= later <= closes:
                finding = Finding("afternoon", f"{entry.at:%H:%M} 按下午 {clock.show(later)[11:]} 登记。", "请核对。", WARNING)
                outcome.problems.append((key, finding))
                return later
            return begin
        if not self.options.ticks_are_whole:
            message = "只有打勾或签名，没有签到时间。" if entry.kind is Written.TICK else "没有签到时间。"
            action = "请补填时间；确属全程在场的，可在上面选“没有时间的按全程在场登记”。"
            raise _Refused(key, "no_time", message, action)
        finding = Finding("whole", "没有写时间，按当天课程全程登记。", "迟到、早退的请补填时间。", WARNING)
        outcome.problems.append((key, finding))
        return opens

    def _end(self, outcome: Outcome, key: str, entry: Entry, day: date, begin: datetime, closes: datetime) -> datetime | None:
        if entry.kind is Written.TIME and entry.at is not None:
            end = _moment(day, entry.at)
            later = end + HALF_DAY
            if end <= begin < later <= closes + AROUND and not entry.said_half:
                finding = Finding("afternoon", f"签退 {entry.at:%H:%M} 按下午 {clock.show(later)[11:]} 登记。", "请核对。", WARNING)
                outcome.problems.append((key, finding))
                return later
            return end
        if entry.kind is Written.TICK and self.options.ticks_are_whole:
            return closes
        if entry.kind is Written.ABSENT or entry.kind is Written.NOTHING or entry.kind is Written.TICK:
            if not self.options.ticks_are_whole or entry.kind is Written.ABSENT:
                finding = Finding("no_sign_out", "没有签退时间，登记为“未签退”。", "请在“签到记录”里核实离开时间。", WARNING)
                outcome.problems.append((key, finding))
                return None
            return closes
        return None

    def _check(
        self, outcome: Outcome, pair: tuple[str, str], begin: datetime, end: datetime | None, opens: datetime, closes: datetime
    ) -> None:  # fmt: skip
        if end is not None and end <= begin:
            raise _Refused(pair[1], "order", "签退早于签到。", "请核对两处时间。")
        if begin > self.now or (end is not None and end > self.now):
            raise _Refused(pair[0], "future", "时间晚于现在。", "请核对日期和时间。")
        if begin > closes or (end is not None and end <= opens) or begin < opens - 3 * AROUND:
            hours = f"{clock.show(opens)[11:]}—{clock.show(closes)[11:]}"
            raise _Refused(pair[0], "outside", f"时间不在课程（{hours}）内。", "请核对时间；上午、下午写错的请改正。")

    # 与已有记录合并 -----------------------------------------------------------------------------------------------

    def _beside_recorded(self, outcome: Outcome, stay: Stayed) -> Stayed | None:
        span = Span(stay.begin, stay.end or stay.begin + timedelta(seconds=1))
        for kept in self._known[stay.person_id]:
            if kept.site_id != stay.site_id:
                self._note_conflict(outcome, kept, span)
                continue
            source = "扫码记录" if kept.by_code else "已有记录"
            shown = f"{clock.show(kept.begin)[11:]}—{clock.show(kept.end)[11:] or '未签退'}"
            if kept.end is not None and kept.begin <= span.begin and span.end <= kept.end:
                outcome.problems.append(("in", Finding("already", f"{source} {shown} 已包含这段时间，不重复登记。", "", INFO)))
                return None
            if kept.end is None and clock.local_day(kept.begin) == clock.local_day(stay.begin):
                if stay.end is None:
                    outcome.problems.append(("in", Finding("already", f"{source} {shown}，不重复登记。", "", INFO)))
                    return None
                if kept.begin < stay.end:
                    text = f"与{source}合并：从 {clock.show(min(kept.begin, stay.begin))[11:]} 起，签退以本表为准。"
                    outcome.problems.append(("in", Finding("merged", text, "", WARNING)))
                    stay = replace(stay, begin=min(kept.begin, stay.begin))
                    span = Span(stay.begin, stay.end or stay.begin)
            elif kept.end is not None and kept.begin < span.end and span.begin < kept.end:
                outcome.problems.append(("in", Finding("merged", f"与{source} {shown} 有重叠，重叠部分只计一次。", "", WARNING)))
        return stay

    def _note_conflict(self, outcome: Outcome, kept: Recorded, span: Span) -> None:
        end = kept.end or kept.begin + timedelta(seconds=1)
        if kept.begin < span.end and span.begin < end:
            name = next((site.name for site in self.sites if site.id == kept.site_id), "其他课堂")
            finding = Finding("conflict", f"同一时间在“{name}”也有签到记录，列入“两处同时在场”。", "请核实后作废其中一条。", WARNING)
            outcome.problems.append(("site", finding))


def _absence(entries: Mapping[str, Entry]) -> tuple[str, str] | None:
    kinds = {entries[key].kind for key in ("in", "in_am", "in_pm")}
    if kinds <= {Written.ABSENT, Written.NOTHING}:
        if Written.ABSENT in kinds:
            return "absent", "注明未到或请假，不登记。"
        if all(entry == NOTHING or entry.kind is Written.ABSENT for entry in entries.values()):
            return "not_signed", "没有签到，不登记。"
    return None


def _in_half(lesson: LessonView, key: str) -> bool:
    is_morning = lesson.begin.astimezone(clock.SHANGHAI).time() < time(12, 30)
    return is_morning if key.endswith("_am") else not is_morning if key.endswith("_pm") else True


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, clock.SHANGHAI).astimezone(clock.UTC)


def place_key(text: str) -> str:
    """A classroom's name without what every classroom is called."""
    return re.sub(r"(主课堂|分课堂|课堂|会场|教室|培训点|分会场|\s|市|区)", "", unicodedata.normalize("NFKC", text)) or text.strip()


# 报告 -----------------------------------------------------------------------------------------------------------------

SEVERITIES = {ERROR: "错误", WARNING: "提示", INFO: "说明"}
COLUMN_TITLES = {
    "name": "姓名", "unit": "单位", "phone": "手机号", "identity": "身份证号", "day": "日期", "in": "签到时间", "out": "签退时间",
    "in_am": "上午签到时间", "out_am": "上午签退时间", "in_pm": "下午签到时间", "out_pm": "下午签退时间", "site": "课堂",
}  # fmt: skip


@dataclass(frozen=True)
class SheetReport:
    """Every line's end; the four counts add up to `rows`."""

    file: str
    sheets: tuple[str, ...]
    rows: int
    accepted: int
    repaired: int
    refused: int
    skipped: int
    presences: int
    dry_run: bool
    lines: tuple[Mapping[str, Any], ...]
    """What goes in: who, where, from when to when."""
    problems: tuple[Mapping[str, Any], ...]
    sheet_id: int | None = None

    def for_storage(self) -> dict[str, Any]:
        """As it is filed with the import."""
        return {
            "sheets": list(self.sheets), "rows": self.rows, "accepted": self.accepted, "repaired": self.repaired, "refused": self.refused,
            "skipped": self.skipped, "presences": self.presences, "problems": [dict(line) for line in self.problems[:2000]],
        }  # fmt: skip


def build_report(
    file_name: str, file: SheetFile, outcomes: Sequence[Outcome], sites: Sequence[SiteView], *, dry_run: bool, sheet_id: int | None = None
) -> SheetReport:  # fmt: skip
    """Count the ends and list what goes in and what is wrong, in the order of the file."""
    names = {site.id: site.name for site in sites}
    counts = {fate: sum(outcome.fate is fate for outcome in outcomes) for fate in Fate}
    problems = [_line(note.sheet, note.cell, note.row, "", note.value, note.finding) for note in (*file.notes, *file.skipped)]
    for outcome in outcomes:
        for column, finding in outcome.problems:
            if outcome.fate is Fate.REFUSED and finding.severity != ERROR:
                continue
            row = outcome.row
            raw = masked(MASKED.get(column, ""), row.values.get(column, ""))
            problems.append(_line(row.sheet, row.cell(column), row.number, COLUMN_TITLES.get(column, ""), raw, finding))
    order = {sheet: position for position, sheet in enumerate(file.sheets)}
    problems.sort(key=lambda line: (order.get(line["sheet"], len(order)), line["row"] or 0))
    lines = tuple(
        {
            "sheet": outcome.row.sheet, "row": outcome.row.number, "name": outcome.shown_name, "fate": outcome.fate.value,
            "site": names.get(stay.site_id, ""), "begin": clock.show(stay.begin), "end": clock.show(stay.end),
        }
        for outcome in outcomes
        for stay in outcome.stays
    )  # fmt: skip
    return SheetReport(
        file=file_name, sheets=file.sheets, rows=len(outcomes) + len(file.skipped), accepted=counts[Fate.ACCEPTED],
        repaired=counts[Fate.REPAIRED], refused=counts[Fate.REFUSED], skipped=counts[Fate.SKIPPED] + len(file.skipped),
        presences=len(lines), dry_run=dry_run, lines=lines, problems=tuple(problems), sheet_id=sheet_id,
    )  # fmt: skip


def _line(sheet: str, cell: str, row: int | None, column: str, value: str, finding: Finding) -> dict[str, Any]:
    return {
        "sheet": sheet, "cell": cell, "row": row, "column": column, "value": value, "severity": finding.severity, "code": finding.code,
        "message": finding.message, "action": finding.action,
    }  # fmt: skip
