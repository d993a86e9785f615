"""The parts of the extensions screen: find a person, see what they may still do, give more, help them back in."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts import help_desk
from quiz.accounts.domain import Permission, User
from quiz.accounts.help_desk import PersonRow
from quiz.attempts import queries as attempts
from quiz.attempts import service as attempt_service
from quiz.attempts.granted import Granted, granted
from quiz.organisations.reach import Reaches
from quiz.problems import Invalid, NotFound
from quiz.training.my_papers import MyPaper, my_papers
from quiz.ui import components, gate, office, state
from quiz.ui.components import Tone
from quiz.ui.markup import draw, markup

PAGE = "extensions"
SHORTEST_REASON = 4
MOST_ATTEMPTS, MOST_MINUTES = 10, 240
LATER = (0, 1, 3, 7, 15, 30, 60)
_STATES = {"open": "可以考", "passed": "已合格", "not_open": "未到开放时间", "closed": "已截止", "no_attempts": "次数已用完"}
_TONES: dict[str, Tone] = {"open": "info", "passed": "ok", "not_open": "", "closed": "bad", "no_attempts": "bad"}


def find(session: Session, reach: Reaches, now: datetime) -> None:
    """By name, telephone, account or enterprise."""
    text = office.search("查找人员", page=PAGE, placeholder="姓名、完整手机号、账号或企业名称")
    if not text:
        st.markdown("输入姓名或手机号，查到本人后办理延期、补考、重置密码和解锁。")
        return
    found = help_desk.find_people(session, text=text, reach=reach)
    if not found:
        components.empty_state(
            "没有查到", "只能查到管辖范围内在任的人员。请核对姓名；刚变更的负责人先到名册登记。", href="/enterprises", label="企业名册"
        )
        return
    rows = [
        (
            components.anchor(person.name, f"/extensions?person={person.id}"),
            office.masked(person.phone),
            "、".join(person.posts),
            components.badge(*_account(person, now)),
        )
        for person in found
    ]
    components.table(("姓名", "手机号", "任职", "账号"), rows)


def _account(person: PersonRow, now: datetime) -> tuple[str, Tone]:
    if person.account is None:
        return "未激活", "warn"
    if person.disabled:
        return "已停用", "bad"
    if person.locked_until is not None and person.locked_until > now:
        return "已锁定", "bad"
    return "正常", "ok"


def account(person: PersonRow, user: User, reach: Reaches, now: datetime) -> None:
    """Whether they can get in, and the two ways to help."""
    label, tone = _account(person, now)
    components.facts(
        [
            ("手机号", office.masked(person.phone)),
            ("任职", "、".join(person.posts)),
            ("账号", components.badge(label, tone)),
            ("最近登录", clock.show(person.last_sign_in_at) or "—"),
        ]
    )
    secret = state.TEMPORARY_PASSWORD.take()
    if secret is not None:
        components.note("请当面或电话告诉本人。只显示这一次，本人登录后必须修改。", tone="warn", title="临时密码")
        draw(markup('<p>账号 {}</p><span class="ankao-secret">{}</span>', secret.account, secret.password))
    if person.account is None:
        components.note("本人还没有激活账号，请发放激活码。")
        if user.may(Permission.ISSUE_ACTIVATIONS):
            components.link("激活码发放", "/activation_slips?state=&q=" + person.name)
        return
    if not user.may(Permission.ISSUE_ACTIVATIONS):
        return
    with st.container(horizontal=True):
        question = f"将作废{person.name}现在的密码并退出其所有设备，请先核实是本人。"
        if components.confirm_button("重置密码", key=f"{PAGE}_reset", question=question, icon=":material/lock_reset:"):
            office.perform(lambda session: _reset(session, person, user, reach))
        if label == "已锁定" and components.confirm_button(
            "解除锁定", key=f"{PAGE}_unlock", question="密码不变，本人可以马上再试。", icon=":material/lock_open:"
        ):
            office.perform(lambda session: _unlock(session, person, user, reach))


def _reset(session: Session, person: PersonRow, user: User, reach: Reaches) -> str:
    user.require(Permission.ISSUE_ACTIVATIONS)
    password = help_desk.reset_trainee_password(session, person_id=person.id, reach=reach, now=clock.now(), actor=gate.actor(user))
    state.TEMPORARY_PASSWORD.set(state.Secret(person.account or "", password))
    return f"{person.name}的密码已重置。"


def _unlock(session: Session, person: PersonRow, user: User, reach: Reaches) -> str:
    user.require(Permission.ISSUE_ACTIVATIONS)
    help_desk.unlock_trainee(session, person_id=person.id, reach=reach, now=clock.now(), actor=gate.actor(user))
    return f"{person.name}的账号已解除锁定。"


def papers(session: Session, person: PersonRow, user: User, reach: Reaches, now: datetime) -> None:
    """Each paper the person owes: what was tried, what is left, and the form to give more."""
    components.section("考试")
    found = my_papers(session, person_id=person.id, now=now)
    if not found:
        components.empty_state("没有在办的考试", "本人没有在任专项任务，或专项已经结束。", href="/programmes", label="查看培训专项")
    for view in found:
        with st.container(border=True):
            _paper(session, view, person, user, reach)


def _paper(session: Session, view: MyPaper, person: PersonRow, user: User, reach: Reaches) -> None:
    components.heading(view.paper.title, components.badge(_STATES[view.status], _TONES[view.status]), over="、".join(view.programmes))
    components.facts(
        [
            ("已考", f"{view.taken} 次"),
            ("还可考", "不限次数" if view.attempts_left is None else f"{view.attempts_left} 次"),
            ("最好成绩", "—" if view.best_score is None else f"{view.best_score:g} 分"),
            ("每次时间", f"{view.minutes} 分钟"),
            ("考试截止", clock.show(view.closes_at)),
            ("任务期限", office.day(view.due_on)),
        ]
    )
    taken = attempts.attempts_of(session, person_id=person.id, paper_id=view.paper.id)
    if taken:
        rows = [
            (f"第 {row.number} 次", clock.show(row.started_at), "—" if row.score is None else f"{row.score:g} / {row.max_score:g}",
             "合格" if row.passed else "未合格" if row.passed is not None else "答题中", row.state.label)
            for row in taken
        ]  # fmt: skip
        components.table(("次数", "开始时间", "得分", "结果", "交卷方式"), rows)
    with st.expander("增加次数、延长时间或推迟截止", icon=":material/more_time:"):
        _grant_form(view, person, user, reach)


def _grant_form(view: MyPaper, person: PersonRow, user: User, reach: Reaches) -> None:
    key = f"{PAGE}_{person.id}_{view.paper.id}"
    with st.form(key, border=False):
        left, middle, right = st.columns(3)
        with left:
            more = st.number_input(
                "增加次数", 0, MOST_ATTEMPTS, 0, step=1, key=f"{key}_attempts", disabled=view.attempts_left is None,
                help="不限次数的试卷不需要增加。" if view.attempts_left is None else None,
            )  # fmt: skip
        with middle:
            minutes = st.number_input("每次延长（分钟）", 0, MOST_MINUTES, 0, step=5, key=f"{key}_minutes")
        with right:
            last = max(clock.local_day(clock.now()), clock.local_day(view.closes_at))
            days = st.selectbox(
                "截止推迟",
                LATER,
                format_func=lambda n: f"{n} 天，到 {(last + timedelta(days=n)).isoformat()}" if n else "不推迟",
                key=f"{key}_closes",
            )
        reason = st.text_input(
            "理由（必填，记入审计）", max_chars=200, key=f"{key}_reason", placeholder="例如：考试当天停电，企业已出具说明"
        )
        pressed = st.form_submit_button("办理", type="primary")
    if pressed:
        day = last + timedelta(days=days) if days else None
        office.perform(lambda session: _grant(session, view.paper.id, person, user, reach, int(more), int(minutes), day, reason))


def _grant(
    session: Session, paper_id: int, person: PersonRow, user: User, reach: Reaches, more: int, minutes: int, day: date | None, reason: str
) -> str:
    now = clock.now()
    help_desk.person_row(session, person_id=person.id, reach=reach)
    view = next((each for each in my_papers(session, person_id=person.id, now=now) if each.paper.id == paper_id), None)
    if view is None:
        raise NotFound("本人已经没有这份试卷的任务，请刷新后再办。")
    if len(reason.strip()) < SHORTEST_REASON:
        raise Invalid("请写明理由，至少 4 个字。", code="reason_short")
    closes_at = clock.end_of_day(day) if day else None
    attempt_service.grant_extension(
        session, paper_id=paper_id, person_id=person.id, reason=reason, granted_by=user.account_id, now=now, extra_attempts=more,
        extra_minutes=minutes, closes_at=closes_at,
    )  # fmt: skip
    office.record(
        session, user, "grant_extension", subject=f"{person.name} · {view.paper.title}", now=now, person=person.id, paper=paper_id,
        attempts=more, minutes=minutes, closes_on=day.isoformat() if day else "", reason=reason.strip(),
    )  # fmt: skip
    return f"已为{person.name}办理：{_said(more, minutes, closes_at)}。"


def _said(more: int, minutes: int, closes_at: datetime | None) -> str:
    parts = (
        f"增加 {more} 次" if more else "",
        f"每次延长 {minutes} 分钟" if minutes else "",
        f"截止推迟到 {clock.show(closes_at)}" if closes_at else "",
    )
    return "，".join(filter(None, parts))


def past(session: Session, reach: Reaches, *, person_id: int | None = None) -> None:
    """What was granted, to whom, why, by whom."""
    found = granted(session, reach=reach, person_id=person_id)
    components.section("已办理的延期和补考")
    if found:
        components.table(("姓名", "试卷", "内容", "理由", "办理人", "办理时间"), [_past(row) for row in found])
    else:
        components.empty_state("还没有办理过", "查到本人后，在对应的试卷下办理。推迟完成期限、核减在“培训专项”里办理。")


def _past(row: Granted) -> tuple[object, ...]:
    name = components.anchor(row.person, f"/extensions?person={row.person_id}")
    return (
        name,
        row.paper,
        _said(row.extra_attempts, row.extra_minutes, row.closes_at),
        row.reason,
        row.granted_by or "—",
        clock.show(row.granted_at),
    )
