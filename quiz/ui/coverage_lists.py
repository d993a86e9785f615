"""The rows behind the figures of the coverage screen: who is not covered and why, or who has come how far."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from markupsafe import Markup
from sqlmodel import Session

from quiz.coverage.domain import AT_RISK_DAYS
from quiz.coverage.overview import LABELS, Measure, StandingRow, organisations_at
from quiz.coverage.queries import CoverageView
from quiz.coverage.uncovered import Filters, UncoveredRow, UncoveredView, uncovered
from quiz.organisations.reach import Reaches
from quiz.papers import queries as papers
from quiz.training.queries import ProgrammeView
from quiz.ui import components, office
from quiz.ui.components import Tone
from quiz.ui.coverage_view import PAGE, Question
from quiz.vocabulary import NotCoveredReason

ROWS = 20
UNCOVERED, AT_RISK = "uncovered", "at_risk"


def lists(session: Session, asked: Question, view: CoverageView, missing: UncoveredView, reach: Reaches, *, may_open: bool) -> None:
    """One list at a time, chosen by what it says; the number beside its name is the number of its rows."""
    chosen = office.choose("看哪份名单", _offered(asked.programme, view, missing), name="list", page=PAGE, default=UNCOVERED)
    office.begin_again(chosen, str(asked.filters), asked.programme.code, str(asked.day), page=PAGE)
    if chosen in LABELS:
        _standing(session, asked, cast(Measure, chosen), reach, may_open=may_open)
    else:
        _uncovered(session, asked, chosen, missing, reach, may_open=may_open)


def _offered(programme: ProgrammeView, view: CoverageView, missing: UncoveredView) -> dict[str, str]:
    never = set() if programme.has_paper else {"examined", "passed", NotCoveredReason.NOT_PASSED.value}
    if not (programme.requirements.hours or programme.requirements.study_minutes):
        never.add(NotCoveredReason.HOURS_SHORT.value)
    numbers = {reason.value: (reason.label, missing.by_reason.get(reason, 0)) for reason in NotCoveredReason}
    numbers[NotCoveredReason.OVERDUE.value] = (NotCoveredReason.OVERDUE.label, missing.overdue)
    offered = {UNCOVERED: f"未完成 {view.total.uncovered} 家（全部）"}
    offered |= {code: f"未完成：{label} {number} 家" for code, (label, number) in numbers.items() if number or code not in never}
    offered[AT_RISK] = f"未完成：{AT_RISK_DAYS} 天内到期未开始 {missing.at_risk} 家"
    return offered | {name: f"{label} {getattr(view.total, name)} 家" for name, label in LABELS.items() if name not in never}


def narrowed(filters: Filters, chosen: str) -> Filters:
    """The filters with what the chosen list asks of the uncovered."""
    if chosen == AT_RISK:
        return replace(filters, at_risk=True)
    return filters if chosen == UNCOVERED else replace(filters, reason=NotCoveredReason(chosen))


def _uncovered(session: Session, asked: Question, chosen: str, missing: UncoveredView, reach: Reaches, *, may_open: bool) -> None:
    components.hint("到统计日仍未完成的企业、等谁完成、为什么。逾期与原因是两件事：逾期的企业同样写明原因。")
    view = uncovered(
        session, programme_code=asked.programme.code, as_of=asked.day, reach=reach, filters=narrowed(asked.filters, chosen),
        limit=ROWS, offset=office.offset(ROWS),
    )  # fmt: skip
    if not view.total:
        _nothing(asked, missing)
        return
    columns = ("企业", "所在地", "行业领域", "等谁完成", "手机号", "原因", "完成期限")
    cut = _cut_percent(session, asked.programme)
    components.table(columns, [_line(row, may_open, cut) for row in view.rows])
    office.pages(view.total, page=PAGE, size=ROWS)


def _standing(session: Session, asked: Question, measure: Measure, reach: Reaches, *, may_open: bool) -> None:
    view = organisations_at(
        session, programme_code=asked.programme.code, as_of=asked.day, measure=measure, filters=asked.filters, reach=reach,
        limit=ROWS, offset=office.offset(ROWS),
    )  # fmt: skip
    if not view.total:
        components.empty_state("这份名单没有企业", "所选范围内没有，或没有这个名称。可以换一份名单，或放宽上面的筛选。")
        return
    rows = [(_name(row, may_open), f"{row.district} {row.town}".strip(), row.sector, row.furthest) for row in view.rows]
    components.table(("企业", "所在地", "行业领域", "进度"), rows)
    office.pages(view.total, page=PAGE, size=ROWS)


def _name(row: StandingRow | UncoveredRow, may_open: bool) -> Markup | str:
    return components.anchor(row.name, f"/enterprises?organisation={row.organisation_id}") if may_open else row.name


def _nothing(asked: Question, everything: UncoveredView) -> None:
    if asked.filters.name:
        components.empty_state(
            "没有符合条件的企业", "未覆盖名单里没有这个名称。可以清空名称，或到企业名册里查。", href="/enterprises", label="企业名册"
        )
    elif sum(everything.by_reason.values()):
        components.empty_state("这一类没有企业", "请选择另一份名单。")
    else:
        components.empty_state("没有未完成的企业", "所选范围内应训企业都已完成，或没有应训企业。", href="/scores", label="查看成绩统计")


def _cut_percent(session: Session, programme: ProgrammeView) -> float:
    """What has to be reached, out of 100."""
    if programme.paper_id is None:
        return 100.0
    paper = papers.paper(session, programme.paper_id)
    return 100 * paper.cut_score / paper.max_score


def _best(percent: float | None, cut: float) -> str:
    """The best score; one that reaches the cut failed by a must-be-right item, and says so."""
    if percent is None:
        return ""
    return f"（最好 {percent:.0f} 分{'，必须答对的题答错' if percent >= cut else ''}）"


def _line(row: UncoveredRow, may_open: bool, cut: float) -> tuple[object, ...]:
    name = _name(row, may_open)
    tone: Tone = "bad" if row.is_overdue else "warn" if row.reason is NotCoveredReason.NOT_PASSED else "info"
    waiting = "、".join(row.waiting_for) or "—"
    best = _best(row.best_percent, cut)
    place = f"{row.district} {row.town}".strip()
    return (
        name, place, row.sector, waiting, row.masked_phone or "—", components.badge(row.shown_reason + best, tone), office.day(row.due_on)
    )  # fmt: skip
