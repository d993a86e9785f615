"""一企一档 and 一人一档: all that is on record of an enterprise or a person, read live and dated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlmodel import Session, col

from quiz import clock
from quiz.attempts import queries as attempts
from quiz.certificates import queries as certificates
from quiz.models.classes import ClassSession, HoursCredit
from quiz.models.organisations import Organisation, Person, Post
from quiz.models.papers import Paper
from quiz.models.training import Duty, ExemptionRequest, Programme
from quiz.organisations import identifiers
from quiz.organisations import queries as organisations
from quiz.organisations.domain import ChangeView, PostView
from quiz.organisations.reach import Reach, Reaches
from quiz.problems import NotFound
from quiz.reminders import contacts
from quiz.reports.structure import Paragraph, Section, Table
from quiz.vocabulary import DutyClosing, ExemptionGround, ExemptionState

AnyReach = Reach | Reaches
NOTHING = "无记录。"


@dataclass(frozen=True)
class Dossier:
    """A file of one enterprise or one person."""

    title: str
    subject: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    source: str


def enterprise_dossier(session: Session, *, organisation_id: int, reach: AnyReach, now: datetime) -> Dossier:
    """The file of an enterprise within reach.

    Raises:
        NotFound: it is out of reach.
    """
    view = organisations.organisation_view(session, organisation_id, reach=reach)
    row, details = view.row, view.details
    today = clock.local_day(now)
    posts = [*view.posts, *view.past_posts]
    facts = (
        ("企业名称", row.name), ("统一社会信用代码", row.code_label), ("属地", f"{row.district_name}{row.town_name}"),
        ("详细地址", str(details.get("address") or "—")), ("行业领域", row.sector_name), ("行业主管部门", row.department_name or "待明确"),
        ("特征标签", "、".join(view.feature_names) or "—"), ("从业人员数", "—" if row.employees is None else f"{row.employees}人"),
        ("标准化等级", str(details.get("standardisation") or "—")), ("经营状态", row.status_label),
    )  # fmt: skip
    left_on = _left_on(posts)
    return Dossier(
        title="一企一档",
        subject=row.name,
        facts=facts,
        sections=(
            Section("一、任职情况", (_posts(posts),)),
            Section("二、培训任务", (_duties(session, organisation_id=organisation_id),)),
            Section("三、课堂学时", (_hours(session, left_on),)),
            Section("四、考试记录", (_attempts(session, left_on),)),
            Section("五、结业证明", (_certificates(certificates.certificates_at(session, organisation_id=organisation_id, today=today)),)),
            Section("六、核减", (_exemptions(session, organisation_id),)),
            Section("七、沟通联系", (_contacts(session, organisation_id, reach),)),
            Section("八、变更记录", (_history(view.history),)),
        ),
        source=_source(now),
    )  # fmt: skip


def person_dossier(session: Session, *, person_id: int, reach: AnyReach, now: datetime) -> Dossier:
    """The file of a person who holds or held a post within reach; what they did for enterprises beyond it is theirs and is shown.

    Raises:
        NotFound: none of their posts is within reach.
    """
    within = (
        select(col(Post.id))
        .join(Organisation, col(Organisation.id) == col(Post.organisation_id))
        .where(col(Post.person_id) == person_id, *reach.conditions())
        .limit(1)
    )
    person = session.get(Person, person_id)
    if person is None or session.scalar(within) is None:
        raise NotFound("没有找到该人员，或您无权查看。", code="person_unknown")
    today = clock.local_day(now)
    posts = organisations.posts_of_person(session, person_id, current_only=False)
    facts = (
        ("姓名", person.name), ("手机号", identifiers.mask_phone(person.phone) if person.phone else "—"),
        ("身份证号", f"末四位 {person.identity_tail}" if person.identity_tail else "未登记"),
    )  # fmt: skip
    return Dossier(
        title="一人一档",
        subject=person.name,
        facts=facts,
        sections=(
            Section("一、任职经历", (_posts(posts, names=_names(session, posts)),)),
            Section("二、培训任务", (_duties(session, person_id=person_id),)),
            Section("三、课堂学时", (_hours(session, {person_id: None}),)),
            Section("四、考试记录", (_attempts(session, {person_id: None}),)),
            Section("五、结业证明", (_certificates(certificates.certificates_of(session, person_id=person_id, today=today)),)),
        ),
        source=_source(now),
    )


def _source(now: datetime) -> str:
    return f"导出时间 {clock.show(now)}；内容为导出时的登记情况；含个人信息，请妥善保管"


def _names(session: Session, posts: Sequence[PostView]) -> dict[int, str]:
    ids = {post.organisation_id for post in posts}
    return {
        row[0]: row[1] for row in session.execute(select(col(Organisation.id), col(Organisation.name)).where(col(Organisation.id).in_(ids)))
    }


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], widths: tuple[float, ...]) -> Table | Paragraph:
    return Table("", columns, tuple(rows), widths=widths) if rows else Paragraph(NOTHING)


def _posts(posts: Sequence[PostView], names: dict[int, str] | None = None) -> Table | Paragraph:
    rows = [
        (
            names.get(post.organisation_id, "") if names is not None else post.person_name, post.role_label, post.category_label,
            "是" if post.designated else "否", post.held_from.isoformat(), post.held_to.isoformat() if post.held_to else "在任",
        )
        for post in sorted(posts, key=lambda post: post.held_from, reverse=True)
    ]  # fmt: skip
    return _table(
        ("企业" if names is not None else "姓名", "岗位", "职务类别", "指定参训人", "任职日期", "离任日期"), rows, (3, 2, 2, 1.3, 1.6, 1.6)
    )


def _duties(session: Session, *, organisation_id: int | None = None, person_id: int | None = None) -> Table | Paragraph:
    query = (
        select(Duty, col(Programme.title), col(Programme.minutes_per_hour), col(Person.name), col(Organisation.name))
        .join(Programme, col(Programme.id) == col(Duty.programme_id))
        .join(Person, col(Person.id) == col(Duty.person_id))
        .join(Organisation, col(Organisation.id) == col(Duty.organisation_id))
        .order_by(col(Duty.opened_on).desc(), col(Duty.id))
    )
    query = query.where(col(Duty.organisation_id) == organisation_id if organisation_id is not None else col(Duty.person_id) == person_id)
    rows = [
        (
            title, person if organisation_id is not None else firm, duty.opened_on.isoformat(), duty.due_on.isoformat(),
            f"{duty.minutes_done // per_hour if per_hour else 0}/{-(-duty.minutes_due // per_hour) if per_hour else 0}" if duty.minutes_due else "—",
            _ended(duty),
        )
        for duty, title, per_hour, person, firm in session.execute(query)
    ]  # fmt: skip
    columns = ("培训专项", "负责人" if organisation_id is not None else "企业", "开始", "期限", "学时", "结果")
    return _table(columns, rows, (3.6, 2, 1.5, 1.5, 1, 2.6))


def _ended(duty: Duty) -> str:
    if duty.completed_on is not None:
        return f"{duty.completed_on.isoformat()} 完成"
    if duty.exempted_on is not None and (duty.exempt_until is None or duty.exempt_until > clock.local_day(clock.now())):
        until = f"（{duty.exempt_until.isoformat()} 恢复应训）" if duty.exempt_until else ""
        return f"{duty.exempted_on.isoformat()} 核减{until}"
    if duty.closed_on is not None:
        return f"{duty.closed_on.isoformat()} 终止" + (f"：{DutyClosing(duty.closing).label}" if duty.closing else "")
    return "未完成"


def _left_on(posts: Sequence[PostView]) -> dict[int, date | None]:
    """Person → the day of leaving, None while in office: what somebody does afterwards is no longer this enterprise's business."""
    found: dict[int, date | None] = {}
    for post in posts:
        known = found.get(post.person_id, date.min)
        found[post.person_id] = None if post.held_to is None or known is None else max(known, post.held_to)
    return found


