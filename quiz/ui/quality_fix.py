"""One finding opened: what is doubtful, the acts that mend it, or a word that it is right as it stands."""

from __future__ import annotations

from datetime import date

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.organisations import person_merge, quality, queries
from quiz.organisations import service as organisations
from quiz.organisations.quality import Finding
from quiz.organisations.quality_checks import Check
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.problems import NotFound
from quiz.ui import components, enterprises_actions, office, quality_list
from quiz.ui.enterprises_desk import Desk

PAGE = "data_quality"


def show(session: Session, check: Check, subject: str, user: User, reach: Reaches, reference: Reference, today: date) -> None:
    """The finding with everything that can be done about it."""
    components.link("返回清单", f"/data_quality?check={check.code}")
    try:
        found = quality.finding_of(session, code=check.code, subject=subject, today=today, reach=reach)
        view = queries.organisation_view(session, found.organisation_id, reach=reach)
    except NotFound as refusal:
        components.empty_state("这一条已经处理", refusal.message, href=f"/data_quality?check={check.code}", label="处理下一条")
        return
    facts: list[tuple[str, object]] = [
        ("单位", components.anchor(found.organisation, f"/enterprises?organisation={found.organisation_id}")),
        ("所在地", quality_list.place(found, reference)),
    ]
    if found.person:
        facts.append(("人员", found.person))
    if check.extra_label:
        facts.append((check.extra_label, found.extra or "—"))
    components.facts(facts)
    group = quality.group_of(session, finding=found, today=today, reach=reach) if found.together else ()
    if len(group) > 1:
        if "duplicate" not in check.fixes:
            _group(session, group, reference)
    elif found.together and check.code != "many_firms":
        components.note("同组的其他登记不在您的管理范围内。需要合并的，请市安委会办公室办理。", tone="info")
    desk = Desk(user, reach, reference, view, today)
    known = enterprises_actions.acts()
    for position, name in enumerate(check.fixes):
        if name == "merge_persons":
            with st.expander("合并重复登记的人员", icon=":material/group_remove:", expanded=position == 0):
                _merge_persons(session, found, group, user, reach, today)
        elif name == "duplicate":
            with st.expander("处理重复登记的单位", icon=":material/content_copy:", expanded=position == 0):
                _duplicate(session, found, group, user, reach, today)
        else:
            with st.expander(known[name].label, icon=known[name].icon, expanded=position == 0):
                known[name].form(desk)
    _confirm(found, check, user, reach, today)


def _group(session: Session, group: tuple[Finding, ...], reference: Reference) -> None:
    components.section(f"同组的登记（{len(group)} 条）")
    people = any(each.person for each in group)
    phones = person_merge.phones_of(session, tuple(each.person_id for each in group if each.person_id is not None))
    rows = [
        (
            components.anchor(each.organisation, f"/enterprises?organisation={each.organisation_id}"), quality_list.place(each, reference),
            *([each.person, each.person_id or "—", office.masked(phones.get(each.person_id or 0)) or "—"] if people else []),
        )
        for each in group
    ]  # fmt: skip
    components.table(("单位", "所在地", *(["人员", "人员编号", "手机号"] if people else [])), rows)


# 重复的单位 -----------------------------------------------------------------------------------------------------------


def _duplicate(session: Session, found: Finding, group: tuple[Finding, ...], user: User, reach: Reaches, today: date) -> None:
    """One and the same enterprise entered twice: one entry was never an enterprise of its own."""
    views = {each.organisation_id: queries.organisation_view(session, each.organisation_id, reach=reach) for each in group}
    if len(views) < 2:
        st.markdown("同组的另一家不在您的管理范围内，请市安委会办公室办理。")
        return
    components.table(
        ("编号", "单位", "代码或登记注册号", "主要负责人", "录入时间"),
        [
            (key, view.row.name, view.row.uscc or view.row.registration_number or "—", view.row.principals or "未登记",
             clock.show(view.details["created_at"]))
            for key, view in views.items()
        ],
    )  # fmt: skip
    labels = {key: f"编号 {key}：{view.row.name}" for key, view in views.items()}  # what tells them apart comes first: a phone cuts the end
    with st.form(f"{PAGE}_duplicate_{found.subject}", border=False):
        kept = st.selectbox("保留哪一家", sorted(labels), format_func=labels.__getitem__, key=f"{PAGE}_kept_{found.subject}")
        double = st.selectbox(
            "哪一家是重复登记", sorted(labels, reverse=True), format_func=labels.__getitem__, key=f"{PAGE}_double_{found.subject}"
        )
        reason = st.text_input("依据（必填）", max_chars=200, key=f"{PAGE}_duplicate_reason_{found.subject}").strip()
        components.bullets(
            [
                "重复的一家自始不计入应训企业，登记和记录保留，可在它的企业档案里撤销合并。",
                "原负责人如需在保留的一家任职，请到那一家登记；同一人的两条登记用“同名人员”检查合并。",
            ]
        )
        pressed = st.form_submit_button("按重复登记处理", type="primary")
    if not pressed or kept is None or double is None:
        return
    if len(reason) < quality.SHORTEST_REASON:
        components.note("请写明依据，例如“经电话核实为同一家”。", tone="bad")
        return
    office.perform(lambda session: _drop_double(session, double, kept, reason, user, reach, today))


