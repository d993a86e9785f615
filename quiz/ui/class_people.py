"""Registrations of a session: who is on the list, and putting people on it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.classes import candidates, printed, printed_sheet, registration
from quiz.classes.candidates import Candidate, Pasted
from quiz.classes.queries import ClassView, SiteView
from quiz.classes.registration import RegistrationRow
from quiz.settings import settings
from quiz.ui import components, office, store
from quiz.ui.class_detail import PAGE, Room, choose_day, choose_site
from quiz.vocabulary import ClassState, SiteKind

LONG_LIST = 15
"""From here on a list has a field to search it."""
_WAYS = {"uncovered": "未完成的人", "missed": "上一班缺课的人", "search": "查找", "paste": "粘贴名单"}


def show(session: Session, view: ClassView, room: Room) -> None:
    """The list, and adding to it."""
    rows = registration.rows(session, session_id=view.id, desk=room.desk)
    _list(view, rows, room)
    if view.state is ClassState.ANNOUNCED:
        _add(session, view, room)
    elif view.state is ClassState.DRAFT:
        components.note("发布后才能报名。请先在“安排”里加课堂、排课，再到“办理”里发布。")
    _files(view, room)


def _list(view: ClassView, rows: Sequence[RegistrationRow], room: Room) -> None:
    components.section(
        f"已报名（{len(rows)} 人）", "可以看到本辖区的人员，以及报到您管理的课堂的人员。" if not room.desk.is_city_wide else ""
    )
    if not rows:
        components.empty_state("还没有人报名", "可以从专项的未完成名单里选，也可以由本人在手机上报名。")
        return
    sites = {"": f"全部课堂 {len(rows)}"} | {
        str(site.id): f"{site.name} {sum(row.site_id == site.id for row in rows)}" for site in view.sites
    }
    chosen = st.pills("课堂", list(sites), format_func=sites.__getitem__, default="", key=f"{PAGE}_people_site") or ""
    shown = [row for row in rows if not chosen or str(row.site_id) == chosen]
    if len(rows) > LONG_LIST:
        text = office.search("在名单里查找", page=PAGE, name="registered", placeholder="姓名或单位的一部分")
        shown = [row for row in shown if text in row.name or text in row.organisation]
    if not shown:
        components.hint("没有符合条件的人。")
        return
    frame = pd.DataFrame(
        [
            (row.name, row.organisation, office.masked(row.phone), row.site, "本人" if row.by_self else "工作人员", "到" if row.came else "—")
            for row in shown
        ],
        columns=["姓名", "单位", "手机号", "课堂", "报名方式", "到课"],
    )  # fmt: skip
    at = components.data_table(frame, key=f"{PAGE}_people_table_{chosen}_{len(shown)}", choose=True)
    if at is None:
        components.hint("点选一行可以取消报名或改到其他课堂。")
        return
    row = shown[at]
    if view.state is not ClassState.ANNOUNCED:
        return
    with st.container(horizontal=True):
        if components.confirm_button("取消报名", key=f"{PAGE}_cancel_{row.id}", question=f"取消{row.name}的报名，座位让出。"):
            office.perform(lambda session: _cancelled(session, row, room))
        others = tuple(site for site in view.sites if site.id != row.site_id)
        if others:
            with st.popover("改到其他课堂", key=f"{PAGE}_move_{row.id}_popover"):
                target = choose_site("改到", others, key=f"{PAGE}_move_site_{row.id}")
                if st.button("确认改到这里", key=f"{PAGE}_move_{row.id}", type="primary") and target is not None:
                    _register(target, [row.person_id], room)


def _cancelled(session: Session, row: RegistrationRow, room: Room) -> str:
    name = registration.cancel(session, registration_id=row.id, **room.stamp())
    return f"{name}的报名已取消；需要时可以重新报名。"


def _register(site: SiteView, person_ids: Sequence[int], room: Room) -> None:
    def work(session: Session) -> str:
        return f"“{site.name}”：{registration.register(session, site_id=site.id, person_ids=person_ids, **room.stamp()).text}。"

    office.perform(work)


# 添加 -----------------------------------------------------------------------------------------------------------------


def _add(session: Session, view: ClassView, room: Room) -> None:
    components.section("添加人员")
    if not view.sites:
        components.note("还没有课堂，先到“安排”里添加。")
        return
    ways = [way for way in _WAYS if (way != "uncovered" or view.programme_id) and (way != "missed" or view.make_up_of)]
    start = "missed" if view.make_up_of else ways[0]
    way = st.segmented_control("从哪里选", ways, format_func=_WAYS.__getitem__, default=start, key=f"{PAGE}_add_way") or start
    if way == "paste":
        _paste(session, view, room)
        return
    if way == "uncovered":
        found = _uncovered(session, view, room)
    elif way == "missed":
        found = candidates.missed(session, session_id=view.id, desk=room.desk)
        components.hint(f"报名了“{view.make_up_title}”而没有得到学时的人。")
    else:
        text = office.search("姓名、完整手机号或单位", page=PAGE, name="who")
        found = candidates.search(session, text=text, desk=room.desk)
        if not text:
            return
    if not found:
        components.empty_state("没有人可选", "都已报名、已完成，或不在您的管理范围内。")
        return
    _choose(found, view, room, key=f"{PAGE}_add_{way}")


def _uncovered(session: Session, view: ClassView, room: Room) -> tuple[Candidate, ...]:
    left, right = st.columns(2)
    offered = office.districts(room.reference, room.reach)
    if len(offered) > 1:
        offered = {"": "全部区市", **offered}
    with left:
        district = st.selectbox("区市", list(offered), format_func=offered.__getitem__, key=f"{PAGE}_add_district")
    with right:
        below = office.towns(room.reference, room.reach, district) if district else {}
        options = {"": "全部镇街", **below}
        town = st.selectbox("镇街", list(options), format_func=options.__getitem__, key=f"{PAGE}_add_town_{district}")
    return candidates.uncovered(session, session_id=view.id, desk=room.desk, day=room.today, district=district, town=town)


def _choose(found: Sequence[Candidate], view: ClassView, room: Room, *, key: str) -> None:
    site = _site(found, view, room, key=key)
    names = {one.person_id: f"{one.name}　{one.organisation}" for one in found}
    more = f"（只列出前 {candidates.MOST_SHOWN} 人，请按镇街缩小范围）" if len(found) >= candidates.MOST_SHOWN else ""
    everybody = st.checkbox(f"所列 {len(found)} 人全选{more}", key=f"{key}_all")
    chosen = list(names) if everybody else st.multiselect(
        "选人", list(names), format_func=names.__getitem__, key=f"{key}_chosen", placeholder="可多选，可输入姓名查找", select_all=False
    )  # fmt: skip
    if everybody:
        components.table(("姓名", "单位", "手机号"), [(one.name, one.organisation, office.masked(one.phone)) for one in found[:20]])
        if len(found) > 20:
            components.hint(f"只列出前 20 人，共 {len(found)} 人。")
    if st.button(f"报名 {len(chosen)} 人", key=f"{key}_go", type="primary", disabled=not chosen or site is None) and site is not None:
        _register(site, chosen, room)


def _site(found: Sequence[Candidate], view: ClassView, room: Room, *, key: str) -> SiteView | None:
    """Which classroom: their own first, where there is one with seats."""
    ordered = sorted(view.sites, key=lambda site: (not site.is_hosted, site.left == 0, site.kind is not SiteKind.BRANCH))
    sites = tuple(ordered) if not room.desk.is_city_wide else view.sites
    return choose_site("报到哪个课堂", sites, key=f"{key}_site")


def _paste(session: Session, view: ClassView, room: Room) -> None:
    text = st.text_area(
        "每行一人：姓名和手机号，或姓名和单位", key=f"{PAGE}_paste", height=160, placeholder="张三 13800000000\n李四 某某机械有限公司"
    )
    if not (text or "").strip():
        return
    found = candidates.read_pasted(session, text=text, desk=room.desk)
    good = [one for one in found if one.candidate is not None]
    components.note(f"认出 {len(good)} 人，{len(found) - len(good)} 行没有认出。", tone="ok" if len(good) == len(found) else "warn")
    components.table(("原文", "认定为", "说明"), [_pasted(one) for one in found[:50]])
    site = choose_site("报到哪个课堂", view.sites, key=f"{PAGE}_paste_site")
    ids = [one.candidate.person_id for one in good if one.candidate]
    if st.button(f"报名 {len(ids)} 人", key=f"{PAGE}_paste_go", type="primary", disabled=not ids or site is None) and site is not None:
        _register(site, ids, room)


def _pasted(one: Pasted) -> tuple[object, ...]:
    if one.candidate is None:
        return one.line, components.badge("未认出", "bad"), one.problem
    return one.line, f"{one.candidate.name}　{one.candidate.organisation}", "—"


# 文件 -----------------------------------------------------------------------------------------------------------------


def _files(view: ClassView, room: Room) -> None:
    if not view.hosted or not view.days:
        return
    components.section("打印和导出", "签到表每个课堂一份：PDF 直接打印、手写签名；表格用来录入，录好在“导入签到表”里导入。")
    day = choose_day("签到表日期", view, key=f"{PAGE}_print_day", today=room.today)

    def paper() -> bytes:
        with store.reading() as session:
            organiser = settings().organiser
            return printed_sheet.sheet_pdf(session, session_id=view.id, desk=room.desk, day=day, organiser=organiser, now=clock.now())

    def sheets() -> bytes:
        with store.reading() as session:
            organiser = settings().organiser
            return printed.sign_in_sheets(session, session_id=view.id, desk=room.desk, day=day, organiser=organiser, now=room.now)

    def people() -> bytes:
        with store.reading() as session:
            return printed.attendance_list(session, session_id=view.id, desk=room.desk, now=room.now)

    with st.container(horizontal=True):
        subject = f"{view.title}签到表"
        office.download(
            "签到表（PDF，打印签名）", paper, user=room.user, action="export", subject=subject, key=f"{PAGE}_paper", extension="pdf"
        )
        office.download("签到表（表格，录入用）", sheets, user=room.user, action="export", subject=subject, key=f"{PAGE}_sheet_file")
        office.download(
            "报名和到课名单", people, user=room.user, action="export", subject=f"{view.title}名单", key=f"{PAGE}_list_file"
        )  # fmt: skip