def _is_of_the_time(day: date, left_on: date | None) -> bool:
    return left_on is None or day <= left_on


def _hours(session: Session, left_on: Mapping[int, date | None]) -> Table | Paragraph:
    query = (
        select(
            col(HoursCredit.day),
            col(ClassSession.title),
            col(Person.name),
            col(HoursCredit.minutes),
            col(ClassSession.minutes_per_hour),
            col(HoursCredit.person_id),
        )  # fmt: skip
        .join(ClassSession, col(ClassSession.id) == col(HoursCredit.session_id))
        .join(Person, col(Person.id) == col(HoursCredit.person_id))
        .where(col(HoursCredit.person_id).in_(left_on), col(HoursCredit.minutes) > 0)
        .order_by(col(HoursCredit.day).desc())
    )
    rows = [
        (day.isoformat(), title, name, f"{minutes} 分钟", f"{int(10 * minutes / per_hour) / 10:g} 学时")
        for day, title, name, minutes, per_hour, person in session.execute(query)
        if _is_of_the_time(day, left_on[person])
    ]
    return _table(("日期", "班次", "姓名", "在堂时间", "折合学时"), rows, (1.5, 4.2, 1.5, 1.4, 1.4))


def _attempts(session: Session, left_on: Mapping[int, date | None]) -> Table | Paragraph:
    names = {row[0]: row[1] for row in session.execute(select(col(Person.id), col(Person.name)).where(col(Person.id).in_(left_on)))}
    titles = {row[0]: row[1] for row in session.execute(select(col(Paper.id), col(Paper.title)))}
    found = (row for person in left_on for row in attempts.attempts_of(session, person_id=person))
    taken = sorted(
        (row for row in found if _is_of_the_time(clock.local_day(row.started_at), left_on[row.person_id])), key=lambda row: row.started_at
    )
    rows = [
        (
            clock.show(row.started_at), titles.get(row.paper_id, ""), names.get(row.person_id, ""), f"第 {row.number} 次",
            "—" if row.score is None else f"{row.score:g} / {row.max_score:g}",
            "答题中" if row.passed is None else "合格" if row.passed else "未合格",
        )
        for row in reversed(taken)
    ]  # fmt: skip
    return _table(("时间", "试卷", "姓名", "次数", "得分", "结果"), rows, (2.2, 3.6, 1.4, 1.1, 1.4, 1.2))


