"""Down from an enterprise to its people, to one person's attempts, to one attempt with what was wrong and why."""

from __future__ import annotations

from datetime import date, datetime

import streamlit as st
from markupsafe import Markup
from sqlmodel import Session

from quiz import clock
from quiz.attempts import queries as attempts
from quiz.attempts.answer_review import ReviewedPart
from quiz.attempts.queries import ResultView, ReviewedItem
from quiz.coverage.scores import AttemptRow, HolderRow, holders, person_attempts
from quiz.organisations import queries as organisations
from quiz.organisations.reach import Reaches
from quiz.problems import NotFound
from quiz.training.queries import ProgrammeView
from quiz.ui import components, office, typed_item
from quiz.ui.components import Tone
from quiz.ui.markup import draw, join, markup
from quiz.vocabulary import DutyClosing


def enterprise(session: Session, programme: ProgrammeView, organisation_id: int, reach: Reaches, *, today: date, may_open: bool) -> None:
    """Who answers or answered for it, and how far they came."""
    view = organisations.organisation_view(session, organisation_id, reach=reach)
    rows = holders(session, programme_code=programme.code, organisation_id=organisation_id, as_of=today, reach=reach)
    components.page_header(view.row.name, f"{programme.title} · {view.row.district_name} {view.row.town_name}")
    with st.container(horizontal=True):
        components.link("返回成绩统计", f"/scores?programme={programme.code}")
        if may_open:
            components.link("企业档案", f"/enterprises?organisation={organisation_id}")
    if not rows:
        components.empty_state(
            "没有应考人员", "该企业没有登记负责人，或不在这个专项的培训对象内。", href="/enterprises", label="到企业名册核对"
        )
        return
    components.section("负责人", "在任的在前；离任的成绩归本人，不计入企业现在的数字。")
    columns = ("姓名", "岗位", "状态", "应训起", "期限", "完成", "答题", "最好成绩")
    components.table(columns, [_holder(row, programme, organisation_id) for row in rows], numbers=("答题", "最好成绩"))


def _holder(row: HolderRow, programme: ProgrammeView, organisation_id: int) -> tuple[object, ...]:
    href = f"/scores?programme={programme.code}&organisation={organisation_id}&person={row.person_id}"
    name = components.anchor(row.name, href) if row.attempts else row.name
    best = "—" if row.best_percent is None else f"{row.best_percent:.1f}"
    role = row.role.label + ("（指定参训人）" if row.designated else "")
    return (
        name,
        role,
        components.badge(*_state(row)),
        office.day(row.opened_on),
        office.day(row.due_on),
        office.day(row.completed_on),
        row.attempts,
        best,
    )


def _state(row: HolderRow) -> tuple[str, Tone]:
    if row.closed_on is not None:
        return (DutyClosing(row.closing).label if row.closing else "已离任（完成后）"), ""
    today = clock.local_day(clock.now())
    if row.exempted_on is not None and (row.exempt_until is None or row.exempt_until > today):
        return "已核减", ""
    return ("已完成", "ok") if row.completed_on else ("未完成", "warn")


def person(session: Session, programme: ProgrammeView, organisation_id: int, person_id: int, reach: Reaches, *, today: date) -> None:
    """One person's attempts in the programme."""
    rows = person_attempts(session, programme_code=programme.code, person_id=person_id, reach=reach)
    here = f"/scores?programme={programme.code}&organisation={organisation_id}"
    components.page_header(f"{_name_of(session, programme, organisation_id, person_id, reach, today)}的答题记录", programme.title)
    components.link("返回企业", here)
    if not rows:
        components.empty_state(
            "还没有答题", "本人还没有开始答题。未激活账号的，请先发放激活码。", href="/activation_slips", label="激活码发放"
        )
        return
    columns = ("次数", "开始时间", "交卷时间", "得分", "结果", "交卷方式", "答卷")
    components.table(columns, [_attempt(row, f"{here}&person={person_id}") for row in rows], numbers=("得分",))


def _name_of(session: Session, programme: ProgrammeView, organisation_id: int, person_id: int, reach: Reaches, today: date) -> str:
    found = holders(session, programme_code=programme.code, organisation_id=organisation_id, as_of=today, reach=reach)
    name = next((row.name for row in found if row.person_id == person_id), None)
    if name is None:
        raise NotFound()
    return name


