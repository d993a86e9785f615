"""What an office does to one enterprise: each act checks the reach again inside its own transaction, and is audited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st
from sqlmodel import Session

from quiz.organisations import contacts
from quiz.organisations import service as organisations
from quiz.organisations.domain import CATEGORY_LABELS, ROLE_LABELS, OrganisationView, PersonDraft, PostView
from quiz.problems import Invalid, NotFound
from quiz.ui import components, enterprises_existence, office
from quiz.ui.enterprises_desk import EARLIEST, Desk, ask_document, pick_day
from quiz.ui.enterprises_list import GAS_KINDS, GRADES
from quiz.ui.markup import plain
from quiz.vocabulary import OrganisationKind, PostRole

__all__ = ["Act", "Desk", "acts", "show"]


@dataclass(frozen=True)
class Act:
    """One act with its lid."""

    label: str
    icon: str
    form: Callable[[Desk], None]


def acts() -> dict[str, Act]:
    """Every act by name; those that are needed most come first."""
    return {
        "change_principal": Act("变更主要负责人", ":material/swap_horiz:", _change_principal),
        "appoint": Act("登记任职", ":material/person_add:", _appoint),
        "posts": Act("更正手机号、指定参训人、离任", ":material/badge:", _posts),
        "tenure": Act("更正任职日期", ":material/edit_calendar:", _tenure),
        "edit": Act("修改基本情况", ":material/edit:", _edit),
        "features": Act("特征标签", ":material/label:", _features),
        "move": Act("变更所在地", ":material/location_on:", _move),
        "sector": Act("变更行业领域和主管部门", ":material/category:", _sector),
        "status": Act("变更经营状态（停产、注销、恢复营业）", ":material/event_busy:", enterprises_existence.status),
        "merge": Act("与其他单位合并", ":material/merge:", enterprises_existence.merge),
    }


def show(desk: Desk) -> None:
    """The acts, each behind its own lid."""
    opened = "change_principal" if desk.view.principals else "appoint"
    for name, act in acts().items():
        with st.expander(act.label, icon=act.icon, expanded=name == opened):
            act.form(desk)


def _person(desk: Desk, name: str) -> PersonDraft:
    left, right = st.columns(2)
    with left:
        given = st.text_input("姓名（必填）", max_chars=30, key=desk.key(f"{name}_name"))
    with right:
        phone = st.text_input("手机号（用于登录）", max_chars=20, key=desk.key(f"{name}_phone"))
    return PersonDraft(name=given, phone=phone or None)


def _mine(view: OrganisationView, post_id: int) -> PostView:
    """The post, if it is a present one of this enterprise."""
    post = next((each for each in view.posts if each.id == post_id), None)
    if post is None:
        raise NotFound("该任职不属于这家企业，或已经结束，请刷新后再办。")
    return post


# 任职 -----------------------------------------------------------------------------------------------------------------


def _change_principal(desk: Desk) -> None:
    principals = desk.view.principals
    if not principals:
        st.markdown("现在没有主要负责人，请用“登记任职”。")
        return
    with st.form(desk.key("change"), border=False):
        names = {post.id: f"{post.person_name}（{post.category_label}，{post.held_from.isoformat()} 起）" for post in principals}
        leaving = st.selectbox("由谁离任", list(names), format_func=lambda number: names[number], key=desk.key("change_leaving"))
        person = _person(desk, "change")
        category = st.selectbox(
            "新任职务类别", list(CATEGORY_LABELS), format_func=CATEGORY_LABELS.__getitem__, key=desk.key("change_category")
        )
        day = pick_day(desk, "新任任职日期（原任同日离任）", "change_day")
        document = ask_document(desk, "change")
        components.bullets(["原任的成绩归其本人，不转给新任。", "新任要重新完成在办专项，期限按任职日顺延。"])
        pressed = st.form_submit_button("确认变更", type="primary")
    if pressed:

        def work(session: Session, view: OrganisationView) -> str:
            return _changed(desk, session, view, leaving, person, category, day, document)

        desk.act("change_principal", work, leaving=names[leaving], document=document)


def _changed(
    desk: Desk, session: Session, view: OrganisationView, leaving: int, person: PersonDraft, category: str, day: date, document: str
) -> str:
    before = _mine(view, leaving)
    post = organisations.change_principal(
        session, organisation_id=view.id, person=person, held_from=day, leaving_post_id=before.id, category=category, document=document,
        **desk.stamp(),
    )  # fmt: skip
    return f"主要负责人已由{before.person_name}变更为{post.person_name}，自 {day.isoformat()} 起。请给新任发放激活码。"


def _appoint(desk: Desk) -> None:
    with st.form(desk.key("appoint"), border=False):
        left, right = st.columns(2)
        with left:
            role = st.selectbox("岗位", list(ROLE_LABELS), format_func=ROLE_LABELS.__getitem__, key=desk.key("appoint_role"))
        with right:
            category = st.selectbox(
                "职务类别", list(CATEGORY_LABELS), format_func=CATEGORY_LABELS.__getitem__, key=desk.key("appoint_category")
            )
        person = _person(desk, "appoint")
        day = pick_day(desk, "任职日期", "appoint_day")
        document = ask_document(desk, "appoint")
        pressed = st.form_submit_button("登记任职", type="primary")
    if pressed:

        def work(session: Session, view: OrganisationView) -> str:
            post = organisations.appoint(
                session, organisation_id=view.id, person=person, role=role, held_from=day, category=category, document=document,
                **desk.stamp(),
            )  # fmt: skip
            return f"已登记{post.person_name}任{post.role_label}，自 {day.isoformat()} 起。"

        desk.act("appoint", work, role=role)


def _posts(desk: Desk) -> None:
    if not desk.view.posts:
        st.markdown("没有在任人员。")
        return
    names = {post.id: f"{post.person_name}（{post.role_label}）" for post in desk.view.posts}
    chosen = st.selectbox("哪一位", list(names), format_func=lambda number: names[number], key=desk.key("post"))
    post = next(each for each in desk.view.posts if each.id == chosen)
    with st.form(desk.key(f"phone_{chosen}"), border=False):
        st.markdown(f"现在登记的手机号：{office.masked(post.phone)}".replace("*", r"\*"))
        phone = st.text_input("正确的手机号", max_chars=20, key=desk.key(f"phone_value_{chosen}"))
        if st.form_submit_button("更正手机号"):
            desk.act("correct_phone", lambda session, view: _phone(desk, session, view, chosen, phone), person=post.person_name)
    if (
        post.role == PostRole.PRINCIPAL
        and not post.designated
        and components.confirm_button(
            "指定为参训人",
            key=desk.key(f"designate_{chosen}"),
            question=f"口径 B 下，{post.person_name}合格即算企业完成；原指定人随即取消。",
        )
    ):
        desk.act("designate", lambda session, view: _designated(desk, session, view, chosen), person=post.person_name)
    with st.form(desk.key(f"end_{chosen}"), border=False):
        day = pick_day(desk, "离任日期（这一天起不再任职）", f"end_day_{chosen}")
        sure = st.checkbox(f"确认{plain(post.person_name)}离任，暂无人接任", key=desk.key(f"end_sure_{chosen}"))
        if st.form_submit_button("登记离任"):
            if sure:
                desk.act("end_post", lambda session, view: _ended(desk, session, view, chosen, day), person=post.person_name)
            else:
                components.note("请先勾选确认。有人接任的，请用“变更主要负责人”。", tone="warn")


def _tenure(desk: Desk) -> None:
    posts = [*desk.view.posts, *desk.view.past_posts]
    if not posts:
        st.markdown("没有任职记录。")
        return
    names = {post.id: f"{post.person_name}（{post.role_label}，{post.held_from} 至 {post.held_to or '今'}）" for post in posts}
    chosen = st.selectbox("哪一条任职", list(names), format_func=lambda number: names[number], key=desk.key("tenure"))
    post = next(each for each in posts if each.id == chosen)
    with st.form(desk.key(f"tenure_{chosen}"), border=False):
        left, right = st.columns(2)
        with left:
            since = st.date_input(
                "正确的任职日期", post.held_from, min_value=min(EARLIEST, post.held_from), max_value=max(desk.today, post.held_from),
                format="YYYY-MM-DD", key=desk.key(f"tenure_from_{chosen}"),
            )  # fmt: skip
        with right:
            until = st.date_input(
                "正确的离任日期（仍在任留空）", post.held_to, min_value=min(EARLIEST, post.held_from), max_value=desk.today,
                format="YYYY-MM-DD", key=desk.key(f"tenure_to_{chosen}"),
            )  # fmt: skip
        document = ask_document(desk, f"tenure_{chosen}")
        components.bullets(["用于改正登记错误；正常换人请用“变更主要负责人”。", "从未任职的，把离任日期填成与任职日期同一天。"])
        pressed = st.form_submit_button("保存更正", type="primary")
    if pressed and isinstance(since, date):
        ends = until if isinstance(until, date) else None

        def work(session: Session, view: OrganisationView) -> str:
            return _corrected(desk, session, view, chosen, since, ends, document)

        desk.act("correct_tenure", work, person=post.person_name, document=document)


def _corrected(desk: Desk, session: Session, view: OrganisationView, post_id: int, since: date, until: date | None, document: str) -> str:
    if post_id not in {each.id for each in (*view.posts, *view.past_posts)}:
        raise NotFound("该任职不属于这家企业，请刷新后再办。")
    post = organisations.correct_tenure(session, post_id=post_id, held_from=since, held_to=until, document=document, **desk.stamp())
    return f"{post.person_name}的任职已更正为 {post.held_from} 至 {post.held_to or '今'}，培训任务随之重算。"


def _phone(desk: Desk, session: Session, view: OrganisationView, post_id: int, phone: str) -> str:
    post = _mine(view, post_id)
    person = contacts.correct_phone(session, organisation_id=view.id, person_id=post.person_id, phone=phone, **desk.stamp())
    return f"{person.name}的手机号已更正为 {office.masked(person.phone)}。已经激活的，登录账号不变。"


def _designated(desk: Desk, session: Session, view: OrganisationView, post_id: int) -> str:
    post = organisations.designate(session, post_id=_mine(view, post_id).id, **desk.stamp())
    return f"已指定{post.person_name}为参训人。"


def _ended(desk: Desk, session: Session, view: OrganisationView, post_id: int, day: date) -> str:
    post = organisations.end_post(session, post_id=_mine(view, post_id).id, held_to=day, **desk.stamp())
    return f"已登记{post.person_name}自 {day.isoformat()} 起离任。"


# 企业 -----------------------------------------------------------------------------------------------------------------


def _edit(desk: Desk) -> None:
    row, details = desk.view.row, desk.view.details
    with st.form(desk.key("edit"), border=False):
        wanted: dict[str, Any] = {"name": st.text_input("单位全称", row.name, max_chars=120, key=desk.key("edit_name"))}
        left, right = st.columns(2)
        with left:
            kinds = [kind.value for kind in OrganisationKind]
            wanted["kind"] = st.selectbox(
                "单位类型",
                kinds,
                index=kinds.index(row.kind),
                format_func=lambda code: OrganisationKind(code).label,
                key=desk.key("edit_kind"),
            )
            wanted["uscc"] = st.text_input("统一社会信用代码", row.uscc or "", max_chars=18, key=desk.key("edit_uscc")).strip() or None
            number = st.text_input("登记注册号", row.registration_number or "", max_chars=40, key=desk.key("edit_number"))
            wanted["registration_number"] = number.strip() or None
            wanted["premises"] = st.text_input("经营场所", row.premises, max_chars=120, key=desk.key("edit_premises")).strip()
            wanted["subsector"] = st.text_input("行业小类", details["subsector"], max_chars=60, key=desk.key("edit_subsector")).strip()
        with right:
            wanted["employees"] = st.number_input(
                "从业人员数",
                min_value=0,
                max_value=999_999,
                value=row.employees,
                step=1,
                placeholder="不清楚可留空",
                key=desk.key("edit_employees"),
            )
            for name, label, offered in (("gas_kind", "燃气类型", GAS_KINDS), ("hospital_grade", "医院等级", GRADES)):
                choices = list(dict.fromkeys((details[name], *offered)))
                wanted[name] = st.selectbox(label, choices, format_func=lambda text: text or "不适用", key=desk.key(f"edit_{name}"))
            wanted["telephone"] = st.text_input(
                "联系电话（可填座机）", details["telephone"], max_chars=30, key=desk.key("edit_telephone")
            ).strip()
            wanted["standardisation"] = st.text_input(
                "标准化等级", details["standardisation"], max_chars=20, key=desk.key("edit_standardisation")
            ).strip()
            founded = st.date_input(
                "成立日期", details["registered_on"], min_value=date(1900, 1, 1), max_value=desk.today, format="YYYY-MM-DD",
                key=desk.key("edit_registered_on"),
            )  # fmt: skip
            wanted["registered_on"] = founded if isinstance(founded, date) else None
        wanted["address"] = st.text_input("详细地址", details["address"], max_chars=200, key=desk.key("edit_address")).strip()
        wanted["remark"] = st.text_input("备注", details["remark"], max_chars=200, key=desk.key("edit_remark")).strip()
        forced = st.text_input("信用代码校验不过仍要登记的，写明佐证", max_chars=200, key=desk.key("edit_forced"))
        pressed = st.form_submit_button("保存修改", type="primary")
    if pressed:
        before = {name: details[name] for name in wanted}
        changes = {name: value for name, value in wanted.items() if value != before[name]}
        if not changes:
            components.note("没有改动，不需要保存。")
        else:
            desk.act("edit_organisation", lambda session, view: _edited(desk, session, view, changes, forced), fields=sorted(changes))


def _edited(desk: Desk, session: Session, view: OrganisationView, changes: dict[str, Any], forced: str) -> str:
    organisations.edit_organisation(session, organisation_id=view.id, changes=changes, uscc_forced_reason=forced.strip(), **desk.stamp())
    return "已保存修改，原来的内容见“变更记录”。"


def _features(desk: Desk) -> None:
    labels = {code: row.name for code, row in desk.reference.features.items()}
    with st.form(desk.key("features"), border=False):
        chosen = st.multiselect(
            "特征标签（决定应参加哪些专项）", list(labels), default=[code for code in desk.view.features if code in labels],
            format_func=labels.__getitem__, placeholder="可多选", select_all=False, key=desk.key("features_chosen"),
        )  # fmt: skip
        day = pick_day(desk, "从哪一天起是这样", "features_day")
        document = ask_document(desk, "features")
        pressed = st.form_submit_button("保存标签", type="primary")
    if pressed:

        def work(session: Session, view: OrganisationView) -> str:
            since = None if day == desk.today else day
            organisations.set_features(
                session, organisation_id=view.id, features=frozenset(chosen), effective_on=since, document=document, **desk.stamp()
            )
            return f"特征标签已保存，自 {day} 起按新标签计算培训任务。"

        desk.act("set_features", work, features=sorted(chosen))


def _move(desk: Desk) -> None:
    places = office.districts(desk.reference, desk.reach)
    row = desk.view.row
    if not office.is_city_wide(desk.reach):
        st.markdown("您可以在自己的管辖范围内变更所在地；迁往其他区市的，请市安委会办公室办理。")
    codes = list(places)
    district = st.selectbox(
        "迁往区市", codes, index=codes.index(row.district_code) if row.district_code in codes else 0, format_func=places.__getitem__,
        key=desk.key("move_district"),
    )  # fmt: skip
    below = office.towns(desk.reference, desk.reach, district)
    with st.form(desk.key(f"move_{district}"), border=False):
        town = st.selectbox(
            "迁往镇街", list(below), format_func=below.__getitem__, key=desk.key(f"move_town_{district}"), placeholder="请选择"
        )
        day = pick_day(desk, "迁移日期（从这一天起计入新的地方）", "move_day")
        document = ask_document(desk, "move")
        pressed = st.form_submit_button("确认变更所在地", type="primary")
    if pressed:
        desk.act(
            "move_organisation",
            lambda session, view: _moved(desk, session, view, district, town, day, document),
            district=district,
            town=town,
        )


def _moved(desk: Desk, session: Session, view: OrganisationView, district: str, town: str | None, day: date, document: str = "") -> str:
    row = view.row
    _stay_within(desk, office.Place(row.id, district, town, row.department_code, row.direct_department_code))
    after = organisations.move(
        session, organisation_id=view.id, district_code=district, town_code=town, effective_on=day, document=document, **desk.stamp()
    )
    return f"所在地已变更为{after.row.district_name}{after.row.town_name}，自 {day.isoformat()} 起。"


def _stay_within(desk: Desk, place: office.Place) -> None:
    if not office.may_end_up(desk.reach, place):
        raise Invalid("变更后该企业将不在您的管辖范围内，请由管辖两边的市安委会办公室办理。", code="beyond_reach")


def _sector(desk: Desk) -> None:
    row, reference = desk.view.row, desk.reference
    with st.form(desk.key("sector"), border=False):
        sectors, departments = list(reference.sectors), ["", *reference.departments]
        sector = st.selectbox(
            "行业领域", sectors, index=sectors.index(row.sector_code), format_func=lambda code: reference.sectors[code].name,
            key=desk.key("sector_code"),
        )  # fmt: skip
        department = st.selectbox(
            "行业主管部门", departments, index=departments.index(row.department_code or ""), key=desk.key("sector_department"),
            format_func=lambda code: reference.label("department", code) or "按行业领域确定",
        )  # fmt: skip
        day = pick_day(desk, "从哪一天起", "sector_day")
        document = ask_document(desk, "sector")
        pressed = st.form_submit_button("确认变更行业", type="primary")
    if pressed:

        def work(session: Session, view: OrganisationView) -> str:
            return _sectored(desk, session, view, sector, department or None, day, document)

        desk.act("change_sector", work, sector=sector)


def _sectored(
    desk: Desk, session: Session, view: OrganisationView, sector: str, department: str | None, day: date, document: str = ""
) -> str:
    row = view.row
    becomes = department or desk.reference.sectors[sector].department_code
    _stay_within(desk, office.Place(row.id, row.district_code, row.town_code, becomes, row.direct_department_code))
    after = organisations.change_sector(
        session,
        organisation_id=view.id,
        sector_code=sector,
        department_code=department,
        effective_on=day,
        document=document,
        **desk.stamp(),
    )
    return f"行业领域已变更为{after.row.sector_name}，主管部门{after.row.department_name}，自 {day.isoformat()} 起。"
