"""Makes a class session, gives it classrooms and a timetable, and takes it from draft to its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from quiz import clock
from quiz.accounts import audit
from quiz.accounts.audit import Actor
from quiz.classes import codes, hours, queries
from quiz.classes.reach import ClassReach
from quiz.models.classes import ClassLesson, ClassSession, ClassSite, Institution, Presence, Registration
from quiz.models.organisations import Region
from quiz.models.training import Programme
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import ClassState, RegistrationState, SiteKind, WithoutSignOut

LONGEST_LESSON = timedelta(hours=6)
MOST_LESSONS = 200
LARGEST_ROOM = 20_000


@dataclass(frozen=True)
class ClassDraft:
    """What is filled in about a session."""

    title: str
    programme_id: int | None = None
    institution_id: int | None = None
    description: str = ""
    minutes_per_hour: int = 45
    grace_minutes: int = 10
    without_sign_out: WithoutSignOut = WithoutSignOut.SETTLE
    registration_until: datetime | None = None


@dataclass(frozen=True)
class SiteDraft:
    """What is filled in about a classroom."""

    name: str
    kind: SiteKind = SiteKind.BRANCH
    place: str = ""
    district_code: str | None = None
    host: str = ""
    telephone: str = ""
    capacity: int | None = None


@dataclass(frozen=True)
class LessonDraft:
    """One line of a timetable."""

    begin: datetime
    end: datetime
    topic: str
    teacher: str = ""
    is_credited: bool = True


def create(
    session: Session, *, draft: ClassDraft, desk: ClassReach, actor: Actor, now: datetime, make_up_of: int | None = None
) -> int:  # fmt: skip
    """A new draft; answers with its id."""
    if not desk.is_city_wide and desk.own_districts is not None and not desk.own_districts:
        raise Invalid("您的授权范围内不能举办班次，请联系区市或市安委会办公室。", code="beyond_reach")
    held = ClassSession(title="", created_by=actor.account_id, created_at=now, make_up_of=make_up_of)
    _fill(session, held, draft)
    session.add(held)
    session.flush()
    assert held.id is not None
    audit.record(session, actor=actor, action="create_class", subject=held.title, at=now, detail={"class": held.id})
    return held.id


def _fill(session: Session, held: ClassSession, draft: ClassDraft) -> None:
    title = draft.title.strip()
    if not 2 <= len(title) <= 120:
        raise Invalid("班次名称应为 2 至 120 个字。", code="title")
    if draft.programme_id is not None and session.get(Programme, draft.programme_id) is None:
        raise NotFound("没有找到所选的培训专项，请重新选择。", code="programme_unknown")
    if draft.institution_id is not None and session.get(Institution, draft.institution_id) is None:
        raise NotFound("没有找到所选的培训机构，请重新选择。", code="institution_unknown")
    if not 30 <= draft.minutes_per_hour <= 90:
        raise Invalid("一学时应在 30 至 90 分钟之间，惯例为 45 分钟。", code="minutes_per_hour")
    if not 0 <= draft.grace_minutes <= 30:
        raise Invalid("迟到宽限应在 0 至 30 分钟之间。", code="grace")
    held.title, held.programme_id, held.institution_id = title, draft.programme_id, draft.institution_id
    held.description, held.registration_until = draft.description.strip()[:1000], draft.registration_until
    held.minutes_per_hour, held.grace_minutes = draft.minutes_per_hour, draft.grace_minutes
    held.without_sign_out = draft.without_sign_out.value


def edit(session: Session, *, session_id: int, draft: ClassDraft, desk: ClassReach, actor: Actor, now: datetime) -> None:
    """Change what was filled in; hours already credited follow."""
    held = managed(session, session_id, desk=desk)
    _refuse_unless(held, ClassState.DRAFT, ClassState.ANNOUNCED)
    _fill(session, held, draft)
    audit.record(session, actor=actor, action="edit_class", subject=held.title, at=now, detail={"class": session_id})
    hours.recompute_session(session, session_id=session_id, now=now)


def managed(session: Session, session_id: int, *, desk: ClassReach) -> ClassSession:
    """The session, if this desk may change it. Raises NotFound beyond reach, Refusal where only a classroom is theirs."""
    view = queries.opened(session, session_id, desk=desk)
    if not view.may_manage:
        raise Refusal("这个班次由市级或其他区市统一安排，您只能办理本区市课堂的报名和签到。", code="not_yours")
    return session.get_one(ClassSession, session_id, with_for_update=True)


def _refuse_unless(held: ClassSession, *states: ClassState) -> None:
    if held.state not in {state.value for state in states}:
        raise Refusal(f"班次“{held.title}”{ClassState(held.state).label}，不能再这样修改。", code="class_state")


# 课堂 -----------------------------------------------------------------------------------------------------------------


def add_site(session: Session, *, session_id: int, draft: SiteDraft, desk: ClassReach, actor: Actor, now: datetime) -> int:
    """Another classroom; answers with its id."""
    held = managed(session, session_id, desk=desk)
    _refuse_unless(held, ClassState.DRAFT, ClassState.ANNOUNCED)
    site = ClassSite(session_id=session_id, kind="", name="", secret=codes.new_secret())
    _fill_site(session, held, site, draft, desk)
    session.add(site)
    session.flush()
    assert site.id is not None
    audit.record(session, actor=actor, action="edit_class", subject=held.title, at=now, detail={"class": session_id, "site": site.name})
    return site.id


def edit_site(session: Session, *, site_id: int, draft: SiteDraft, desk: ClassReach, actor: Actor, now: datetime) -> None:
    """Change a classroom: its host too may, where only this one is theirs, all but its district and kind."""
    site, held = hosted_site(session, site_id, desk=desk)
    _refuse_unless(held, ClassState.DRAFT, ClassState.ANNOUNCED)
    if not queries.may_manage(session, held, desk):
        draft = replace(draft, kind=SiteKind(site.kind), district_code=site.district_code)
    if draft.capacity is not None and draft.capacity < (taken := seats_taken(session, site_id)):
        raise Refusal(f"“{site.name}”已有 {taken} 人报名，容量不能改为 {draft.capacity}。", code="capacity")
    _fill_site(session, held, site, draft, desk)
    audit.record(session, actor=actor, action="edit_class", subject=held.title, at=now, detail={"class": held.id, "site": site.name})


def _fill_site(session: Session, held: ClassSession, site: ClassSite, draft: SiteDraft, desk: ClassReach) -> None:
    name = draft.name.strip()
    if not 2 <= len(name) <= 80:
        raise Invalid("课堂名称应为 2 至 80 个字，如“文登分课堂”。", code="site_name")
    if not desk.hosts(draft.district_code, created_by=held.created_by):
        raise Invalid("只能在您管辖的区市设课堂，请选择本区市。", code="beyond_reach")
    if draft.district_code is not None and session.get(Region, draft.district_code) is None:
        raise Invalid("没有这个区市，请重新选择。", code="district")
    if draft.capacity is not None and not 1 <= draft.capacity <= LARGEST_ROOM:
        raise Invalid(f"容量应在 1 至 {LARGEST_ROOM} 人之间；不限可留空。", code="capacity")
    others = (col(ClassSite.session_id) == held.id, col(ClassSite.id) != (site.id or 0))
    if session.execute(select(col(ClassSite.id)).where(*others, col(ClassSite.name) == name)).first():
        raise Invalid(f"这个班次已经有名为“{name}”的课堂，请换一个名称。", code="site_name_taken")
    main = select(col(ClassSite.id)).where(*others, col(ClassSite.kind) == SiteKind.MAIN.value)
    if draft.kind is SiteKind.MAIN and session.execute(main).first():
        raise Invalid("一个班次只有一个主课堂，请把这个课堂设为分课堂。", code="second_main")
    site.name, site.kind, site.place, site.district_code = name, draft.kind.value, draft.place.strip()[:200], draft.district_code
    site.host, site.telephone, site.capacity = draft.host.strip()[:60], draft.telephone.strip()[:30], draft.capacity


def remove_site(session: Session, *, site_id: int, desk: ClassReach, actor: Actor, now: datetime) -> None:
    """Take away a classroom nobody registered for or was in."""
    site, held = hosted_site(session, site_id, desk=desk)
    managed(session, held.id or 0, desk=desk)
    _refuse_unless(held, ClassState.DRAFT, ClassState.ANNOUNCED)
    used = [session.execute(select(func.count()).where(col(table.site_id) == site_id)).scalar_one() for table in (Registration, Presence)]
    if any(used):
        raise Refusal(f"“{site.name}”已有 {used[0]} 条报名、{used[1]} 条签到记录，不能删除。请先把人员改到其他课堂。", code="site_used")
    session.delete(site)
    audit.record(session, actor=actor, action="edit_class", subject=held.title, at=now, detail={"class": held.id, "removed": site.name})


def hosted_site(session: Session, site_id: int, *, desk: ClassReach) -> tuple[ClassSite, ClassSession]:
    """A classroom of one's own, with its session; any other is not found."""
    site = session.get(ClassSite, site_id)
    held = session.get(ClassSession, site.session_id) if site else None
    if site is None or held is None or not desk.hosts(site.district_code, created_by=held.created_by):
        raise NotFound("没有找到这个课堂，或不在您的管理范围内。", code="site_unknown")
    return site, held


