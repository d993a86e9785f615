"""The parts of the scores screen: groups with their rates, the distribution, and the way down to one attempt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.coverage import filtered
from quiz.coverage.domain import show_share
from quiz.coverage.scores import BINS, GroupedBy, Order, ScoreRow, ScoresView, scores
from quiz.coverage.uncovered import Filters
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.training.queries import ProgrammeView
from quiz.ui import charts, components, office, store
from quiz.ui.components import Kpi
from quiz.ui.files import xlsx_bytes

PAGE = "scores"
ROWS = 20
COLUMNS = ("应考", "参考", "参考率", "考试合格率", "综合合格率", "一次合格率", "平均分")
DEFINITIONS = (
    "应考：统计日在任、应当参加的负责人，不含核减，一人只计一次。参考：至少交过一次卷的人。",
    "参考率 = 参考 ÷ 应考；考试合格率 = 合格 ÷ 参考；综合合格率 = 合格 ÷ 应考；一次合格率 = 第一次就合格 ÷ 参考。",
    "平均分：参考人员各自最好成绩（百分制）的平均；多次考试取最高分。分母为 0 显示“—”。",
)
_BY: dict[str, str] = {"enterprise": "企业", "role": "岗位", "region": "区市", "sector": "行业领域"}
_ORDERS: dict[str, str] = {
    "label": "名称", "due": "应考人数", "participation_rate": "参考率", "exam_pass_rate": "考试合格率", "overall_pass_rate": "综合合格率",
    "mean_percent": "平均分",
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What the screen was asked."""

    programme: ProgrammeView
    by: GroupedBy
    filters: Filters
    order: Order
    descending: bool
    day: date


def ask(found: Sequence[ProgrammeView], reference: Reference, reach: Reaches, *, today: date) -> Question:
    """Programme, grouping, place, name and order, kept in the address."""
    by_code = {each.code: each for each in found}
    with st.container(border=True):
        wide, narrow = st.columns([3, 1])
        with wide:
            programme = by_code[
                office.choose("培训专项", {code: each.title for code, each in by_code.items()}, name="programme", page=PAGE, always=True)
            ]
        with narrow:
            by = office.choose("分组", _BY, name="by", page=PAGE, default="enterprise")
        with st.expander("筛选与排序", icon=":material/filter_alt:"):
            left, right = st.columns(2)
            with left:
                district, town = office.choose_place(reference, reach, page=PAGE)
                name = office.search("企业名称", page=PAGE, placeholder="输入名称的一部分")
            with right:
                order = office.choose("排序", _ORDERS, name="order", page=PAGE, default="label")
                direction = office.choose("顺序", {"up": "从低到高", "down": "从高到低"}, name="direction", page=PAGE, default="up")
    filters = Filters(district=district or None, town=town or None, name=name or None)
    return Question(programme, by, filters, order, direction == "down", today)  # type: ignore[arg-type]


def with_papers_first(found: Sequence[ProgrammeView]) -> list[ProgrammeView]:
    """What has scores comes first; a programme without a paper is still offered, and says so."""
    return sorted(found, key=lambda each: each.paper_id is None)


def has_paper(asked: Question) -> bool:
    """Whether there can be scores; otherwise the way to the figures that there are."""
    if asked.programme.paper_id is None:
        components.empty_state(
            "这个专项不考试",
            "只要求学时或学习资料，没有成绩；完成情况见覆盖率。",
            href=f"/coverage?programme={asked.programme.code}",
            label="查看覆盖率",
        )
    return asked.programme.paper_id is not None


def figures(session: Session, asked: Question, reach: Reaches, *, limit: int | None, offset: int = 0) -> ScoresView:
    """One page of groups, and the whole."""
    part = filtered.part_of(reach, day=asked.day, filters=asked.filters)
    return scores(
        session, programme_code=asked.programme.code, by=asked.by, as_of=asked.day, reach=part, limit=limit, offset=offset,
        order=asked.order, descending=asked.descending,
    )  # fmt: skip