def _drop_double(session: Session, double: int, kept: int, reason: str, user: User, reach: Reaches, today: date) -> str:
    view, other = (queries.organisation_view(session, key, reach=reach) for key in (double, kept))
    began = min(segment.since for segment in view.placements)
    since = min(began, view.details["registered_on"] or began)
    organisations.merge(
        session, organisation_id=view.id, into_id=other.id, effective_on=since, document=f"重复登记：{reason}", now=clock.now(), today=today,
        account_id=user.account_id,
    )  # fmt: skip
    office.record(session, user, "correct_duplicate", subject=view.row.name, organisation=view.id, into=other.id, document=reason)
    return f"“{view.row.name}”（编号 {view.id}）已按重复登记并入编号 {other.id}，自始不计入应训。"


# 重复的人员 -----------------------------------------------------------------------------------------------------------


def _merge_persons(session: Session, found: Finding, group: tuple[Finding, ...], user: User, reach: Reaches, today: date) -> None:
    same = {each.person_id: each for each in group if each.person == found.person and each.person_id is not None}
    if len(same) < 2:
        st.markdown("没有同名的另一条登记可以合并；不是同一人的，请更正手机号或确认无误。")
        return
    posts = person_merge.people_named(session, tuple(same))
    phones = person_merge.phones_of(session, tuple(same))
    labels = {key: f"{same[key].person}（编号 {key}，{office.masked(phones.get(key))}，{posts.get(key, '无任职')}）" for key in same}
    with st.form(f"{PAGE}_merge_{found.subject}", border=False):
        kept = st.selectbox("保留哪一条登记", list(labels), format_func=labels.__getitem__, key=f"{PAGE}_kept_{found.subject}")
        dropped = st.selectbox("并入它的登记", list(labels), index=1, format_func=labels.__getitem__, key=f"{PAGE}_dropped_{found.subject}")
        reason = st.text_input("依据（必填）", max_chars=200, key=f"{PAGE}_merge_reason_{found.subject}")
        components.bullets(
            [
                "任职、答题、学时和证书都归到保留的登记，培训任务随之重算；保留的登记手机号不变。",
                "合并错了可以撤销：各归各的，合并以后新产生的记录留在保留的登记。",
            ]
        )
        pressed = st.form_submit_button("确认合并", type="primary")
    if pressed and kept is not None and dropped is not None:

        def work(session: Session) -> str:
            quality.require_persons_within(session, person_ids=(kept, dropped), reach=reach)
            person_merge.merge_persons(
                session, kept_id=kept, dropped_id=dropped, reason=reason, now=clock.now(), today=today, account_id=user.account_id
            )
            office.record(session, user, "merge_persons", subject=found.person, kept=kept, reason=reason)
            return f"{found.person}的两条登记已合并为一条。"

        office.perform(work)


def merged(session: Session, user: User, reach: Reaches, today: date) -> None:
    """Merges of people within reach, and the way back."""
    found = [each for each in person_merge.merges(session, conditions=reach.conditions()) if each.undone_at is None]
    if not found:
        return
    with st.expander(f"合并过的人员（{len(found)} 次）", icon=":material/group_remove:"):
        components.table(("人员", "依据", "时间"), [(each.kept, each.reason, clock.show(each.at)) for each in found])
        names = {each.id: f"{each.kept}（{clock.show(each.at)}）" for each in found}
        chosen = st.selectbox(
            "撤销哪一次", list(names), index=None, format_func=names.__getitem__, key=f"{PAGE}_unmerge", placeholder="请选择"
        )
        if chosen is not None and components.confirm_button(
            "撤销合并", key=f"{PAGE}_unmerge_go", question="恢复为两条登记，各归各的记录；合并以后新产生的记录留在保留的登记。"
        ):

            def work(session: Session) -> str:
                row = next((each for each in person_merge.merges(session, conditions=reach.conditions()) if each.id == chosen), None)
                if row is None:
                    raise NotFound("没有找到这次合并，或不在您的管理范围内。")
                quality.require_persons_within(session, person_ids=(row.kept_id,), reach=reach)
                view = person_merge.undo_person_merge(session, merge_id=row.id, now=clock.now(), today=today, account_id=user.account_id)
                office.record(session, user, "undo_person_merge", subject=view.kept, kept=row.kept_id)
                return f"{view.kept}的合并已撤销，恢复为两条登记。"

            office.perform(work)


# 确认无误 -------------------------------------------------------------------------------------------------------------


def _confirm(found: Finding, check: Check, user: User, reach: Reaches, today: date) -> None:
    with st.expander("确认无误", icon=":material/verified:"), st.form(f"{PAGE}_confirm_{found.check}_{found.subject}", border=False):
        reason = st.text_input("核实的情况（必填）", max_chars=200, placeholder="例如：两处分店，均在经营")
        components.hint("确认后不再列入待核实；情况有变（例如又有一人用同一号码）会重新列出。")
        pressed = st.form_submit_button("确认无误")
    if pressed:

        def work(session: Session) -> str:
            quality.confirm(
                session, code=check.code, subject=found.subject, reason=reason, now=clock.now(), today=today, reach=reach,
                account_id=user.account_id,
            )  # fmt: skip
            office.record(session, user, "confirm_quality", subject=found.organisation, check=check.title, reason=reason)
            return f"已确认无误：{found.organisation}（{check.title}）。"

        office.perform(work)
