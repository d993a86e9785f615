"""What changed since the last published figure, or between any two days: figures that add up, each with its enterprises."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st
from sqlmodel import Session

from quiz.coverage import comparison, filtered
from quiz.coverage.comparison import Comparison, Kind
from quiz.coverage.domain import show_rate
from quiz.organisations.reach import Reaches
from quiz.ui import components, office
from quiz.ui.coverage_view import PAGE, Question

ROWS = 20
_A_WEEK = timedelta(days=7)


def compare(session: Session, asked: Question, reach: Reaches, *, may_open: bool) -> None:
    """Two days, what lies between them, and the enterprises of one kind."""
    from_day = _from_day(session, asked)
    if from_day >= asked.day:
        components.empty_state("没有可比的日子", "请把上面的统计日改到专项开放的第二天以后。")
        return
    found = comparison.compare(
        session, programme_code=asked.programme.code, from_day=from_day, to_day=asked.day, filters=asked.filters, reach=reach
    )
    components.section(
        f"{from_day.isoformat()} 到 {asked.day.isoformat()}",
        f"覆盖率由 {show_rate(found.before)}（{found.before.completed}/{found.before.due}）变为 {show_rate(found.after)}"
        f"（{found.after.completed}/{found.after.due}）。按现在掌握的事实比较，补登的变更计在它生效的那天。",
    )
    _sums(asked, found, from_day)
    if found.movements:
        _rows(session, asked, found, from_day, reach, may_open=may_open)
    else:
        components.empty_state("没有变化", "两天之间没有企业新完成、新纳入或退出。")


def _from_day(session: Session, asked: Question) -> date:
    """The day in the address, else that of the last snapshot before the day, else a week back."""
    key, last = f"{PAGE}_from", asked.day - timedelta(days=1)
    taken = filtered.snapshots(session, programme_code=asked.programme.code)
    published = next((line for line in taken if line.as_of < asked.day), None)
    usual = published.as_of if published else asked.day - _A_WEEK
    first = min(asked.programme.opens_on, last)
    if key not in st.session_state:
        try:
            st.session_state[key] = date.fromisoformat(st.query_params.get("from", ""))
        except ValueError:
            st.session_state[key] = usual
    st.session_state[key] = min(max(st.session_state[key] or usual, first), last)
    said = f"默认取最近一次快照（{published.number}，{published.as_of.isoformat()}）" if published else "还没有快照，默认取一周前"
    chosen = st.date_input("与哪一天相比", min_value=first, max_value=last, key=key, format="YYYY-MM-DD", help=said)
    components.hint(f"{said}。")
    day = chosen if isinstance(chosen, date) else usual
    office.remember("from", day.isoformat())
    return day


def _sums(asked: Question, found: Comparison, from_day: date) -> None:
    def line(label: object, due: str, completed: str) -> tuple[object, str, str]:
        return label, due, completed

    rows = [line(f"{from_day.isoformat()} 结束时", str(found.before.due), str(found.before.completed))]
    rows += [
        line(
            components.anchor(
                f"{each.kind.label} {each.organisations} 家",
                asked.href(view="compare", kind=each.kind.value, **{"from": from_day.isoformat()}),
            ),
            f"{each.due:+d}" if each.due else "0",
            f"{each.completed:+d}" if each.completed else "0",
        )
        for each in found.movements
    ]
    rows.append(line(f"{asked.day.isoformat()} 结束时", str(found.after.due), str(found.after.completed)))
    components.table(("哪一天或什么变化", "应训（家）", "已完成（家）"), rows, numbers=("应训（家）", "已完成（家）"))
    if not found.adds_up:
        components.note("各项相加与期末数字不符，请联系系统管理员在“系统与备份”里核对覆盖率。", tone="bad")


def _rows(session: Session, asked: Question, found: Comparison, from_day: date, reach: Reaches, *, may_open: bool) -> None:
    labels = {each.kind.value: f"{each.kind.label} {each.organisations} 家" for each in found.movements}
    kind = Kind(office.choose("看哪一类企业", labels, name="kind", page=PAGE))
    office.begin_again("compare", kind, str(asked.filters), asked.programme.code, str(asked.day), str(from_day), page=PAGE)
    listed = comparison.changed_rows(
        session, programme_code=asked.programme.code, from_day=from_day, to_day=asked.day, kind=kind, filters=asked.filters, reach=reach,
        limit=ROWS, offset=office.offset(ROWS),
    )  # fmt: skip
    components.table(
        ("企业", "现在所在地", "行业领域", "变化"),
        [
            (
                components.anchor(row.name, f"/enterprises?organisation={row.organisation_id}") if may_open else row.name,
                f"{row.district} {row.town}".strip(), row.sector, row.kind.label,
            )
            for row in listed
        ],
    )  # fmt: skip
    office.pages(next(each.organisations for each in found.movements if each.kind is kind), page=PAGE, size=ROWS)
