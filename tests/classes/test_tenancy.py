"""An office sees and runs its own classrooms and people; another district's are not found, whatever is called."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import openpyxl
import pytest

from quiz.classes import attendance, candidates, presence, printed, queries, registration, service, sheet_service
from quiz.classes.reach import ClassReach, class_reach
from quiz.classes.service import ClassDraft, LessonDraft, SiteDraft
from quiz.classes.sheet_plan import Options
from quiz.organisations.reach import Reach, Reaches
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import SiteKind
from tests import factories
from tests.classes.conftest import HERE, THERE, TODAY, School, at
from tests.classes.sheets import sheet


@pytest.fixture
def busy(school: School) -> School:
    """Both came to their own branch."""
    for site, person in ((school.here, school.zhang), (school.there, school.li)):
        registration.register(school.session, site_id=site, person_ids=[person], **school.stamp(at(8)))
        presence.add(school.session, site_id=site, person_id=person, begin=at(8, 50), end=at(10, 40), reason="现场核实", **school.stamp())
    return school


def mine(school: School) -> dict[str, Any]:
    return school.stamp() | {"desk": school.district}


def test_an_office_sees_its_own_classrooms_people_and_the_citys_main_classroom(busy: School) -> None:
    view = queries.opened(busy.session, busy.class_id, desk=busy.district)

    assert [(site.name, site.is_hosted) for site in view.sites] == [("市主课堂", False), ("环翠分课堂", True)]
    assert not view.may_manage and view.came == 1
    seats = registration.rows(busy.session, session_id=busy.class_id, desk=busy.district)
    rows = presence.rows(busy.session, session_id=busy.class_id, desk=busy.district)
    assert ([row.name for row in seats], [row.name for row in rows]) == (["张三"], ["张三"])
    assert len(presence.rows(busy.session, session_id=busy.class_id, desk=busy.city)) == 2
    listed = queries.sessions(busy.session, desk=busy.district, now=at(8))
    assert [(row.registered, row.came, row.sites) for row in listed] == [(1, 1, 2)]


def test_a_session_of_another_district_alone_does_not_exist(busy: School) -> None:
    number = service.create(busy.session, draft=ClassDraft("文登自办班", busy.programme), **busy.stamp())
    site = service.add_site(
        busy.session, session_id=number, draft=SiteDraft("文登主课堂", SiteKind.MAIN, district_code=THERE), **busy.stamp()
    )
    service.put_lessons(busy.session, session_id=number, lessons=[LessonDraft(at(9), at(10), "课")], **busy.stamp())
    service.announce(busy.session, session_id=number, **busy.stamp())

    assert [row.title for row in queries.sessions(busy.session, desk=busy.district, now=at(8))] == ["主要负责人专题班"]
    for act in (
        lambda: queries.opened(busy.session, number, desk=busy.district),
        lambda: registration.register(busy.session, site_id=site, person_ids=[busy.zhang], **mine(busy)),
        lambda: service.copy(busy.session, session_id=number, first_day=TODAY, **mine(busy)),
    ):
        with pytest.raises(NotFound):
            act()


def test_nothing_of_another_district_is_changed(busy: School) -> None:
    session, stamp = busy.session, mine(busy)
    foreign = next(row for row in presence.rows(session, session_id=busy.class_id, desk=busy.city) if row.name == "李四")
    seat = next(row for row in registration.rows(session, session_id=busy.class_id, desk=busy.city) if row.name == "李四")
    read = sheet_service.read(sheet(("李四", None, None, "9:00", "10:40")), file_name="a.xlsx")
    acts: tuple[Callable[[], Any], ...] = (
        lambda: presence.void(session, presence_id=foreign.id, reason="登记错人", **stamp),
        lambda: presence.restore(session, presence_id=foreign.id, **stamp),
        lambda: presence.settle(session, presence_id=foreign.id, left_at=at(10), reason="登记错人", **stamp),
        lambda: presence.add(session, site_id=busy.there, person_id=busy.zhang, begin=at(9), end=at(10), reason="现场核实", **stamp),
        lambda: presence.add(session, site_id=busy.here, person_id=busy.li, begin=at(9), end=at(10), reason="现场核实", **stamp),
        lambda: registration.cancel(session, registration_id=seat.id, **stamp),
        lambda: registration.register(session, site_id=busy.there, person_ids=[busy.zhang], **stamp),
        lambda: registration.register(session, site_id=busy.here, person_ids=[busy.li], **stamp),
        lambda: service.edit_site(session, site_id=busy.there, draft=SiteDraft("改名"), **stamp),
        lambda: service.remove_site(session, site_id=busy.there, **stamp),
        lambda: attendance.screen(session, site_id=busy.there, desk=busy.district, now=at(9)),
        lambda: attendance.set_open(session, site_id=busy.main, is_open=True, desk=busy.district, actor=busy.actor, now=at(9)),
        lambda: sheet_service.apply(session, sheet=read, session_id=busy.class_id, options=Options(busy.there, TODAY), **stamp),
    )
    before = (busy.credited(), busy.presences(busy.li), busy.presences(busy.zhang))

    for act in acts:
        with pytest.raises(NotFound):
            act()

    assert (busy.credited(), busy.presences(busy.li), busy.presences(busy.zhang)) == before


def test_the_session_itself_is_changed_only_by_who_runs_all_of_it(busy: School) -> None:
    session, stamp = busy.session, mine(busy)
    for act in (
        lambda: service.put_lessons(session, session_id=busy.class_id, lessons=[LessonDraft(at(9), at(10), "课")], **stamp),
        lambda: service.edit(session, session_id=busy.class_id, draft=ClassDraft("改名的班"), **stamp),
        lambda: service.close(session, session_id=busy.class_id, **stamp),
        lambda: service.add_site(session, session_id=busy.class_id, draft=SiteDraft("新课堂", district_code=HERE), **stamp),
    ):
        with pytest.raises(Refusal, match="统一安排"):
            act()

    service.edit_site(
        session, site_id=busy.here, draft=SiteDraft("环翠分课堂", place="四楼", district_code=THERE, kind=SiteKind.MAIN), **stamp
    )

    site = queries.opened(session, busy.class_id, desk=busy.city).site(busy.here)
    assert site is not None and (site.place, site.district_code, site.kind) == ("四楼", HERE, SiteKind.BRANCH)


def test_a_district_office_makes_its_own_session_in_its_own_district_only(busy: School) -> None:
    stamp = mine(busy) | {"actor": busy.actor.__class__(busy.district.account_id, "district")}
    number = service.create(busy.session, draft=ClassDraft("环翠自办班", busy.programme), **stamp)

    with pytest.raises(Invalid, match="管辖的区市"):
        service.add_site(busy.session, session_id=number, draft=SiteDraft("文登课堂", district_code=THERE), **stamp)
    with pytest.raises(Invalid, match="管辖的区市"):
        service.add_site(busy.session, session_id=number, draft=SiteDraft("全市课堂"), **stamp)
    service.add_site(busy.session, session_id=number, draft=SiteDraft("环翠课堂", SiteKind.MAIN, district_code=HERE), **stamp)
    service.put_lessons(busy.session, session_id=number, lessons=[LessonDraft(at(9), at(10), "课")], **stamp)
    service.announce(busy.session, session_id=number, **stamp)

    assert queries.opened(busy.session, number, desk=busy.district).may_manage
    with pytest.raises(NotFound):
        queries.opened(busy.session, number, desk=busy.other_district)


def test_a_street_and_a_department_run_only_sessions_they_made(busy: School) -> None:
    account = factories.account(busy.session)
    for reach in (Reach(town_codes=frozenset({"371002001"})), Reach(department_codes=frozenset({"emergency"}))):
        desk = class_reach(busy.session, reaches=Reaches((reach,)), account_id=account)
        assert not desk.hosts(HERE, created_by=busy.city.account_id)
        assert desk.hosts(HERE, created_by=account)
        assert desk.hosts(THERE, created_by=account) is (reach.town_codes is None)
    nobody = class_reach(busy.session, reaches=Reaches(), account_id=account)
    assert queries.sessions(busy.session, desk=nobody, now=at(8)) == ()
    with pytest.raises(Invalid):
        service.create(busy.session, draft=ClassDraft("不该有的班"), **busy.stamp() | {"desk": nobody})


def test_people_to_choose_from_are_ones_own(busy: School) -> None:
    session, desk = busy.session, busy.other_district
    number = service.copy(session, session_id=busy.class_id, first_day=TODAY + timedelta(days=1), **busy.stamp())

    assert [one.name for one in candidates.uncovered(session, session_id=number, desk=desk, day=TODAY)] == ["李四"]
    assert candidates.search(session, text="张三", desk=desk) == ()
    assert [one.candidate for one in candidates.read_pasted(session, text="张三 13800000001", desk=desk)] == [None]


def test_a_guest_in_ones_classroom_is_seen_without_a_telephone(busy: School) -> None:
    registration.register(busy.session, site_id=busy.here, person_ids=[busy.li], **busy.stamp(at(8)))

    seats = registration.rows(busy.session, session_id=busy.class_id, desk=busy.district)

    assert [(row.name, row.phone) for row in seats] == [("张三", "13800000001"), ("李四", None)]


def test_files_hold_ones_own_classrooms_and_people(busy: School) -> None:
    def texts(desk: ClassReach) -> dict[str, str]:
        found = {}
        printed_sheets = printed.sign_in_sheets(
            busy.session, session_id=busy.class_id, desk=desk, day=TODAY, organiser="威海市安委会办公室", now=at(12)
        )
        for name, data in (
            ("sheets", printed_sheets),
            ("list", printed.attendance_list(busy.session, session_id=busy.class_id, desk=desk, now=at(12))),
        ):
            book = openpyxl.load_workbook(io.BytesIO(data))
            found[name] = "\n".join([*book.sheetnames, *(str(cell.value) for each in book for row in each for cell in row if cell.value)])
        return found

    city, own = texts(busy.city), texts(busy.district)

    assert all("李四" in text and "张三" in text and "文登分课堂" in text for text in city.values())
    assert all("李四" not in text and "张三" in text and "文登" not in text for text in own.values())
    assert "主要负责人专题班签到表" in own["sheets"] and "签名" in own["sheets"]