def _certificates(found: Sequence[certificates.CertificateView]) -> Table | Paragraph:
    rows = [
        (
            view.number,
            view.content.holder,
            view.content.programme,
            view.content.issued_on,
            view.content.valid_until or "长期",
            view.state.label,
        )
        for view in found
    ]
    return _table(("编号", "姓名", "培训专项", "发证日期", "有效期至", "状态"), rows, (2.4, 1.3, 3.6, 1.5, 1.5, 1.2))


def _exemptions(session: Session, organisation_id: int) -> Table | Paragraph:
    query = (
        select(ExemptionRequest, col(Programme.title))
        .join(Programme, col(Programme.id) == col(ExemptionRequest.programme_id))
        .where(col(ExemptionRequest.organisation_id) == organisation_id)
        .order_by(col(ExemptionRequest.requested_at).desc())
    )
    rows = [
        (
            clock.local_day(row.requested_at).isoformat(), title, ExemptionGround(row.ground).label, row.paper or "—",
            ExemptionState(row.state).label,
        )
        for row, title in session.execute(query)
    ]  # fmt: skip
    return _table(("申请日期", "培训专项", "理由", "依据文件", "状态"), rows, (1.5, 3.2, 2.4, 2.4, 1.4))


def _contacts(session: Session, organisation_id: int, reach: AnyReach) -> Table | Paragraph:
    rows = [
        (
            clock.show(view.at), view.programme, view.person or "—",
            view.outcome.label + (f"（{view.promised_on.isoformat()} 前）" if view.promised_on else ""), view.note or "—", view.by,
        )
        for view in contacts.contacts(session, reach=reach, organisation_id=organisation_id, limit=None)
    ]  # fmt: skip
    return _table(("时间", "培训专项", "联系人", "结果", "备注", "登记人"), rows, (2.1, 2.6, 1.3, 1.7, 2.2, 1.3))


def _history(changes: Sequence[ChangeView]) -> Table | Paragraph:
    rows = [
        (change.effective_on.isoformat(), change.label, change.before or "—", change.after or "—", clock.show(change.recorded_at))
        for change in changes
    ]
    return _table(("生效日期", "事项", "变更前", "变更后", "登记时间"), rows, (1.5, 1.8, 2.8, 2.8, 2.1))
