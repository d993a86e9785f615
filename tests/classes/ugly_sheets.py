"""Sign-in sheets as they really come, each with what must become of its lines, counted by hand.

On the list of the session: 张三 and 李四 (they owe the programme), two people called 刘洋 (威海刘洋纺织有限公司 13800000011, 环翠刘洋海产店
13800000012), 赵六 of 威海赵六建材有限公司 (13800000013). 王五 is on the roster but not expected. Lessons 9:00–9:45 and 9:55–10:40.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time

import openpyxl

from tests.classes.sheets import HEAD, csv_sheet, sheet
from tests.organisations.sheets import saved, xlsx

UNIT = "威海张三机械有限公司"


@dataclass(frozen=True)
class Ugly:
    """`ends` is accepted, repaired, refused, skipped. `refusals` and `hints` are codes by cell; `stays` name, site, in, out."""

    name: str
    file: Callable[[], bytes]
    ends: tuple[int, int, int, int]
    refusals: dict[str, str] = field(default_factory=dict)
    hints: dict[str, str] = field(default_factory=dict)
    stays: tuple[tuple[str, str, str, str], ...] = ()
    whole: bool = False
    """Ticks mean the whole day."""


def title_rows_and_signatures() -> bytes:
    above = [["主要负责人专题培训班签到表"], ["地点：环翠区政府三楼", None, None, "日期：2026年11月23日"], []]
    rows = [
        (1, "张三", UNIT, "13800000001", "8:55", "张三", "10:45", "张三", None),
        (2, "赵六", "威海赵六建材有限公司", "13800000013", "9:05", "赵六", "10:40", "赵六", None),
        (3, None, None, None, None, None, None, None, None),
        ("说明：1. 由本人签名。",),
        ("工作人员签字：", None, "日期："),
    ]
    return sheet(
        *rows, head=("序号", "姓名", "单位", "手机号", "签到时间", "签名", "签退时间", "签名", "备注"), above=above, merges=["A1:I1"]
    )


def clock_times_in_every_form() -> bytes:
    written = (("8：55", "10：45"), ("8点55分", "10点半"), ("0855", "1045"), ("8.55", "10.45"), ("上午8:55", "上午10:45"))
    names = (("张三", "13800000001"), ("赵六", "13800000013"), ("刘洋", "13800000011"), ("刘洋", "13800000012"), ("李四", "13800000002"))
    return sheet(*((name, None, phone, *times) for (name, phone), times in zip(names, written, strict=True)))


def excel_times() -> bytes:
    return sheet(
        ("张三", None, "13800000001", time(8, 55), time(10, 45)),
        ("赵六", None, "13800000013", datetime(2026, 11, 23, 8, 50), datetime(2026, 11, 23, 10, 41)),
        ("刘洋", None, "13800000011", 0.3715277778, 0.4479166667),
    )


def namesakes() -> bytes:
    return sheet(
        ("刘洋", "威海刘洋纺织有限公司", None, "8:55", "10:45"),
        ("刘洋", "刘洋海产店", None, "8:55", "10:45"),
        ("刘洋", None, None, "8:55", "10:45"),
        ("刘洋", "刘洋", None, "8:55", "10:45"),
        ("刘洋", "威海别的公司", None, "8:55", "10:45"),
        ("刘洋", None, "13800000099", "8:55", "10:45"),
    )


def people_who_are_not_expected() -> bytes:
    return sheet(
        ("王五", "威海王五物业有限公司", "13800000003", "8:55", "10:45"),
        ("钱多多", None, None, "8:55", "10:45"),
        ("张叁", UNIT, "13800000001", "8:55", "10:45"),
        (None, None, "13800000001", "8:55", "10:45"),
        (None, "威海无名厂", None, "8:55", "10:45"),
    )


def absent_and_blank() -> bytes:
    return sheet(
        ("张三", UNIT, "13800000001", "8:55", "10:45"),
        ("李四", None, "13800000002", "请假", None),
        ("赵六", None, "13800000013", None, None),
        ("刘洋", None, "13800000011", "×", "×"),
        ("合计", "到 1 人"),
    )


def afternoon_without_saying_so() -> bytes:
    """Nobody comes at two at night; but the class is over at 10:40."""
    return sheet(
        ("张三", UNIT, "13800000001", "8:55", "1:05"),
        ("赵六", None, "13800000013", "11:10", "11:30"),
        ("李四", None, "13800000002", "10:45", "8:55"),
        ("刘洋", None, "13800000011", "八点多", "10:40"),
    )


def side_by_side() -> bytes:
    head = ("序号", "姓名", "手机号", "签到时间", "签退时间", "序号", "姓名", "手机号", "签到时间", "签退时间")
    return sheet(
        (1, "张三", "13800000001", "8:55", "10:45", 3, "刘洋", "13800000011", "8:58", "10:40"),
        (2, "赵六", "13800000013", "8:50", "10:45", 4, None, None, None, None),
        head=head,
    )  # fmt: skip


def two_row_head_and_halves() -> bytes:
    cells = [
        ["签到表"],
        ["姓名", "联系电话", "上午", None, "下午", None],
        [None, None, "签到", "签退", "签到", "签退"],
        ["张三", "13800000001", "8:55", "10:45", None, None],
        ["赵六", "13800000013", "8:55", "10:45", "14:00", "16:00"],
    ]
    return xlsx(cells, title="签到表", merges=["A2:A3", "B2:B3", "C2:D2", "E2:F2"])


def merged_units_and_repeated_head() -> bytes:
    rows = [
        (UNIT, "张三", "8:55", "10:45"),
        (None, "王五", "8:55", "10:45"),
        ("单位", "姓名", "签到时间", "签退时间"),
        ("示例：某某公司", "示例", "8:30", "11:30"),
        ("威海赵六建材有限公司", "赵 六", "8:55", "10:45"),
    ]
    return sheet(*rows, head=("单位", "姓名", "签到时间", "签退时间"), merges=["A2:A3"])


def ticks_only() -> bytes:
    return sheet(("张三", UNIT, "√"), ("赵六", None, "赵六"), ("李四", None, None), head=("姓名", "单位", "签名"))


def classrooms_by_name() -> bytes:
    head = ("姓名", "手机号", "签到时间", "签退时间", "课堂")
    return sheet(
        ("张三", "13800000001", "8:55", "10:45", "环翠"),
        ("李四", "13800000002", "8:55", "10:45", "文登会场"),
        ("赵六", "13800000013", "8:55", "10:45", "乳山分课堂"),
        ("刘洋", "13800000011", "8:55", "10:45", None),
        head=head,
    )  # fmt: skip


def several_sheets() -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(sheet(("张三", UNIT, "13800000001", "8:55", "10:45"))))
    book.create_sheet("说明").append(["请如实填写"])
    hidden = book.create_sheet("旧表")
    hidden.append(list(HEAD))
    hidden.append(["李四", None, "13800000002", "8:55", "10:45"])
    hidden.sheet_state = "hidden"
    second = book.create_sheet("11月24日")
    second.append(list(HEAD))
    second.append(["赵六", None, "13800000013", "8:55", "10:45"])
    return saved(book)


def the_same_line_twice() -> bytes:
    line = ("张三", UNIT, "13800000001", "8:55", "10:45")
    return sheet(line, line, ("张三", UNIT, "13800000001", "10:30", "10:50"), ("张三", UNIT, "13800000001", "8:55", None))


def numbers_gone_wrong() -> bytes:
    return sheet(
        ("张三", UNIT, 13800000001.0, "8:55", "10:45"),
        ("李四", "文登李四食品", "1.38E+10", "8:55", "10:45"),
        ("赵六", None, "0631-5200000", "8:55", "10:45"),
        ("刘洋", "威海刘洋纺织有限公司", "13900009999", "8:55", "10:45"),
    )


def other_days() -> bytes:
    head = ("姓名", "手机号", "日期", "签到时间", "签退时间")
    return sheet(
        ("张三", "13800000001", "2026-11-23", "8:55", "10:45"),
        ("赵六", "13800000013", "11月20日", "8:55", "10:45"),
        ("刘洋", "13800000011", None, "2026-11-24 8:55", "10:45"),
        ("李四", "13800000002", "不知道", "8:55", "10:45"),
        head=head,
    )  # fmt: skip


MORNING = "08:55", "10:45"
UGLY = (
    Ugly(
        "title rows, signatures, notes below", title_rows_and_signatures, (2, 0, 0, 3),
        stays=(("张三", "环翠分课堂", *MORNING), ("赵六", "环翠分课堂", "09:05", "10:40")),
    ),
    Ugly(
        "clock times in every form", clock_times_in_every_form, (1, 4, 0, 0), hints={"D3": "time_mended", "E3": "time_mended"},
        stays=(
            ("张三", "环翠分课堂", *MORNING), ("赵六", "环翠分课堂", "08:55", "10:30"), ("刘洋", "环翠分课堂", *MORNING),
            ("刘洋", "环翠分课堂", *MORNING), ("李四", "环翠分课堂", *MORNING),
        ),
    ),
    Ugly(
        "times as Excel keeps them", excel_times, (3, 0, 0, 0),
        stays=(("张三", "环翠分课堂", *MORNING), ("赵六", "环翠分课堂", "08:50", "10:41"), ("刘洋", "环翠分课堂", *MORNING)),
    ),
    Ugly(
        "namesakes", namesakes, (1, 1, 4, 0), {"A4": "namesake", "B5": "unit_unknown", "B6": "unit_unknown", "A7": "namesake"},
        {"B3": "unit_short"},
    ),
    Ugly(
        "people who are not expected", people_who_are_not_expected, (0, 1, 3, 1),
        {"A2": "not_expected", "A3": "unknown", "A4": "name_phone"}, {"A5": "by_phone"}, (("张三", "环翠分课堂", *MORNING),),
    ),
    Ugly("absent, on leave, blank", absent_and_blank, (1, 0, 0, 4), stays=(("张三", "环翠分课堂", *MORNING),)),
    Ugly(
        "afternoon without saying so", afternoon_without_saying_so, (0, 0, 4, 0),
        {"E2": "order", "D3": "outside", "E4": "order", "D5": "time_form"},
    ),
    Ugly(
        "two tables side by side", side_by_side, (3, 0, 0, 0),
        stays=(("张三", "环翠分课堂", *MORNING), ("刘洋", "环翠分课堂", "08:58", "10:40"), ("赵六", "环翠分课堂", "08:50", "10:45")),
    ),
    Ugly(
        "a head of two rows, morning and afternoon", two_row_head_and_halves, (1, 0, 1, 0), {"E5": "no_lessons"},
        stays=(("张三", "环翠分课堂", *MORNING),),
    ),
    Ugly(
        "merged units, a repeated head, an example", merged_units_and_repeated_head, (2, 0, 1, 2), {"B3": "not_expected"},
        stays=(("张三", "环翠分课堂", *MORNING), ("赵六", "环翠分课堂", *MORNING)),
    ),
    Ugly("ticks without times", ticks_only, (0, 0, 2, 1), {"A2": "no_time", "A3": "no_time"}),
    Ugly(
        "ticks that mean the whole day", ticks_only, (0, 2, 0, 1), hints={"A2": "whole"}, whole=True,
        stays=(("张三", "环翠分课堂", "09:00", "10:40"), ("赵六", "环翠分课堂", "09:00", "10:40")),
    ),
    Ugly(
        "classrooms by name", classrooms_by_name, (3, 0, 1, 0), {"E4": "site_unknown"},
        stays=(("张三", "环翠分课堂", *MORNING), ("李四", "文登分课堂", *MORNING), ("刘洋", "环翠分课堂", *MORNING)),
    ),
    Ugly(
        "several sheets, one hidden, one of another day", several_sheets, (2, 0, 0, 0),
        stays=(("张三", "环翠分课堂", *MORNING), ("赵六", "环翠分课堂", *MORNING)),
    ),
    Ugly(
        "the same line twice", the_same_line_twice, (1, 1, 0, 2), hints={"D4": "merged"},
        stays=(("张三", "环翠分课堂", *MORNING), ("张三", "环翠分课堂", "10:30", "10:50")),
    ),
    Ugly(
        "telephone numbers gone wrong", numbers_gone_wrong, (1, 3, 0, 0),
        hints={"C3": "digits_lost", "C4": "phone_landline", "C5": "phone_other"},
        stays=(
            ("张三", "环翠分课堂", *MORNING), ("李四", "环翠分课堂", *MORNING), ("赵六", "环翠分课堂", *MORNING), ("刘洋", "环翠分课堂", *MORNING),
        ),
    ),
    Ugly(
        "other days", other_days, (1, 0, 3, 0), {"C3": "not_a_class_day", "C4": "not_a_class_day", "C5": "day_form"},
        stays=(("张三", "环翠分课堂", *MORNING),),
    ),
    Ugly(
        "csv of an old program", lambda: csv_sheet(("张三", UNIT, "13800000001", "8:55", ""), ("李四", "", "13800000002", "9:01", "9:50")),
        (1, 1, 0, 0), hints={"E2": "no_sign_out"}, stays=(("张三", "环翠分课堂", "08:55", ""), ("李四", "环翠分课堂", "09:01", "09:50")),
    ),
)  # fmt: skip
