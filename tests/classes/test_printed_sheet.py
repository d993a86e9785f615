"""The sign-in sheet on paper: who is on it, how many empty lines, how many pages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from quiz.classes import printed_sheet, queries, registration, service
from quiz.classes.reach import ClassReach
from quiz.problems import Refusal
from quiz.typesetting import typeset
from tests.classes.conftest import TODAY, School, at


def lines(school: School, site_id: int, people: int) -> list[dict[str, str]]:
    registration.register(
        school.session, site_id=site_id, person_ids=[school.zhang], desk=school.city, actor=school.actor, now=at(8)
    )  # fmt: skip
    rows = registration.rows(school.session, session_id=school.class_id, desk=school.city)
    many = [replace(rows[0], person_id=number, name=f"{rows[0].name}{number}") for number in range(people)]
    view = queries.opened(school.session, school.class_id, desk=school.city)
    data = printed_sheet.sheet_data(view, many, day=TODAY, organiser="市安委会办公室", now=at(8))
    return next(sheet["rows"] for sheet, site in zip(data["sheets"], view.hosted, strict=True) if site.id == site_id)


@pytest.mark.parametrize(("people", "whole"), [(0, 11), (3, 11), (4, 26), (18, 26), (19, 41), (200, 221)])
def test_names_are_followed_by_empty_lines_to_the_end_of_the_last_page(school: School, people: int, whole: int) -> None:
    found = lines(school, school.main, people)

    assert len(found) == whole >= people + printed_sheet.BLANK_LINES
    assert sum(bool(line["name"]) for line in found) == people
    assert [line["number"] for line in found] == [str(number) for number in range(1, whole + 1)]


def test_names_stand_in_the_order_of_their_sound(school: School) -> None:
    for site_id, person in ((school.main, school.zhang), (school.main, school.li), (school.main, school.wang)):
        registration.register(school.session, site_id=site_id, person_ids=[person], desk=school.city, actor=school.actor, now=at(8))
    rows = list(registration.rows(school.session, session_id=school.class_id, desk=school.city))
    view = queries.opened(school.session, school.class_id, desk=school.city)

    sheet = printed_sheet.sheet_data(view, rows, day=TODAY, organiser="市安委会办公室", now=at(8))["sheets"][0]

    assert [(line["name"], line["phone"]) for line in sheet["rows"][:4]] == [
        ("李四", "138****0002"), ("王五", "138****0003"), ("张三", "138****0001"), ("", ""),
    ]  # fmt: skip


def pages(made: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", made))


def test_the_file_has_pages_of_their_own_for_each_classroom_of_ones_own(school: School) -> None:
    registration.register(school.session, site_id=school.here, person_ids=[school.zhang], desk=school.city, actor=school.actor, now=at(8))

    def made(desk: ClassReach) -> int:
        stated = {"session_id": school.class_id, "day": TODAY, "organiser": "市安委会办公室", "now": at(8)}
        return pages(printed_sheet.sheet_pdf(school.session, desk=desk, **stated))  # type: ignore[arg-type]

    assert (made(school.city), made(school.district)) == (3, 1)


def test_the_head_says_what_where_when_and_by_whom(school: School) -> None:
    view = queries.opened(school.session, school.class_id, desk=school.district)

    sheet = printed_sheet.sheet_data(view, [], day=TODAY, organiser="市安委会办公室", now=at(8))["sheets"][0]

    assert sheet["title"] == "主要负责人专题班"
    assert sheet["where"] == [
        ("课堂", "环翠分课堂"), ("地点", "环翠区政府三楼"), ("日期", "2026 年 11 月 23 日（周一）"), ("时间", "09:00—10:40"),
    ]  # fmt: skip
    assert sheet["who"] == [("主办", "市安委会办公室"), ("授课", "宋老师"), ("联系人", "毕主任 0631-5200001"), ("已报名", "0 人")]


def test_hostile_words_are_set_as_they_stand(school: School) -> None:
    view = queries.opened(school.session, school.class_id, desk=school.city)
    hostile = replace(view, title='#pagebreak() $x$ \\ "引号" <b>')

    data = printed_sheet.sheet_data(hostile, [], day=TODAY + timedelta(days=1), organiser="*市*", now=at(8))

    made = typeset(printed_sheet.TEMPLATE, data)
    assert pages(made) == 3


def test_without_a_classroom_of_ones_own_there_is_nothing_to_print(school: School) -> None:
    for site_id in (school.here, school.there):
        service.remove_site(school.session, site_id=site_id, **school.stamp())

    with pytest.raises(Refusal, match="没有您管理的课堂"):
        printed_sheet.sheet_pdf(
            school.session, session_id=school.class_id, desk=school.district, day=TODAY, organiser="市安委会办公室", now=at(8)
        )
