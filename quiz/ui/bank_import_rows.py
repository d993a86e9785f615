"""The rows of a file before they are imported: how many end how, what was changed or refused and why, each item as it will be seen."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from quiz import clock
from quiz.banks.files import ItemDraft
from quiz.banks.queries import VersionView
from quiz.banks.version_diff import part_text
from quiz.exchange.domain import Fate, Picture, Reading, ReadRow, Remark, Severity
from quiz.settings import settings
from quiz.ui import components, item_card
from quiz.ui.components import Kpi, Tone
from quiz.ui.markup import draw, join, markup
from quiz.ui.state import Slot
from quiz.vocabulary import ItemType

SHOWN = 20
"""Rows on one page: each may be opened with its pictures."""
_REMARKS_SHOWN = 10
_LONGEST_EXCERPT = 120
_LARGEST_PICTURE = 2 * 2**20
_SHOWN_BY_BROWSERS = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"})
FATE_TONES: dict[Fate, Tone] = {Fate.ACCEPTED: "ok", Fate.REPAIRED: "warn", Fate.REFUSED: "bad", Fate.SKIPPED: ""}
SEVERITY_TONES: dict[Severity, Tone] = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.INFO: "info"}
_WHERE = {"stem": "题干", "explanation": "解析"}

OPENED = Slot[int]("bank_import_opened", lambda: -1)
"""Position of the row that is open; -1 when none is."""


# 数目 -----------------------------------------------------------------------------------------------------------------


def figures(reading: Reading, *, is_done: bool = False) -> None:
    """How the rows end, and the equation that none is missing."""
    counts, will = reading.counts, "已" if is_done else "将"
    components.kpi_row(
        [
            Kpi("读到", f"{len(reading.rows)} 行", "题目、标题、说明都算"),
            Kpi(f"{will}导入", f"{len(reading.items)} 题", "接受和修正后接受的", tone="ok" if reading.items else ""),
            Kpi("修正后接受", f"{counts[Fate.REPAIRED]} 题", "改了什么，逐题列出", tone="warn" if counts[Fate.REPAIRED] else ""),
            Kpi("拒绝", f"{counts[Fate.REFUSED]} 行", "原因和办法，逐行列出", tone="bad" if counts[Fate.REFUSED] else ""),
            Kpi("跳过", f"{counts[Fate.SKIPPED]} 行", "不是题目，或题库里已有"),
        ]
    )
    components.hint(equation(len(reading.rows), {fate.value: number for fate, number in counts.items()}))


def equation(rows: int, counts: Mapping[str, int]) -> str:
    """`共 12 行 = 接受 8 + 修正后接受 2 + 拒绝 1 + 跳过 1`."""
    return f"共 {rows} 行 = " + " + ".join(f"{fate.label} {counts.get(fate.value, 0)}" for fate in Fate)


def about_file(remarks: Sequence[Remark]) -> None:
    """What was found out about the file as a whole, such as its header row."""
    if not remarks:
        return
    rows = [
        (components.badge(remark.severity.label, SEVERITY_TONES[remark.severity]), str(remark.place) or "—", remark.message, remark.action or "—")
        for remark in remarks[:_REMARKS_SHOWN]
    ]  # fmt: skip
    with st.expander(f"关于这个文件（{len(remarks)} 条）", expanded=len(remarks) <= 3, icon=":material/info:"):
        components.table(("类别", "位置", "说明", "处理办法"), rows)
        if len(remarks) > _REMARKS_SHOWN:
            components.hint(f"只列出前 {_REMARKS_SHOWN} 条，全部请下载问题清单。")


# 逐行 -----------------------------------------------------------------------------------------------------------------


def listed(reading: Reading, *, key: str) -> None:
    """Rows by fate, at first those somebody should look at."""
    counts = reading.counts
    offered = [fate for fate in (Fate.REFUSED, Fate.REPAIRED, Fate.ACCEPTED, Fate.SKIPPED) if counts[fate]]
    wanted = [fate for fate in offered if fate in (Fate.REFUSED, Fate.REPAIRED)] or offered[:1]
    chosen = st.pills(
        "只看", offered, default=wanted, format_func=lambda fate: f"{fate.label} {counts[fate]}", selection_mode="multi", key=f"{key}_fates"
    )
    rows = [(position, row) for position, row in enumerate(reading.rows) if row.fate in chosen]
    if not rows:
        components.hint("没有选中的类别。请在上面点选要看的类别。")
        return
    rows.sort(key=lambda pair: (offered.index(pair[1].fate), pair[0]))
    start = components.pager(len(rows), key=f"{key}_page_{'_'.join(chosen)}", size=SHOWN)
    for position, row in rows[start : start + SHOWN]:
        _row(position, row, key=key)


def _row(position: int, row: ReadRow, *, key: str) -> None:
    opened = OPENED.get() == position
    with st.container(border=True, key=f"{key}_row_{position}"):
        kind = components.badge(row.draft.type.label, "info") if row.draft else ""
        text = row.draft.stem if row.draft else row.excerpt
        draw(
            markup(
                '<p><b>{}</b> {} {}</p><p class="ankao-hint">{}</p>',
                str(row.place) or "—", components.badge(row.fate.label, FATE_TONES[row.fate]), kind, _short(text) or "（没有文字）",
            )
        )  # fmt: skip
        if row.remarks:
            _remarks(row.remarks)
        if row.draft is None:
            return
        if st.button("收起" if opened else "查看题目", key=f"{key}_open_{position}", icon=":material/visibility:"):
            OPENED.set(-1 if opened else position)
            st.rerun()
        if opened:
            candidate_view(row.draft, row.pictures, row.clause_text)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_EXCERPT else f"{line[:_LONGEST_EXCERPT]}…"


def _remarks(remarks: Sequence[Remark]) -> None:
    lines = [
        markup("<li>{}{}</li>", f"{remark.place.cell}：" if remark.place.cell else "", _sentences(remark))
        for remark in remarks[:_REMARKS_SHOWN]
    ]
    draw(markup('<ul class="ankao-bullets">{}</ul>', join(lines)))


def _sentences(remark: Remark) -> str:
    parts = [text.rstrip("。") for text in (remark.message, remark.action) if text]
    return "".join(f"{part}。" for part in parts)


# 一道题 ---------------------------------------------------------------------------------------------------------------


def as_view(draft: ItemDraft) -> VersionView:
    """A draft as the parts of the screen take it that show versions; clauses are left out, they are matched when it is imported."""
    return VersionView(
        id=0, item_id=0, item_code=draft.code, bank_code="", type=draft.type, kind=draft.kind, topic=draft.topic,
        difficulty=draft.difficulty.value, stem=draft.stem, options=tuple(draft.options.items()), key=frozenset(draft.key),
        explanation=draft.explanation, rationales=dict(draft.rationales), clauses=(), roles=tuple(role.value for role in draft.roles),
        ordered_key=tuple(draft.key), unit=draft.unit, tolerance=draft.tolerance, prompts=tuple(draft.prompts.items()),
        parts=tuple(draft.parts),
    )  # fmt: skip


def candidate_view(draft: ItemDraft, pictures: Sequence[Picture], clause_text: str) -> None:
    """The item as its candidate will see it, its pictures, then what it is answered with."""
    view = as_view(draft)
    item_card.as_candidate(view, number=1, options=list(draft.options))
    if view.type is ItemType.MATCHING:
        components.bullets(f"{number}. {text}" for number, text in view.prompts)
    if view.type is ItemType.CASE:
        components.bullets(f"小题 {number}：{part_text(part)}" for number, part in enumerate(view.parts, start=1))
    for picture in pictures:
        _picture(picture)
    answer = "各小题自有答案" if view.type is ItemType.CASE else f"{'、'.join(draft.key)} {draft.unit}".strip()
    pairs = [("答案", answer)]
    pairs += [("允许误差", draft.tolerance)] if draft.tolerance else []
    pairs += [("依据", clause_text)] if clause_text else []
    pairs += [("知识点", draft.topic)] if draft.topic else []
    components.facts(pairs)
    if draft.explanation:
        components.note(draft.explanation, title="解析")


def _picture(picture: Picture) -> None:
    where = _WHERE.get(picture.where, f"选项 {picture.where}")
    if picture.media_type not in _SHOWN_BY_BROWSERS or len(picture.data) > _LARGEST_PICTURE:
        components.hint(f"{where}的图片（{len(picture.data) // 1024} KB，{picture.media_type}）随题导入，此处不显示。")
        return
    data = base64.b64encode(picture.data).decode("ascii")
    source = f"data:{picture.media_type};base64,{data}"
    st.html(markup('<figure><img src="{}" alt="{}的图片" style="max-width:100%;max-height:320px"></figure>', source, where))


# 问题清单 -------------------------------------------------------------------------------------------------------------


def problems_download(problems: Sequence[Mapping[str, Any]], *, file_name: str, key: str, label: str = "下载问题清单") -> None:
    """Every remark about a file as a workbook, refusals with what to do."""
    labels = {severity.value: severity.label for severity in Severity}

    def frame() -> pd.DataFrame:
        return pd.DataFrame(
            [
                (problem["sheet"], _spot(problem), labels.get(problem["severity"], ""), problem["message"], problem["action"])
                for problem in problems
            ],
            columns=["工作表", "位置", "类别", "说明", "处理办法"],
        )

    components.download_xlsx(
        label, frame, subject="题库导入问题清单", unit=settings().organiser, now=clock.now(), key=key, notes=(f"文件：{file_name}",)
    )


def _spot(problem: Mapping[str, Any]) -> str:
    if problem.get("cell"):
        return str(problem["cell"])
    return f"第 {problem['line']} 行" if problem.get("line") else ""
