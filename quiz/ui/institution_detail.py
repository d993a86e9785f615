"""One training institution: standing, history of reviews, a new review against the checklist, strike-off."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.classes import institutions
from quiz.classes.domain import Standing
from quiz.classes.institutions import CheckItem, Finding, InstitutionDraft, InstitutionView, ReviewDraft, ReviewView
from quiz.ui import components, institution_list, office, store
from quiz.ui.components import Tone
from quiz.ui.institution_list import PAGE, TONES, Register
from quiz.ui.markup import draw, markup, plain
from quiz.vocabulary import ReviewVerdict

_VERDICT_TONES: dict[ReviewVerdict, Tone] = {ReviewVerdict.PASSED: "ok", ReviewVerdict.TO_MEND: "warn", ReviewVerdict.FAILED: "bad"}
_MARKS: dict[bool | None, str] = {True: "符合", False: "不符合", None: "不适用"}
LARGEST_MB = 10
EARLIEST = date(2015, 1, 1)


def head(view: InstitutionView, desk: Register) -> None:
    """Name, standing, what it means for hours."""
    components.page_header(view.name, "安全生产培训机构")
    components.link("返回机构列表", "/institutions")
    draw(markup("<p><b>{}</b> {}</p>", view.district, components.badge(view.standing.label, TONES[view.standing])))
    components.facts(
        [
            ("统一社会信用代码", view.uscc or "—"), ("培训范围", view.scope or "—"), ("地址", view.address or "—"),
            ("联系人", f"{view.contact} {view.telephone}".strip() or "—"), ("最近复核", office.day(view.reviewed_on)),
            ("有效期至", office.day(view.valid_until)), ("承办班次", f"{view.sessions} 个"), ("备注", view.remark or "—"),
        ]
    )  # fmt: skip
    if view.standing is Standing.STRUCK_OFF:
        components.note(f"自 {view.struck_off_on} 起清退：{view.struck_off_reason}。清退之日起的班次不计学时，之前的不变。", tone="bad")
    elif not view.standing.gives_hours:
        components.note("没有有效的条件复核：现在举办的班次不计学时；登记有效复核后，复核日期起的班次自动补计。", tone="warn")
    elif (left := view.days_left(desk.today)) is not None and left <= institutions.SOON.days:
        components.note(f"复核还有 {left} 天到期，到期后的班次不计学时。", tone="warn")


def history(view: InstitutionView, desk: Register) -> None:
    """All reviews, withdrawn ones too."""
    if not view.reviews:
        components.empty_state("还没有复核记录", "到“登记复核”逐项登记。")
        return
    items = {item.code: item for item in institutions.checklist()[1]}
    for each in view.reviews:
        state = "（已撤回）" if each.withdrawn_at else ""
        with st.expander(plain(f"{each.reviewed_on.isoformat()}　{each.verdict.label}{state}"), expanded=each is view.reviews[0]):
            _review(view, each, items, desk)


def _review(view: InstitutionView, each: ReviewView, items: dict[str, CheckItem], desk: Register) -> None:
    components.facts(
        [
            ("结论", components.badge(each.verdict.label, _VERDICT_TONES[each.verdict])), ("有效期至", office.day(each.valid_until)),
            ("复核人员", each.reviewers or "—"), ("登记时间", clock.show(each.recorded_at)), ("说明", each.remark or "—"),
        ]
    )  # fmt: skip
    rows = [
        (items[one.code].group, items[one.code].title, components.badge(_MARKS[one.met], _tone(one.met)), one.note or "—")
        for one in each.findings
        if one.code in items
    ]
    if rows:
        components.table(("类别", "项目", "情况", "原文要求和说明"), rows)
    with st.container(horizontal=True):
        if each.attachment_id is not None:
            _attachment(each, desk)
        if each.withdrawn_at is None:
            with st.popover("撤回这次复核", key=f"{PAGE}_withdraw_{each.id}_popover"):
                components.hint("登记有误时撤回；前一次复核重新生效，学时随即重新计算。")
                reason = st.text_input("理由（必填）", max_chars=200, key=f"{PAGE}_withdraw_reason_{each.id}")
                if st.button("确认撤回", key=f"{PAGE}_withdraw_{each.id}", type="primary"):
                    office.perform(lambda session: _withdrawn(session, each, reason, desk))


def _tone(met: bool | None) -> Tone:
    return "ok" if met else "bad" if met is False else ""


def _attachment(each: ReviewView, desk: Register) -> None:
    def content() -> bytes:
        with store.transaction() as session:
            name, data = institutions.attachment(session, review_id=each.id, districts=desk.districts)
            office.record(session, desk.user, "export", subject=name, institution=each.id)
            return data

    st.download_button(
        f"附件：{plain(each.attachment)}", content, file_name=each.attachment, key=f"{PAGE}_attachment_{each.id}", icon=":material/attach_file:",
        on_click="ignore",
    )  # fmt: skip


def _withdrawn(session: Session, each: ReviewView, reason: str, desk: Register) -> str:
    changed = institutions.withdraw_review(session, review_id=each.id, reason=reason, **desk.stamp())
    return f"{each.reviewed_on.isoformat()} 的复核已撤回。{_changed(changed)}"


def _changed(number: int) -> str:
    return f"{number} 人的学时已重新计算。" if number else "没有人的学时因此变化。"


# 登记复核 -------------------------------------------------------------------------------------------------------------


def review(view: InstitutionView, desk: Register) -> None:
    """The checklist as a form."""
    standard, items = institutions.checklist()
    if view.standing is Standing.STRUCK_OFF:
        components.note("已清退的机构先恢复在册，再登记复核。", tone="warn")
        return
    components.hint(f"依据 {standard}。标“按原文补”的项目，请对照标准原文填写具体要求后再判断。")
    key = f"{PAGE}_review_{view.id}_{len(view.reviews)}"
    with st.form(key, border=False):
        answers: list[Finding | None] = []
        for group, some in groupby(items, key=lambda item: item.group):
            st.markdown(f"**{group}**")
            answers += [_ask(item, key) for item in some]
        st.markdown("**结论**")
        left, right = st.columns(2)
        with left:
            day = st.date_input(
                "复核日期", value=desk.today, min_value=EARLIEST, max_value=desk.today, format="YYYY-MM-DD", key=f"{key}_day"
            )
            verdicts = list(ReviewVerdict)
            verdict = st.selectbox("结论", verdicts, format_func=lambda each: each.label, key=f"{key}_verdict")
        with right:
            until = st.date_input(
                "有效期至（符合的必填，含当天）", value=desk.today + timedelta(days=364), format="YYYY-MM-DD", key=f"{key}_until"
            )
            reviewers = st.text_input("复核人员（必填）", max_chars=120, key=f"{key}_reviewers")
        remark = st.text_area("说明", max_chars=500, height=80, key=f"{key}_remark")
        file = st.file_uploader(
            "附件（PDF、JPG、PNG，可不传）", type=["pdf", "jpg", "jpeg", "png"], key=f"{key}_file", max_upload_size=LARGEST_MB
        )
        pressed = st.form_submit_button("登记复核", type="primary")
    if not pressed or not isinstance(day, date):
        return
    findings = [answer for answer in answers if answer is not None]
    if len(findings) < len(items):
        components.note(f"还有 {len(items) - len(findings)} 项没有判断，请逐项选择“符合”“不符合”或“不适用”。", tone="bad")
        return
    valid_until = until if verdict is ReviewVerdict.PASSED and isinstance(until, date) else None
    attachment = (file.name, file.getvalue()) if file is not None else None
    draft = ReviewDraft(day, verdict, valid_until, tuple(findings), reviewers, remark, attachment)
    office.perform(lambda session: _reviewed(session, view, draft, desk))


def _ask(item: CheckItem, key: str) -> Finding | None:
    """What the reviewer found; None while nothing is chosen: an item nobody looked at must not count as met."""
    left, right = st.columns([1, 1])
    with left:
        mark = st.radio(
            item.title + ("" if item.complete else "　【按原文补】"), list(_MARKS.values()), index=None, horizontal=True,
            key=f"{key}_{item.code}",
        )  # fmt: skip
    with right:
        label = "说明" if item.complete else "标准原文的要求、检查情况"
        note = st.text_input(label, max_chars=300, key=f"{key}_{item.code}_note", placeholder="" if item.complete else "请按标准原文补填")
    met = next((met for met, label in _MARKS.items() if label == mark), None)
    return Finding(item.code, met, note or "") if mark else None


def _reviewed(session: Session, view: InstitutionView, draft: ReviewDraft, desk: Register) -> str:
    changed = institutions.review(session, institution_id=view.id, draft=draft, today=desk.today, **desk.stamp())
    return f"复核已登记：{draft.verdict.label}。{_changed(changed)}"


# 办理 -----------------------------------------------------------------------------------------------------------------


def acts(view: InstitutionView, desk: Register) -> None:
    """Correct what is known; strike off, and take it back."""
    with st.expander("修改登记", icon=":material/edit:"):
        given = InstitutionDraft(
            view.name, view.uscc, view.district_code, view.address, view.contact, view.telephone, view.scope, view.remark
        )
        draft = institution_list.form(given, desk, key=f"{PAGE}_edit_{view.id}", label="保存修改")
        if draft is not None:
            office.perform(lambda session: _edited(session, view, draft, desk))
    if view.struck_off_on is None:
        with st.expander("清退", icon=":material/block:"):
            components.hint("清退之日起的班次不计学时，之前的不变。可以恢复。")
            with st.form(f"{PAGE}_strike_{view.id}", border=False):
                on = st.date_input("自哪天起", value=desk.today, min_value=EARLIEST, format="YYYY-MM-DD", key=f"{PAGE}_strike_day")
                reason = st.text_input("原因和依据（必填）", max_chars=200, key=f"{PAGE}_strike_reason")
                pressed = st.form_submit_button("清退")
            if pressed and isinstance(on, date):
                office.perform(lambda session: _struck(session, view, on, reason, desk))
    else:
        with st.expander("恢复在册", icon=":material/undo:", expanded=True), st.form(f"{PAGE}_back_{view.id}", border=False):
            reason = st.text_input("原因和依据（必填）", max_chars=200, key=f"{PAGE}_back_reason")
            pressed = st.form_submit_button("恢复在册", type="primary")
            if pressed:
                office.perform(lambda session: _back(session, view, reason, desk))


def _edited(session: Session, view: InstitutionView, draft: InstitutionDraft, desk: Register) -> str:
    institutions.edit(session, institution_id=view.id, draft=draft, **desk.stamp())
    return "登记已修改。"


def _struck(session: Session, view: InstitutionView, on: date, reason: str, desk: Register) -> str:
    changed = institutions.strike_off(session, institution_id=view.id, on=on, reason=reason, **desk.stamp())
    return f"“{view.name}”已清退。{_changed(changed)}"


def _back(session: Session, view: InstitutionView, reason: str, desk: Register) -> str:
    changed = institutions.put_back(session, institution_id=view.id, reason=reason, **desk.stamp())
    return f"“{view.name}”已恢复在册。{_changed(changed)}"
