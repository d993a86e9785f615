"""The parts of the calls screen: the question, the calls with their reasons and a form each, what was logged, the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd
import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.coverage.uncovered import Filters
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.problems import Invalid
from quiz.reminders import contacts
from quiz.reminders.call_list import Call, CallList, call_list
from quiz.training.queries import ProgrammeView, programmes
from quiz.ui import components, office, store
from quiz.ui.components import Kpi, Tone
from quiz.ui.files import xlsx_bytes
from quiz.vocabulary import ContactOutcome, ProgrammeState

PAGE = "calls"
ROWS = 20
PAST = 20
SHORTEST_REASON = 4
PRESSING, SOON = 60, 30
_TONES: dict[ContactOutcome, Tone] = {
    ContactOutcome.CALLED: "info",
    ContactOutcome.PROMISED: "ok",
    ContactOutcome.NO_ANSWER: "warn",
    ContactOutcome.REFUSED: "bad",
    ContactOutcome.WRONG_NUMBER: "bad",
}


@dataclass(frozen=True)
class Question:
    """What is asked: a programme and a place."""

    programme: ProgrammeView
    filters: Filters
    place: str


def question(session: Session, reference: Reference, reach: Reaches) -> Question | None:
    """The choices at the head; None when no programme runs."""
    running = {view.code: view for view in programmes(session, states=[ProgrammeState.OPEN])}
    if not running:
        components.empty_state("没有进行中的专项", "开放一个培训专项后，这里列出还没完成的企业。", href="/programmes", label="培训专项")
        return None
    left, right = st.columns(2)
    with left:
        code = office.choose("培训专项", {code: view.title for code, view in running.items()}, name="programme", page=PAGE, always=True)
        text = office.search("查找", page=PAGE, placeholder="企业名称")
    with right:
        district, town = office.choose_place(reference, reach, page=PAGE)
    place = reference.label("region", town or district) if district else "全部"
    return Question(running[code], Filters(district=district or None, town=town or None, name=text or None), place)


def listing(session: Session, asked: Question, user: User, reach: Reaches, *, now: datetime) -> None:
    """The calls, the most pressing first, each with its form."""
    today = clock.local_day(now)
    office.begin_again(str(asked.filters), asked.programme.code, page=PAGE)
    found = call_list(
        session, programme_code=asked.programme.code, today=today, reach=reach, filters=asked.filters, limit=ROWS,
        offset=office.offset(ROWS),
    )  # fmt: skip
    if not found.total:
        components.empty_state("没有要打的电话", "所选范围内应训企业都已完成。", href="/coverage", label="查看覆盖率")
        return
    overdue = sum(town[3] for town in found.by_town)
    components.kpi_row(
        [
            Kpi("要联系", f"{found.total} 家"),
            Kpi("其中逾期", f"{overdue} 家", f"期限 {asked.programme.due_on.isoformat()}", tone="bad" if overdue else "ok"),
            Kpi("涉及镇街", f"{len(found.by_town)} 个"),
        ]
    )
    with st.expander("分镇街看要联系多少家"):
        rows = [(name, f"{number} 家", f"{late} 家") for _, name, number, late in found.by_town]
        components.table(("镇街", "要联系", "其中逾期"), rows)
    components.section("先打给谁", "分数是各项理由相加；逾期、临近期限、高危、失信承诺加分，刚联系过或承诺未到期减分。")
    for place, call in enumerate(found.calls, start=office.offset(ROWS) + 1):
        with st.container(border=True):
            _call(call, place, asked, user, reach, today)
    office.pages(found.total, page=PAGE, size=ROWS)
    _files(asked, user, reach, today)


def _call(call: Call, place: int, asked: Question, user: User, reach: Reaches, today: date) -> None:
    row = call.row
    tone: Tone = "bad" if call.urgency >= PRESSING else "warn" if call.urgency >= SOON else "info"
    last = [] if call.last is None else [components.badge(call.last.outcome.label, _TONES[call.last.outcome])]
    where = f"{row.district} {row.town}".strip()
    components.heading(f"{place}. {row.name}", components.badge(f"{call.urgency} 分", tone), *last, over=f"{where} · {row.sector}")
    components.facts(
        [
            ("联系人", "、".join(row.waiting_for) or "未登记负责人"),
            ("手机号", row.masked_phone or "—"),
            ("为什么先打", call.reasons or "按期限排序"),
            ("完成情况", row.shown_reason),
        ]
    )
    with st.container(horizontal=True):
        if row.phone:
            with st.popover("拨号", icon=":material/call:"):
                components.hint("点号码拨打；查看完整号码会记入审计。")
                if st.button("显示号码", key=f"{PAGE}_show_{row.organisation_id}"):
                    with store.transaction() as writing:
                        office.record(writing, user, "export_call_list", subject=row.name, phones="one", programme=asked.programme.code)
                    st.markdown(f"[{row.phone}](tel:{row.phone})")
        with st.popover("登记结果", icon=":material/edit_note:"):
            _form(call, asked, user, reach, today)
        components.link("企业档案", f"/enterprises?organisation={row.organisation_id}")


def _form(call: Call, asked: Question, user: User, reach: Reaches, today: date) -> None:
    key = f"{PAGE}_{asked.programme.code}_{call.row.organisation_id}"
    outcome = st.radio("结果", list(ContactOutcome), format_func=lambda each: each.label, key=f"{key}_outcome")
    if outcome is None:
        return
    promised = None
    if outcome is ContactOutcome.PROMISED:
        promised = st.date_input(
            "承诺哪天完成", value=today + timedelta(days=3), min_value=today, max_value=today + timedelta(days=180), format="YYYY-MM-DD",
            key=f"{key}_promised",
        )  # fmt: skip
    note = st.text_input("备注（可不填）", max_chars=contacts.LONGEST_NOTE, key=f"{key}_note")
    if st.button("保存", type="primary", key=f"{key}_save"):
        day = promised if isinstance(promised, date) else None
        office.perform(lambda session: _log(session, call, asked, user, reach, outcome, day, note or ""))


def _log(
    session: Session, call: Call, asked: Question, user: User, reach: Reaches, outcome: ContactOutcome, promised: date | None, note: str
) -> str:
    now = clock.now()
    contacts.log_contact(
        session, programme_code=asked.programme.code, organisation_id=call.row.organisation_id, outcome=outcome, reach=reach,
        account_id=user.account_id, now=now, person_id=call.row.person_id, promised_on=promised, note=note,
    )  # fmt: skip
    office.record(session, user, "log_contact", subject=call.row.name, now=now, programme=asked.programme.code, outcome=outcome.value)
    return f"已登记：{call.row.name}，{outcome.label}。"


# 导出 -----------------------------------------------------------------------------------------------------------------


def workbook(
    asked: Question, reach: Reaches, today: date, *, full_phones: bool, purpose: str = "", agreed: bool = False
) -> Callable[[], bytes]:
    """The whole list; raises Invalid for whole numbers without purpose and promise, whoever asks."""

    def make() -> bytes:
        if full_phones and not (agreed and len(purpose) >= SHORTEST_REASON):
            raise Invalid("导出完整手机号须写明用途并勾选确认。", code="purpose_missing")
        with store.reading() as session:
            found = call_list(session, programme_code=asked.programme.code, today=today, reach=reach, filters=asked.filters, limit=None)
        return xlsx_bytes(_frame(found, full_phones=full_phones), title="催办名单", now=clock.now(), notes=_notes(found, asked))

    return make


def _frame(found: CallList, *, full_phones: bool) -> pd.DataFrame:
    columns = ("序号", "分数", "企业", "区市", "镇街", "行业领域", "联系人", "手机号", "完成期限", "完成情况", "为什么先打", "上次联系")
    rows = [
        (
            place, call.urgency, call.row.name, call.row.district, call.row.town, call.row.sector, "、".join(call.row.waiting_for),
            (call.row.phone or "") if full_phones else call.row.masked_phone, call.row.due_on.isoformat(), call.row.shown_reason,
            call.reasons, "" if call.last is None else f"{call.last.on.isoformat()} {call.last.outcome.label}",
        )
        for place, call in enumerate(found.calls, start=1)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(columns))


def _notes(found: CallList, asked: Question) -> list[str]:
    return [f"专项：{found.title}；统计日期：{found.today.isoformat()}；范围：{asked.place}；共 {found.total} 家，按紧迫程度从高到低。"]


def _files(asked: Question, user: User, reach: Reaches, today: date) -> None:
    components.section("导出催办名单", "范围与上面的筛选一致，可分镇街下发；每次导出都记入审计。")
    subject = f"{asked.programme.title}催办名单"
    detail = {"programme": asked.programme.code, "place": asked.place}
    office.download(
        "下载名单（手机号隐去中间四位）", workbook(asked, reach, today, full_phones=False), user=user, action="export_call_list",
        subject=subject, key=f"{PAGE}_download", primary=True, detail=detail | {"phones": "masked"},
    )  # fmt: skip
    with st.expander("需要完整手机号"):
        components.note("名单含个人信息，只限本次工作使用，用后及时删除，不得外传。", tone="warn")
        purpose = (st.text_input("用途（必填）", key=f"{PAGE}_purpose", max_chars=100, placeholder="例如：电话通知逾期企业") or "").strip()
        agreed = st.checkbox("我确认确有工作需要，并妥善保管", key=f"{PAGE}_agreed")
        office.download(
            "下载含完整手机号的名单", workbook(asked, reach, today, full_phones=True, purpose=purpose, agreed=agreed), user=user,
            action="export_call_list", subject=f"{subject}（含手机号）", key=f"{PAGE}_download_full",
            disabled=not (agreed and len(purpose) >= SHORTEST_REASON), detail=detail | {"phones": "full", "purpose": purpose},
        )  # fmt: skip


# 已登记 ---------------------------------------------------------------------------------------------------------------


def past(session: Session, asked: Question, user: User, reach: Reaches) -> None:
    """What was logged lately, with the way to take back one's own slip."""
    found = contacts.contacts(session, reach=reach, programme_code=asked.programme.code, limit=PAST)
    components.section("最近的联系记录", f"最近 {PAST} 条；写错的可以撤回自己登记的。")
    if not found:
        components.empty_state("还没有联系记录", "在上面的企业卡片里登记结果。")
        return
    rows = [
        (
            clock.show(view.at), components.anchor(view.organisation, f"/enterprises?organisation={view.organisation_id}"), view.person or "—",
            components.badge(view.outcome.label, _TONES[view.outcome]),
            f"{view.promised_on.isoformat()} 前完成" if view.promised_on else "—", view.note or "—", view.by,
        )
        for view in found
    ]  # fmt: skip
    components.table(("时间", "企业", "联系人", "结果", "承诺", "备注", "登记人"), rows)
    own = {
        view.id: f"{clock.show(view.at)} {view.organisation} {view.outcome.label}" for view in found if view.account_id == user.account_id
    }
    if own:
        with st.expander("撤回写错的记录"):
            chosen = st.selectbox("哪一条", list(own), format_func=own.__getitem__, key=f"{PAGE}_withdraw_choice")
            if st.button("撤回", key=f"{PAGE}_withdraw"):
                office.perform(lambda session: _withdraw(session, chosen, own[chosen], user))


def _withdraw(session: Session, contact_id: int, said: str, user: User) -> str:
    now = clock.now()
    contacts.withdraw_contact(session, contact_id=contact_id, account_id=user.account_id, now=now)
    office.record(session, user, "withdraw_contact", subject=said, now=now)
    return f"已撤回：{said}。"