def headline(total: ScoreRow, asked: Question) -> None:
    """The whole in figures, and how the best scores are spread."""
    components.kpi_row(
        [
            Kpi("应考", f"{total.due} 人", f"统计到 {asked.day.isoformat()}"),
            Kpi("参考率", show_share(total.participants, total.due), f"参考 {total.participants} ÷ 应考 {total.due}"),
            Kpi("考试合格率", show_share(total.passed, total.participants), f"合格 {total.passed} ÷ 参考 {total.participants}"),
            Kpi("综合合格率", show_share(total.passed, total.due), f"合格 {total.passed} ÷ 应考 {total.due}"),
            Kpi("一次合格率", show_share(total.first_time_passed, total.participants), f"首次合格 {total.first_time_passed} 人"),
            Kpi("平均分", _mean(total), f"共答题 {total.attempts} 次"),
        ]
    )
    if total.participants:
        components.section("成绩分布", "按每人最好成绩（百分制）分段，柱上是人数。")
        frame = pd.DataFrame({"分数段": [label for _, _, label in BINS], "人数": list(total.distribution)})
        said = "，".join(f"{label} 分 {number} 人" for (_, _, label), number in zip(BINS, total.distribution, strict=True))
        charts.show(charts.counts(frame, group="分数段", value="人数"), key=f"{PAGE}_bins", alt=f"成绩分布：{said}")


def _mean(row: ScoreRow) -> str:
    return "—" if row.mean_percent is None else f"{row.mean_percent:.1f}"


def listing(session: Session, asked: Question, reach: Reaches) -> ScoresView:
    """The groups; an enterprise opens onto its people."""
    office.begin_again(str(asked), page=PAGE)
    view = figures(session, asked, reach, limit=ROWS, offset=office.offset(ROWS))
    headline(view.total, asked)
    components.section(f"按{_BY[asked.by]}统计")
    if not view.groups:
        components.empty_state(
            "没有应考人员",
            "所选范围内没有应考的负责人。可以换一个专项或范围；名册里没有负责人的企业见未覆盖名单。",
            href="/coverage",
            label="查看覆盖率",
        )
        return view
    rows = [(_name(asked, row), *_cells(row)) for row in view.rows]
    components.table((_BY[asked.by], *COLUMNS), rows, numbers=COLUMNS)
    office.pages(view.groups, page=PAGE, size=ROWS)
    components.bullets(DEFINITIONS)
    return view


def _name(asked: Question, row: ScoreRow) -> object:
    if asked.by != "enterprise":
        return row.label
    return components.anchor(row.label, f"/scores?programme={asked.programme.code}&organisation={row.key}")


def _cells(row: ScoreRow) -> tuple[str, ...]:
    return (
        str(row.due), str(row.participants), show_share(row.participants, row.due), show_share(row.passed, row.participants),
        show_share(row.passed, row.due), show_share(row.first_time_passed, row.participants), _mean(row),
    )  # fmt: skip


def workbook(asked: Question, reach: Reaches) -> Callable[[], bytes]:
    """All groups, with counts beside the rates and the distribution."""

    def make() -> bytes:
        with store.reading() as session:
            view = figures(session, asked, reach, limit=None)
        lines = [
            {
                _BY[asked.by]: row.label, "应考": row.due, "参考": row.participants, "参考率": show_share(row.participants, row.due),
                "合格": row.passed, "考试合格率": show_share(row.passed, row.participants), "综合合格率": show_share(row.passed, row.due),
                "首次合格": row.first_time_passed, "一次合格率": show_share(row.first_time_passed, row.participants), "平均分": _mean(row),
                "答题次数": row.attempts, **{f"{label} 分": n for (_, _, label), n in zip(BINS, row.distribution, strict=True)},
            }
            for row in (*view.rows, view.total)
        ]  # fmt: skip
        notes = (f"{view.title}　统计时点 {asked.day.isoformat()}", *DEFINITIONS)
        return xlsx_bytes(pd.DataFrame(lines), title=f"按{_BY[asked.by]}成绩统计", now=clock.now(), notes=notes)

    return make


def download(asked: Question, user: User, reach: Reaches) -> None:
    """The table as a workbook."""
    office.download(
        "下载本表（全部行）",
        workbook(asked, reach),
        user=user,
        action="export_scores",
        subject=f"{asked.programme.title}按{_BY[asked.by]}成绩统计",
        key=f"{PAGE}_download",
        detail={"programme": asked.programme.code, "by": asked.by, "filters": office.filters_noted(asked.filters)},
    )
