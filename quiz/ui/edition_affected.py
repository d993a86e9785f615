"""Who was examined on what the new edition changed: counted first, then listed, within the reach of whoever asks."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st
from markupsafe import Markup

from quiz import clock
from quiz.accounts.domain import Permission, User
from quiz.banks.catalogue import EditionRow
from quiz.coverage import affected
from quiz.coverage.affected import AffectedAttempt, Survey, TakenItem, Touched
from quiz.coverage.affected_export import affected_xlsx
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.ui import components, gate, office, store
from quiz.ui.components import Kpi, Tone
from quiz.ui.markup import join, markup
from quiz.ui.state import Slot

AT_ONCE_UP_TO = 20_000
"""Attempts that are looked through without asking; more take seconds, and the person says when."""
_ROWS = 30
_TONES: dict[str, Tone] = {"答对": "ok", "部分得分": "warn", "答错或未答": "bad"}


@dataclass(frozen=True)
class Counted:
    """A survey, of what, for whom and when."""

    edition_code: str
    reach: Reaches
    at: datetime
    survey: Survey


COUNTED = Slot[Counted | None]("edition_affected", lambda: None)


def show(user: User, edition: EditionRow) -> None:
    """The count, the papers, the list with its pager, and the workbook."""
    user, reach = gate.require_reach(Permission.SEE_SCORES)
    today = clock.local_day(clock.now())
    with store.reading() as session:
        wanted = affected.touched(session, new_code=edition.code)
        scope = office.reach_text(reach, Reference.load(session))
        total = affected.closed_attempts(session, reach=reach) if wanted.clauses else 0
    components.section("谁考过这些题", f"答过有修改或删除条款的题目的人员。您的范围：{scope}。以往答卷的题目、答案和得分都不改动。")
    if not wanted.clauses or not total:
        text = "没有题目考查过有修改或删除的条款。" if not wanted.clauses else "您的范围内还没有人交卷。"
        components.empty_state("没有涉及的人员", text, href="/scores", label="成绩统计")
        return
    counted = _counted(edition, wanted, reach, total, today)
    if counted is None:
        return
    found = counted.survey
    components.kpi_row(
        [
            Kpi("涉及人员", f"{found.people} 人", tone="warn" if found.people else "ok"),
            Kpi("涉及答卷", f"{found.affected} 份", f"范围内共 {total} 份"),
            Kpi("涉及试卷", f"{len(found.papers)} 份"),
            Kpi("有关题目版本", f"{len(wanted.clauses)} 个"),
        ]
    )
    if not found.affected:
        components.empty_state("没有涉及的人员", "范围内的答卷里没有这些题目。", href="/scores", label="成绩统计")
        return
    _listing(wanted, found, reach, today)
    if found.affected > AT_ONCE_UP_TO:
        components.hint("名单较大，点下载后要等几十秒，请不要重复点。")
    office.download(
        "下载涉及人员名单",
        _workbook(edition, wanted, found, reach, today),
        user=user,
        action="export_scores",
        subject=f"{edition.title}换版涉及人员",
        key="affected_xlsx",
        detail={"edition": edition.code, "rows": found.affected},
    )


def _counted(edition: EditionRow, wanted: Touched, reach: Reaches, total: int, today: date) -> Counted | None:
    """What was counted on this visit; counted now when it is little, or when the button says so."""
    known = COUNTED.get()
    if known is not None and (known.edition_code, known.reach) != (edition.code, reach):
        known = None
    again = False
    if known is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            components.hint(f"统计时间 {clock.show(known.at)}，之后交的卷不在内。")
            again = st.button("重新统计", key="count_again", icon=":material/refresh:")
    elif total > AT_ONCE_UP_TO:
        components.note(f"要逐份查看 {total} 份答卷，可能需要几秒到半分钟。")
        again = st.button("开始统计", key="count_affected", icon=":material/search:", type="primary")
        if not again:
            return None
    if known is not None and not again:
        return known
    bar = st.progress(0.0, text="正在查看答卷……")

    def progress(done: int, of: int) -> None:
        bar.progress(min(1.0, done / of) if of else 1.0, text=f"正在查看答卷：{done} / {of} 份")

    with store.reading() as session:
        found = affected.survey(session, wanted, reach=reach, today=today, progress=progress)
    bar.empty()
    counted = Counted(edition.code, reach, clock.now(), found)
    COUNTED.set(counted)
    if again:
        st.rerun()
    return counted


def _listing(wanted: Touched, found: Survey, reach: Reaches, today: date) -> None:
    ids: array[int] = found.attempt_ids
    if len(found.papers) > 1:
        labels = {0: f"全部试卷（{found.affected} 份）"} | {each.paper_id: f"{each.title}（{each.affected} 份）" for each in found.papers}
        paper = st.selectbox("试卷", list(labels), format_func=labels.__getitem__, key="affected_paper") or 0
        ids = found.of_paper(paper) if paper else ids
    first = components.pager(len(ids), key="affected_page", size=_ROWS)
    with store.reading() as session:
        rows = affected.rows(session, wanted, ids[first : first + _ROWS], reach=reach, today=today)
    components.table(("姓名", "企业", "区市", "试卷", "交卷时间", "涉及的题目、条款和对错"), [_row(each) for each in rows])


def _row(attempt: AffectedAttempt) -> tuple[object, ...]:
    return (
        attempt.name,
        "、".join(attempt.organisations) or "—",
        "、".join(attempt.districts) or "—",
        f"{attempt.paper}（第 {attempt.number} 次，{'合格' if attempt.passed else '未合格'}）",
        clock.show(attempt.handed_in_at),
        Markup("<br>").join(_item(item) for item in attempt.items),
    )


def _item(item: TakenItem) -> Markup:
    link = components.anchor(item.code, f"/banks?bank={item.bank_code}&item={item.item_id}")
    parts = [components.badge(item.outcome, _TONES[item.outcome]), Markup(" "), link, markup(" {}", "、".join(item.clauses))]
    return join(parts)


def _workbook(edition: EditionRow, wanted: Touched, found: Survey, reach: Reaches, today: date) -> Callable[[], bytes]:
    """Written to a file first: a city's worth of lines does not stand in memory twice."""

    def make() -> bytes:
        with TemporaryDirectory() as folder, store.reading() as session:
            path = Path(folder) / "affected.xlsx"
            affected_xlsx(session, path, wanted=wanted, found=found, title=edition.title, reach=reach, today=today, exported_at=clock.now())
            return path.read_bytes()

    return make