def seats_taken(session: Session, site_id: int) -> int:
    """People registered for that classroom."""
    session.flush()
    return session.execute(
        select(func.count()).where(
            col(Registration.site_id) == site_id, col(Registration.state) == RegistrationState.REGISTERED.value
        )
    ).scalar_one()  # fmt: skip


# 课表 -----------------------------------------------------------------------------------------------------------------


def put_lessons(
    session: Session, *, session_id: int, lessons: Sequence[LessonDraft], desk: ClassReach, actor: Actor, now: datetime
) -> None:  # fmt: skip
    """Replace the timetable; hours already credited follow."""
    held = managed(session, session_id, desk=desk)
    _refuse_unless(held, ClassState.DRAFT, ClassState.ANNOUNCED)
    ordered = sorted(lessons, key=lambda lesson: (lesson.begin, lesson.end))
    _check_lessons(ordered)
    if not ordered and held.state == ClassState.ANNOUNCED:
        raise Invalid("已发布的班次至少要有一节课。", code="no_lesson")
    session.execute(delete(ClassLesson).where(col(ClassLesson.session_id) == session_id))
    session.add_all(
        ClassLesson(
            session_id=session_id, starts_at=each.begin, ends_at=each.end, topic=each.topic.strip(), teacher=each.teacher.strip()[:60],
            is_credited=each.is_credited,
        )
        for each in ordered
    )  # fmt: skip
    audit.record(
        session, actor=actor, action="edit_class", subject=held.title, at=now, detail={"class": session_id, "lessons": len(ordered)}
    )
    hours.recompute_session(session, session_id=session_id, now=now)


