"""The yearly summary: every programme of a year from its snapshot, and what was done for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from quiz import clock
from quiz.coverage.domain import Counts, show_rate, show_share
from quiz.coverage.service import SnapshotView
from quiz.models.attempts import Attempt
from quiz.models.certificates import Certificate
from quiz.models.classes import ClassSession, HoursCredit
from quiz.models.training import Programme
from quiz.problems import Refusal
from quiz.reports.notice import counts_of
from quiz.reports.structure import Bars, Block, Document, Paragraph, Section, Table
from quiz.vocabulary import ClassState, HolderPolicy, ProgrammeState


@dataclass(frozen=True)
class YearFacts:
    """What was done in a year, beside the coverage."""

    sessions: int
    attendants: int
    minutes: int
    attempts: int
    candidates: int
    passed: int
    certificates: int


def programmes_of(session: Session, *, year: int) -> list[str]:
    """Codes of the programmes that ran in the year, the first opened first."""
    query = (
        select(col(Programme.code))
        .where(
            col(Programme.opens_on) <= date(year, 12, 31), col(Programme.due_on) >= date(year, 1, 1),
            col(Programme.state) != ProgrammeState.DRAFT.value,
        )
        .order_by(col(Programme.opens_on), col(Programme.code))
    )  # fmt: skip
    return list(session.scalars(query))


def year_facts(session: Session, *, year: int) -> YearFacts:
    """Counts over the calendar year in Weihai."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    begin, end = clock.start_of_day(first), clock.end_of_day(last)
    handed_in: Any = (col(Attempt.handed_in_at) >= begin, col(Attempt.handed_in_at) <= end)
    in_year: Any = (col(HoursCredit.day) >= first, col(HoursCredit.day) <= last, col(HoursCredit.minutes) > 0)
    return YearFacts(
        sessions=session.scalar(
            select(func.count(func.distinct(col(HoursCredit.session_id))))
            .join(ClassSession, col(ClassSession.id) == col(HoursCredit.session_id))
            .where(*in_year, col(ClassSession.state) != ClassState.CANCELLED.value)
        ) or 0,
        attendants=session.scalar(select(func.count(func.distinct(col(HoursCredit.person_id)))).where(*in_year)) or 0,
        minutes=session.scalar(select(func.coalesce(func.sum(col(HoursCredit.minutes)), 0)).where(*in_year)) or 0,
        attempts=session.scalar(select(func.count()).where(*handed_in)) or 0,
        candidates=session.scalar(select(func.count(func.distinct(col(Attempt.person_id)))).where(*handed_in)) or 0,
        passed=session.scalar(select(func.count(func.distinct(col(Attempt.person_id)))).where(*handed_in, col(Attempt.passed).is_(True))) or 0,
        certificates=session.scalar(
            select(func.count()).where(col(Certificate.issued_at) >= begin, col(Certificate.issued_at) <= end)
        ) or 0,
    )  # fmt: skip


def year_summary(
    views: Sequence[SnapshotView], facts: YearFacts, *, year: int, addressees: str, signed_by: str, signed_on: date
) -> Document:
    """The document; every rate is a snapshot's, every other number is in `facts`.

    Raises:
        Refusal: no programme ran in the year.
    """
    if not views:
        raise Refusal(f"{year} 年没有开放过培训专项，没有可以总结的内容。", code="empty_year")
    rows = [(_title(view), counts_of(view.figures["total"])) for view in views]
    due, completed = sum(counts.due for _, counts in rows), sum(counts.completed for _, counts in rows)
    text = (
        f"{year}年共实施培训专项{len(views)}个。各专项应训企业合计{due}家次，已完成{completed}家次，占{show_share(completed, due)}"
        f"（同一企业参加几个专项的，按几家次计）。"
    )
    done = (
        f"全年举办有学时记录的班次{facts.sessions}个，{facts.attendants}人参加，累计在堂{facts.minutes / 60:.1f}小时；交卷{facts.attempts}人次，"
        f"参加考试{facts.candidates}人，其中至少一次合格{facts.passed}人，占{show_share(facts.passed, facts.candidates)}；"
        f"出具结业证明{facts.certificates}份。"
    )
    sections = (
        Section("一、总体情况", (Paragraph(text), Paragraph(done))),
        Section("二、各专项完成情况", _by_programme(rows, views)),
        Section("三、各区市完成情况", _by_district(views)),
        Section("四、口径说明", tuple(Paragraph(_said(view)) for view in views)),
    )
    opening = f"现将{year}年安全生产培训考试全覆盖工作情况总结如下。"
    numbers = "、".join(view.number for view in views)
    return Document(
        title=f"{year}年安全生产培训考试工作总结", addressees=addressees, opening=opening, sections=sections, signed_by=signed_by,
        signed_on=f"{signed_on.year}年{signed_on.month}月{signed_on.day}日", source=f"数据来源：快照 {numbers}；单位：企业",
    )  # fmt: skip


def _title(view: SnapshotView) -> str:
    return str(view.figures.get("programme", {}).get("title") or view.programme)


def _by_programme(rows: Sequence[tuple[str, Counts]], views: Sequence[SnapshotView]) -> tuple[Block, ...]:
    table = Table(
        caption="各专项完成情况",
        columns=("专项", "统计时点", "应训", "已完成", "未完成", "核减", "覆盖率"),
        rows=tuple(
            (
                title,
                view.as_of.isoformat(),
                str(counts.due),
                str(counts.completed),
                str(counts.uncovered),
                str(counts.exempt),
                show_rate(counts),
            )
            for (title, counts), view in zip(rows, views, strict=True)
        ),
        numeric=frozenset({"应训", "已完成", "未完成", "核减", "覆盖率"}),
        widths=(3.6, 1.5, 1, 1, 1, 0.9, 1.1),
    )
    due, completed = sum(counts.due for _, counts in rows), sum(counts.completed for _, counts in rows)
    bars = tuple((title, counts.completed, counts.due) for title, counts in rows if counts.due)
    return (table, Bars("各专项覆盖率", bars, completed, due)) if len(bars) > 1 else (table,)


def _by_district(views: Sequence[SnapshotView]) -> tuple[Block, ...]:
    labels: dict[str, str] = {}
    cells: dict[tuple[str, int], Counts] = {}
    for place, view in enumerate(views):
        for group in view.figures["by"]["region"]:
            labels[group["key"]] = group["label"]
            cells[(group["key"], place)] = counts_of(group)
    columns = tuple(f"专项{place}" for place in range(1, len(views) + 1))
    rows = tuple(
        (label, *(show_rate(cells[(key, place)]) if (key, place) in cells else "—" for place in range(len(views))))
        for key, label in labels.items()
    )
    legend = "；".join(f"专项{place}为{_title(view)}" for place, view in enumerate(views, start=1))
    table = Table("各区市各专项覆盖率", ("区市", *columns), rows, numeric=frozenset(columns), widths=(2.4, *(1.0 for _ in columns)))
    return table, Paragraph(f"注：{legend}。“—”表示该区市没有应训企业。")


def _said(view: SnapshotView) -> str:
    return f"{_title(view)}：统计时点{view.as_of.isoformat()}，快照{view.number}，口径{HolderPolicy(view.policy).label}。"
