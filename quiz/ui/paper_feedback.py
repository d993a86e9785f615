"""What a paper being written will be like: how long, how hard, who passes, which clauses it leaves out, how it looks on a phone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st
from sqlmodel import Session

from quiz.attempts import item_statistics
from quiz.banks import queries as banks
from quiz.banks.queries import VersionView
from quiz.papers import clause_coverage, prediction, queries
from quiz.papers.domain import Blueprint, FormItem, Section, assemble_form
from quiz.papers.prediction import Measured, MeasuredPace, Prediction
from quiz.papers.shortage import papers_of_bank
from quiz.settings import settings
from quiz.ui import components, phone_preview, store
from quiz.ui.components import Kpi
from quiz.ui.paper_rules import Rules
from quiz.ui.state import Slot
from quiz.vocabulary import ScoringPolicy

_SEED = Slot[int]("feedback_seed", lambda: 1)
_FRESH_SECONDS = 60
_TOO_EASY, _TOO_HARD = 0.95, 0.5
_CLAUSES_SHOWN = 40


def show(form: str, title: str, sections: Sequence[Section], rules: Rules | None) -> None:
    """Everything that can be told before anybody sits the paper. The sections must be ones a form can be drawn from."""
    components.section("三、预计和预览", "根据题库现有题目随机组卷推算，供调整时参考；以实际考试为准。")
    if rules is None:
        components.hint("补全开放和截止时间后显示。")
        return
    blueprint = Blueprint(sections=tuple(sections))
    with store.reading() as session:
        stamp = banks.stamp(session)
    found = _predicted(blueprint.model_dump_json(), rules.cut_score, settings().database_url, stamp)
    _figures(found, blueprint, rules)
    _method(found, rules)
    _uncovered(blueprint, stamp)
    _phone(form, title, blueprint, rules)


@st.cache_data(max_entries=32, ttl=_FRESH_SECONDS, show_spinner="正在推算…")
def _predicted(blueprint_json: str, cut_score: float, database: str, stamp: str) -> Prediction:
    """Every click on the form draws the screen again: the same paper is predicted once a minute."""
    blueprint = Blueprint.model_validate_json(blueprint_json)
    with store.reading() as session:
        pool = queries.pool(session, blueprint)
        views = _accepted(session, blueprint)
        by_item = item_statistics.of_items(session, list(views.values()))
        measured = {
            view.id: Measured(statistic.asked, statistic.right)
            for view in views.values()
            if (statistic := by_item.get(view.item_id)) is not None
        }
        papers = {paper.id for bank in blueprint.banks for paper in papers_of_bank(session, bank)}
        pace = item_statistics.pace_of(session, papers)
    known = MeasuredPace(**asdict(pace)) if pace else None
    return prediction.predict(pool, blueprint, views=views, measured=measured, cut_score=cut_score, pace=known)


def _accepted(session: Session, blueprint: Blueprint) -> dict[int, VersionView]:
    """Items that some section may draw, by version."""
    pool = queries.pool(session, blueprint)
    wanted = sorted({version for section in blueprint.sections for version in pool.accepted(section)})
    return queries.version_views(session, wanted)


def _figures(found: Prediction, blueprint: Blueprint, rules: Rules) -> None:
    limit = rules.time_limit_minutes
    late = found.minutes > limit
    tight = not late and found.minutes > 0.8 * limit
    components.kpi_row(
        [
            Kpi(
                "预计用时",
                f"{found.minutes:.0f} 分钟",
                f"时限 {limit} 分钟" + ("，不够" if late else "，偏紧" if tight else ""),
                tone="bad" if late else "warn" if tight else "ok",
            ),
            Kpi(
                "预计答对率",
                f"{found.share:.0%}",
                "偏易" if found.share > _TOO_EASY else "偏难" if found.share < _TOO_HARD else "难度（通过率）适中",
                tone="ok" if _TOO_HARD <= found.share <= _TOO_EASY else "warn",
            ),
            Kpi("预计平均分", f"{found.mean_score:.1f} 分", f"满分 {blueprint.max_score:g} 分"),
            Kpi(
                "预计合格比例",
                f"{found.pass_share:.0%}",
                f"合格分 {rules.cut_score:g} 分",
                tone="warn" if found.pass_share < _TOO_HARD else "ok",
            ),
        ]
    )


def _method(found: Prediction, rules: Rules) -> None:
    """Where the figures come from, said every time: a guess must not look like a measurement."""
    time_from = (
        f"用时按这些题库以往 {found.minutes_measured_on} 次交卷的实测中位数（每题用时）推算。"
        if found.minutes_measured_on
        else "还没有足够的答题记录，用时按题型和文字长度估算。"
    )
    guessed = found.items - found.measured_items
    share_from = f"抽到的 {found.items} 道题中，{found.measured_items} 道按实际答对率（考过至少 {prediction.ENOUGH_ANSWERS} 人次）"
    share_from += f"，{guessed} 道按编者估计的难度" if guessed else ""
    labels = "、".join(f"{level.label} {share:.0%}" for level, share in prediction.SHARE_BY_LABEL.items())
    components.hint(f"{time_from}{share_from}。")
    with st.expander("怎样推算", icon=":material/calculate:"):
        lines = [
            f"随机组 {prediction.FORMS} 份卷，每份由 {prediction.CANDIDATES_A_FORM} 名模拟考生作答，各题答对与否互不影响。",
            "实际考生水平有高有低，成绩会比推算的更分散；合格比例接近 0% 或 100% 时，实际会离两端远一些。",
            f"没有实测数据的题，按编者估计的难度取答对率：{labels}。",
            f"没有实测用时的，每题按题型计基本时间，再按每秒读 {prediction.SIGNS_A_SECOND:g} 个字加上题干和选项的阅读时间。",
        ]
        if rules.scoring_policy is ScoringPolicy.PARTIAL:
            lines.append("少选按比例得的分没有计入，实际平均分会略高。")
        components.bullets(lines)


def _uncovered(blueprint: Blueprint, stamp: str) -> None:
    missing, total = _missing_clauses(blueprint.model_dump_json(), settings().database_url, stamp)
    if not total:
        return
    if not missing:
        components.note(f"所选题库对应标准的 {total} 条应考条款，这份试卷都可能考到。", tone="ok", title="条款覆盖")
        return
    with st.expander(f"{total} 条应考条款中，有 {len(missing)} 条任何一部分都抽不到", icon=":material/playlist_remove:"):
        components.hint("放宽分组、题型、类别的限制，或补充题目，可以考到这些条款。")
        components.table(["标准", "条款", "内容"], missing[:_CLAUSES_SHOWN])
        if len(missing) > _CLAUSES_SHOWN:
            components.hint(f"另有 {len(missing) - _CLAUSES_SHOWN} 条，保存后可在试卷的“条款覆盖”中查看和下载。")


@st.cache_data(max_entries=32, ttl=_FRESH_SECONDS, show_spinner=False)
def _missing_clauses(blueprint_json: str, database: str, stamp: str) -> tuple[list[tuple[str, str, str]], int]:
    blueprint = Blueprint.model_validate_json(blueprint_json)
    with store.reading() as session:
        counts = clause_coverage.of_form(session, blueprint, list(_accepted(session, blueprint).values()))
    missing = [(c.clause.edition_title, c.clause.ref, c.clause.heading) for c in counts if not c.total]
    return missing, len(counts)


def _phone(form: str, title: str, blueprint: Blueprint, rules: Rules) -> None:
    if not st.toggle("手机预览：负责人看到的样子", key=f"{form}_phone"):
        return
    if st.button("换一份卷", key=f"{form}_phone_again", icon=":material/refresh:"):
        _SEED.set(random.randrange(1, 10**6))
    with store.reading() as session:
        drawn = _drawn(session, blueprint, rules)
    phone_preview.show(title.strip() or "试卷预览", drawn, minutes=rules.time_limit_minutes)
    components.hint("可以试答，不会保存，也不计入答题。")


def _drawn(session: Session, blueprint: Blueprint, rules: Rules) -> list[tuple[FormItem, VersionView]]:
    pool = queries.pool(session, blueprint)
    items = assemble_form(pool, blueprint, seed=_SEED.get(), shuffle_items=rules.shuffle_items, shuffle_options=rules.shuffle_options)
    views = queries.version_views(session, (item.version for item in items))
    return [(item, views[item.version]) for item in items]