def _check_lessons(ordered: Sequence[LessonDraft]) -> None:
    if len(ordered) > MOST_LESSONS:
        raise Invalid(f"课表最多 {MOST_LESSONS} 行。", code="lessons_many")
    for each in ordered:
        when = clock.show(each.begin)
        if not each.topic.strip() or len(each.topic.strip()) > 120:
            raise Invalid(f"{when} 的课没有写内容（最多 120 个字）。", code="lesson_topic")
        if each.end <= each.begin:
            raise Invalid(f"{when} 的课结束时间应晚于开始时间。", code="lesson_order")
        if each.end - each.begin > LONGEST_LESSON:
            raise Invalid(f"{when} 的课超过 6 小时，请按节次分开填写。", code="lesson_long")
    for one, other in zip(ordered, ordered[1:], strict=False):
        if other.begin < one.end:
            raise Invalid(f"{clock.show(one.begin)} 和 {clock.show(other.begin)} 的两节课时间重叠，请改正。", code="lesson_overlap")


# 发布、办结、取消 ------------------------------------------------------------------------------------------------------


def announce(session: Session, *, session_id: int, desk: ClassReach, actor: Actor, now: datetime) -> None:
    """Open it for registration and sign-in."""
    held = managed(session, session_id, desk=desk)
    _refuse_unless(held, ClassState.DRAFT)
    view = queries.opened(session, session_id, desk=desk)
    if not view.sites:
        raise Refusal("请先添加课堂（主课堂或分课堂），再发布。", code="no_site")
    if not any(lesson.is_credited for lesson in view.lessons):
        raise Refusal("课表里还没有计学时的课，请先排课，再发布。", code="no_lesson")
    _move(session, held, ClassState.ANNOUNCED, actor, now)


