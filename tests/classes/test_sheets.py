"""Paper sign-in sheets: every ugly one ends as counted by hand; a preview writes nothing, and what came in can be taken back."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from quiz import clock
from quiz.classes import presence, service, sheet_service
from quiz.classes.sheet_plan import Options, SheetReport
from quiz.classes.sheet_reader import recognise
from quiz.classes.sheet_times import Written, days_in, read_entry
from quiz.models.classes import Presence
from quiz.problems import Refusal
from quiz.spreadsheets.reading import Unreadable
from quiz.training import service as training
from quiz.vocabulary import PresenceSource
from tests.classes.conftest import HERE, TODAY, School, at, worker
from tests.classes.sheets import sheet
from tests.classes.ugly_sheets import UGLY, UNIT, Ugly


@pytest.fixture
def crowd(school: School) -> School:
    """The people the ugly sheets speak of."""
    for name, phone, unit in (
        ("刘洋", "13800000011", "威海刘洋纺织有限公司"), ("刘洋", "13800000012", "环翠刘洋海产店"), ("赵六", "13800000013", "威海赵六建材有限公司"),
    ):  # fmt: skip
        worker(school.session, name, phone, HERE, unit)
    training.synchronise(school.session, programme_id=school.programme, organisation_ids=None, today=TODAY)
    return school


def options(school: School, **more: Any) -> Options:
    return Options(school.here, TODAY, **more)


def preview(school: School, data: bytes, **more: Any) -> SheetReport:
    read = sheet_service.read(data, file_name="签到表.xlsx")
    return sheet_service.preview(
        school.session, sheet=read, session_id=school.class_id, options=options(school, **more), desk=school.city, now=at(12)
    )


def bring(school: School, data: bytes, **more: Any) -> SheetReport:
    read = sheet_service.read(data, file_name="签到表.xlsx")
    return sheet_service.apply(school.session, sheet=read, session_id=school.class_id, options=options(school, **more), **school.stamp())


def ends(report: SheetReport) -> tuple[int, int, int, int]:
    return report.accepted, report.repaired, report.refused, report.skipped


def found(report: SheetReport, severity: str) -> dict[str, str]:
    return {line["cell"]: line["code"] for line in report.problems if line["severity"] == severity}


def test_there_are_enough_of_them() -> None:
    assert len(UGLY) >= 12
    assert len({ugly.name for ugly in UGLY}) == len(UGLY)


@pytest.mark.parametrize("ugly", UGLY, ids=lambda ugly: ugly.name)
def test_every_line_ends_as_counted_by_hand(crowd: School, ugly: Ugly) -> None:
    report = preview(crowd, ugly.file(), ticks_are_whole=ugly.whole)

    assert ends(report) == ugly.ends
    assert report.rows == sum(ugly.ends)
    assert found(report, "error") == ugly.refusals
    assert ugly.hints.items() <= found(report, "warning").items()
    if ugly.stays:
        stays = tuple((line["name"], line["site"], line["begin"][11:], line["end"][11:]) for line in report.lines)
        assert stays == ugly.stays
    assert crowd.session.query(Presence).count() == 0
    assert all("13800000" not in str(line["value"]) for line in report.problems)

    if report.presences:
        done = bring(crowd, ugly.file(), ticks_are_whole=ugly.whole)
        assert (ends(done), done.problems) == (ugly.ends, report.problems)
        again = preview(crowd, ugly.file(), ticks_are_whole=ugly.whole)
        assert (again.presences, again.refused) == (0, ugly.ends[2])
        with pytest.raises(Refusal, match="已经登记过"):
            bring(crowd, ugly.file(), ticks_are_whole=ugly.whole)


def test_a_sheet_gives_hours_and_its_undo_takes_exactly_those_back(crowd: School) -> None:
    report = bring(crowd, sheet(("张三", UNIT, "13800000001", "8:55", "10:45"), ("李四", None, "13800000002", "9:20", "10:45")))
    assert crowd.credited() == {(crowd.class_id, crowd.zhang): 90, (crowd.class_id, crowd.li): 70}
    assert crowd.presences(crowd.zhang) == [("环翠分课堂", "08:55", "10:45")]

    past = sheet_service.sheets(crowd.session, session_id=crowd.class_id, desk=crowd.city)
    assert [(each.id, each.report["accepted"], each.undone_at) for each in past] == [(report.sheet_id, 2, None)]
    assert sheet_service.undo(crowd.session, sheet_id=report.sheet_id or 0, **crowd.stamp()) == 2

    assert (crowd.credited(), crowd.presences(crowd.zhang)) == ({}, [])
    with pytest.raises(Refusal, match="已经撤销"):
        sheet_service.undo(crowd.session, sheet_id=report.sheet_id or 0, **crowd.stamp())
    bring(crowd, sheet(("张三", UNIT, "13800000001", "8:55", "10:45")))
    assert crowd.credited() == {(crowd.class_id, crowd.zhang): 90}
    assert crowd.audited()[-3:] == ["import_sheet", "undo_sheet", "import_sheet"]


def test_what_the_code_recorded_is_merged_and_said(crowd: School) -> None:
    """张三 never signed out by code; 李四 did."""
    for person, begin, end, site in ((crowd.zhang, at(8, 52), None, crowd.here), (crowd.li, at(8, 50), at(10, 50), crowd.here)):
        crowd.session.add(
            Presence(
                session_id=crowd.class_id, site_id=site, person_id=person, signed_in_at=begin, signed_out_at=end,
                source=PresenceSource.CODE.value,
            )
        )  # fmt: skip
    crowd.session.flush()
    data = sheet(("张三", UNIT, "13800000001", "8:55", "10:45"), ("李四", None, "13800000002", "8:55", "10:45"))

    report = bring(crowd, data)

    assert ends(report) == (0, 1, 0, 1)
    assert [(line["code"], line["message"][:22]) for line in report.problems] == [
        ("merged", "与扫码记录合并：从 08:52 起，签退以本"), ("already", "扫码记录 08:50—10:50 已包含这段")
    ]  # fmt: skip
    rows = presence.rows(crowd.session, session_id=crowd.class_id, desk=crowd.city)
    assert {(row.name, row.is_settled) for row in rows} == {("张三", True), ("李四", True)}
    assert crowd.presences(crowd.zhang) == [("环翠分课堂", "08:52", ""), ("环翠分课堂", "08:52", "10:45")]

    sheet_service.undo(crowd.session, sheet_id=report.sheet_id or 0, **crowd.stamp())

    rows = presence.rows(crowd.session, session_id=crowd.class_id, desk=crowd.city)
    assert {(row.name, row.is_settled) for row in rows if row.voided_at is None} == {("张三", False), ("李四", True)}


def test_a_line_that_puts_somebody_in_two_places_comes_in_and_is_listed(crowd: School) -> None:
    presence.add(crowd.session, site_id=crowd.main, person_id=crowd.zhang, begin=at(9), end=at(10), reason="现场核实", **crowd.stamp())

    report = bring(crowd, sheet(("张三", UNIT, "13800000001", "8:55", "10:45")))

    assert (ends(report), [line["code"] for line in report.problems]) == ((0, 1, 0, 0), ["conflict"])
    found_ones = presence.conflicts(crowd.session, session_id=crowd.class_id, desk=crowd.city)
    assert [(one.name, clock.show(one.begin)[11:], clock.show(one.end)[11:]) for one in found_ones] == [("张三", "09:00", "10:00")]


def test_of_another_district_only_what_sits_in_ones_own_classroom_is_taken(crowd: School) -> None:
    data = sheet(
        ("张三", "13800000001", "8:55", "10:45", "环翠"), ("李四", "13800000002", "8:55", "10:45", "环翠"),
        ("赵六", "13800000013", "8:55", "10:45", "文登"), ("刘洋", "13800000011", "8:55", "10:45", "市主课堂"),
        head=("姓名", "手机号", "签到时间", "签退时间", "课堂"),
    )  # fmt: skip
    read = sheet_service.read(data, file_name="a.xlsx")

    report = sheet_service.preview(
        crowd.session, sheet=read, session_id=crowd.class_id, options=options(crowd), desk=crowd.district, now=at(12)
    )

    assert found(report, "error") == {"A3": "unknown", "E4": "site_unknown", "E5": "site_not_yours"}
    assert [line["name"] for line in report.lines] == ["张三"]


def test_a_file_without_names_and_a_session_that_is_over_are_refused(crowd: School) -> None:
    with pytest.raises(Unreadable, match="没有找到签到表表头"):
        sheet_service.read(sheet(("威海某厂", "8:55"), head=("企业", "签到时间")), file_name="a.xlsx")
    service.close(crowd.session, session_id=crowd.class_id, **crowd.stamp())
    with pytest.raises(Refusal, match="已办结"):
        preview(crowd, sheet(("张三", UNIT, "13800000001", "8:55", "10:45")))


@pytest.mark.parametrize(
    ("written", "kind", "shown"),
    [
        ("8:55", Written.TIME, "08:55"), ("８：５５", Written.TIME, "08:55"), ("8:55:30", Written.TIME, "08:55"), ("8点", Written.TIME, "08:00"),
        ("下午2:30", Written.TIME, "14:30"), ("2:30 PM", Written.TIME, "14:30"), ("中午12:10", Written.TIME, "12:10"), ("约8:50", Written.TIME, "08:50"),
        ("855", Written.TIME, "08:55"), (0.5, Written.TIME, "12:00"), (46349.375, Written.TIME, "09:00"), ("11月23日 8:55", Written.TIME, "08:55"),
        ("8.5", Written.UNCLEAR, ""), ("25:00", Written.UNCLEAR, ""), ("8:61", Written.UNCLEAR, ""), ("早到了一会儿吧", Written.UNCLEAR, ""),
        ("√", Written.TICK, ""), (1, Written.TICK, ""), ("张三", Written.TICK, ""), ("已签", Written.TICK, ""),
        ("请假", Written.ABSENT, ""), ("/", Written.ABSENT, ""), ("", Written.NOTHING, ""), (None, Written.NOTHING, ""), ("  ", Written.NOTHING, ""),
    ],
)  # fmt: skip
def test_what_people_write_under_sign_in(written: object, kind: Written, shown: str) -> None:
    entry = read_entry(written, year=2026)

    assert (entry.kind, entry.at.strftime("%H:%M") if entry.at else "") == (kind, shown)


def test_headings_are_known_by_many_names() -> None:
    known = {
        "姓 名*": "name", "参训人员": "name", "单位名称": "unit", "联系电话": "phone", "签到": "in", "签退 时间": "out", "会场": "site",
        "身份证号码": "identity", "备注": "remark", "天气": None,
    }  # fmt: skip

    assert {heading: recognise(heading) for heading in known} == known
    assert recognise("签到", above="上午") == "in_am"
    assert days_in("电话 0631-5200001 2026年11月20日签到表", year=2026) == [date(2026, 11, 20)] and days_in("签到表", year=2026) == []