def _attempt(row: AttemptRow, here: str) -> tuple[object, ...]:
    number = f"第 {row.number} 次"
    if row.score is None:
        return number, clock.show(row.started_at), "—", "—", components.badge("答题中", "warn"), row.state.label, "—"
    verdict = components.badge("合格", "ok") if row.passed else components.badge("未合格", "bad")
    score = f"{row.score:g} / {row.max_score:g}"
    way = components.anchor("查看答卷", f"{here}&attempt={row.id}")
    return number, clock.show(row.started_at), clock.show(row.handed_in_at), score, verdict, row.state.label, way


def attempt(
    session: Session, programme: ProgrammeView, organisation_id: int, person_id: int, attempt_id: int, reach: Reaches, *, today: date,
    now: datetime,
) -> None:  # fmt: skip
    """One attempt, item by item; only when it is this person's, in this programme, within reach."""
    name = _name_of(session, programme, organisation_id, person_id, reach, today)
    own = person_attempts(session, programme_code=programme.code, person_id=person_id, reach=reach)
    if attempt_id not in {row.id for row in own}:
        raise NotFound()
    view = attempts.result(session, attempt_id=attempt_id, person_id=person_id, now=now, for_staff=True)
    components.page_header(f"{name} · 第 {view.number} 次答卷", view.title)
    components.link("返回答题记录", f"/scores?programme={programme.code}&organisation={organisation_id}&person={person_id}")
    components.facts(_result_facts(view))
    for item in view.review or []:
        _item(item)


def _result_facts(view: ResultView) -> list[tuple[str, object]]:
    verdict = components.badge("合格", "ok") if view.passed else components.badge("未合格", "bad")
    found: list[tuple[str, object]] = [
        ("得分", f"{view.score:g} / {view.max_score:g}（合格线 {view.cut_score:g}）"),
        ("结果", verdict),
        ("答对", f"{view.correct} / {view.total} 题，未答 {view.unanswered} 题"),
        ("开始", clock.show(view.started_at)),
        ("交卷", f"{clock.show(view.handed_in_at)}（{view.state.label}）"),
    ]
    if view.must_failed_count:
        found.append(("必须答对而答错", "第 " + "、".join(str(n) for n in view.must_failed) + " 题"))
    if view.late:
        found.append(("截止后才到的答案", f"{view.late} 题，已留存，不计分"))
    return found


def _item(item: ReviewedItem) -> None:
    verdict = components.badge("答对", "ok") if item.correct else components.badge("未答" if not item.answered else "答错", "bad")
    must = components.badge("必须答对", "warn") if item.must_be_right else Markup("")
    head = markup(
        "<p>{}. {} · 得 {} / {} 分 {} {}</p>", item.position, item.type_label, f"{item.mark:g}", f"{item.points:g}", verdict, must
    )
    clauses = join(
        markup(
            '<div class="ankao-clause"><b>{} {}</b>　{}<p>{}</p></div>', each["edition_title"], each["ref"], each["heading"], each["text"]
        )
        for each in item.clauses
    )
    parts = join(markup("{}{}", typed_item.part_head(part), _given(part)) for part in item.parts)
    late = markup("<p>截止后到达的答案：{}（不计分）</p>", item.late_answer) if item.late_answer else Markup("")
    why = markup("<p>解析：{}</p>", item.explanation) if item.explanation else Markup("")
    with st.container(border=True):
        draw(
            markup(
                '<div class="ankao-item">{}{}{}{}</div>{}{}{}',
                head,
                typed_item.stem(item.stem),
                _given(item),
                parts,
                late,
                why,
                clauses,
            )
        )


def _given(item: ReviewedItem | ReviewedPart) -> Markup:
    """The options with what was chosen, or what was answered beside what is right."""
    options = join(
        markup(
            '<li class="{}"><b>{}</b><span>{}{}{}</span></li>',
            "ankao-key" if option["is_key"] else "",
            option["letter"],
            option["text"],
            join(components.badge(text, tone) for text, tone in _marks(option)),
            markup("<small>{}</small>", option["rationale"]) if option["rationale"] else Markup(""),
        )
        for option in item.options
    )
    return markup("<ol>{}{}</ol>", options, typed_item.answered(item.lines))


def _marks(option: dict[str, object]) -> list[tuple[str, Tone]]:
    found: list[tuple[str, Tone]] = []
    if option["chosen"]:
        found.append(("本人选择", "info"))
    if option["is_key"]:
        found.append(("正确答案", "ok"))
    return found