def back_to_draft(session: Session, *, session_id: int, desk: ClassReach, actor: Actor, now: datetime) -> None:
    """Take back an announcement, or a cancellation, as long as nobody signed in."""
    held = managed(session, session_id, desk=desk)
    _refuse_unless(held, ClassState.ANNOUNCED, ClassState.CANCELLED)
    _refuse_with_presences(session, held, "撤回")
    _move(session, held, ClassState.DRAFT, actor, now)


def cancel(session: Session, *, session_id: int, reason: str, desk: ClassReach, actor: Actor, now: datetime) -> None:
    """It does not take place."""
    held = managed(session, session_id, desk=desk)
    _refuse_unless(held, ClassState.DRAFT, ClassState.ANNOUNCED)
    if len(reason.strip()) < 4:
        raise Invalid("请写明取消的原因（至少 4 个字）。", code="reason")
    _refuse_with_presences(session, held, "取消")
    _move(session, held, ClassState.CANCELLED, actor, now, reason=reason.strip())


def close(session: Session, *, session_id: int, desk: ClassReach, actor: Actor, now: datetime) -> None:
    """It is over and settled: no more sign-in, no more import, until it is opened again."""
    held = managed(session, session_id, desk=desk)
    _refuse_unless(held, ClassState.ANNOUNCED)
    view = queries.opened(session, session_id, desk=desk)
    if view.end is not None and view.end > now:
        raise Refusal(f"课程到 {clock.show(view.end)} 才结束，结束后再办结。", code="not_over")
    _move(session, held, ClassState.CLOSED, actor, now)
    hours.recompute_session(session, session_id=session_id, now=now)


def reopen(session: Session, *, session_id: int, desk: ClassReach, actor: Actor, now: datetime) -> None:
    """Take back the closing."""
    held = managed(session, session_id, desk=desk)
    _refuse_unless(held, ClassState.CLOSED)
    _move(session, held, ClassState.ANNOUNCED, actor, now)


def _refuse_with_presences(session: Session, held: ClassSession, verb: str) -> None:
    there = (col(Presence.session_id) == held.id, col(Presence.voided_at).is_(None))
    number = session.execute(select(func.count()).where(*there)).scalar_one()
    if number:
        raise Refusal(f"已有 {number} 条签到记录，不能{verb}；确属误签的请先逐条作废。", code="has_presences")


def _move(session: Session, held: ClassSession, state: ClassState, actor: Actor, now: datetime, **detail: str) -> None:
    before, held.state = held.state, state.value
    audit.record(
        session, actor=actor, action="class_state", subject=held.title, at=now,
        detail={"class": held.id, "before": ClassState(before).label, "after": state.label, **detail},
    )  # fmt: skip


# 复制、补课 -----------------------------------------------------------------------------------------------------------


def copy(
    session: Session, *, session_id: int, first_day: date, desk: ClassReach, actor: Actor, now: datetime, as_make_up: bool = False
) -> int:  # fmt: skip
    """The same session with the same classrooms from another day on, as a draft; as a make-up session it says whose."""
    view = queries.opened(session, session_id, desk=desk)
    title = f"{view.title}（补课）" if as_make_up else f"{view.title}（复制）"
    shift = timedelta(days=(first_day - view.days[0]).days) if view.days else timedelta(0)
    sites = [site for site in view.sites if site.is_hosted]
    draft = ClassDraft(
        title=title[:120], programme_id=view.programme_id, institution_id=view.institution_id, description=view.description,
        minutes_per_hour=view.minutes_per_hour, grace_minutes=view.grace_minutes, without_sign_out=view.without_sign_out,
    )  # fmt: skip
    made = create(session, draft=draft, desk=desk, actor=actor, now=now, make_up_of=session_id if as_make_up else None)
    for site in sites:
        add_site(
            session, session_id=made, desk=desk, actor=actor, now=now,
            draft=SiteDraft(site.name, site.kind, site.place, site.district_code, site.host, site.telephone, site.capacity),
        )  # fmt: skip
    lessons = [LessonDraft(each.begin + shift, each.end + shift, each.topic, each.teacher, each.is_credited) for each in view.lessons]
    put_lessons(session, session_id=made, lessons=lessons, desk=desk, actor=actor, now=now)
    return made
