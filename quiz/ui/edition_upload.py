"""Loading a new edition: choose the standard, fill in the cover, bring the clauses, look at what it would change, confirm."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
import streamlit as st

from quiz import clock
from quiz.accounts.domain import User
from quiz.banks import catalogue, edition_change, edition_file, editions
from quiz.banks.catalogue import EditionRow, StandardRow
from quiz.banks.edition_change import Expected
from quiz.banks.edition_file import Cover, Fault, UnfitSheet
from quiz.banks.files import ClauseDraft, EditionDraft
from quiz.banks.law_change import Difference
from quiz.banks.queries import clauses_of_edition
from quiz.problems import Invalid, Refusal
from quiz.settings import settings
from quiz.ui import components, edition_difference, edition_impact, gate, state, store
from quiz.ui.components import Kpi
from quiz.ui.files import XLSX
from quiz.ui.state import Slot
from quiz.vocabulary import EditionStatus, ItemStepAction

_FORM, _YAML = "填写表单和条款表（Excel）", "一个 YAML 文件（含全部内容）"
_FAULTS_SHOWN = 30
_LARGEST_MB = 50
_WRONG = date.min
"""Stands for a day that could not be read."""


@dataclass(frozen=True)
class Parsed:
    """What was read from an uploaded file, or why nothing was. `made_from` tells another file, or another form, from the same."""

    made_from: tuple[str, ...]
    clauses: tuple[ClauseDraft, ...] = ()
    whole: EditionDraft | None = None
    refusal: str = ""
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Loaded:
    """What loading an edition did, to be told on the page of that edition."""

    edition_code: str
    in_force: bool
    effective: date | None
    counts: tuple[tuple[str, int], ...]
    withdrawn: int
    recited: int


PARSED = Slot[Parsed | None]("edition_parsed", lambda: None)
LOADED = Slot[Loaded | None]("edition_loaded", lambda: None)


def show(user: User) -> None:
    """From the choice of the standard to the confirmation. Nothing is written before that."""
    components.page_header("载入新版", "先看清与上一版有什么不同、哪些题目会停用，再确认载入。确认之前不写入任何内容。")
    if st.button("标准目录", key="back", icon=":material/arrow_back:"):
        state.choose()
    with store.reading() as session:
        found = catalogue.standards(session)
    way = st.radio("怎样提供新版的内容", [_FORM, _YAML], key="upload_way", horizontal=True)
    draft = _from_yaml() if way == _YAML else _from_form(found)
    if draft is not None:
        _preview(user, draft)


def _from_yaml() -> EditionDraft | None:
    with st.container(border=True):
        components.section("一、选择文件", "格式与系统自带的标准文件相同：标准、版本、日期、替代关系和条款都在一个文件里。")
        file = st.file_uploader("选择 YAML 文件", type=["yaml", "yml"], key="edition_yaml", max_upload_size=_LARGEST_MB)
        if file is None:
            return None
        data = file.getvalue()

        def read() -> Parsed:
            return Parsed(_made_from(data), whole=edition_file.read_yaml(data, file_name=file.name))

        parsed = _parsed(_made_from(data), read)
        _refusal(parsed)
    return parsed.whole


def _from_form(found: Sequence[StandardRow]) -> EditionDraft | None:
    with st.container(border=True):
        components.section("一、选择标准")
        chosen = _choose(found)
    if chosen is None:
        return None
    standard, old = chosen
    with st.container(border=True):
        components.section("二、填写新版信息", "已按上一版填好名称和机关，请改成新版的。" if old else "")
        cover = _cover(standard, old, taken={each.code for row in found for each in row.editions})
    if cover is None:
        return None
    with st.container(border=True):
        components.section("三、条款表", "先下载模板，改好后再选择。模板里已有上一版的条款。" if old else "先下载模板，填好后再选择。")
        _template(old)
        file = st.file_uploader(
            "选择条款表（xlsx、xls 或 csv）", type=["xlsx", "xls", "csv"], key="edition_clauses", max_upload_size=_LARGEST_MB
        )
        if file is None:
            return None
        data = file.getvalue()
        with store.reading() as session:
            old_ids = {clause.id for clause in clauses_of_edition(session, old.code)} if old else set()
        made_from = _made_from(data, cover.edition, cover.supersedes or "")

        def read() -> Parsed:
            clauses = edition_file.read_clauses(data, file_name=file.name, edition=cover.edition, old_ids=old_ids)
            return Parsed(made_from, clauses=tuple(clauses))

        parsed = _parsed(made_from, read)
        _refusal(parsed)
        if parsed.refusal:
            return None
        try:
            return edition_file.edition_draft(cover, parsed.clauses, before=old.effective if old else None)
        except Invalid as refusal:
            components.note(refusal.message, tone="bad")
            return None


def _made_from(data: bytes, *more: str) -> tuple[str, ...]:
    return hashlib.sha256(data).hexdigest(), *more


def _parsed(made_from: tuple[str, ...], read: Callable[[], Parsed]) -> Parsed:
    """Read once for each file: every click draws the page again."""
    known = PARSED.get()
    if known is not None and known.made_from == made_from:
        return known
    with st.spinner("正在读取文件……"):
        try:
            parsed = read()
        except UnfitSheet as refusal:
            parsed = Parsed(made_from, refusal=refusal.message, faults=refusal.faults)
        except Invalid as refusal:
            parsed = Parsed(made_from, refusal=refusal.message)
    PARSED.set(parsed)
    return parsed


def _refusal(parsed: Parsed) -> None:
    if not parsed.refusal:
        return
    components.note(parsed.refusal, tone="bad")
    if not parsed.faults:
        return
    rows = [(fault.sheet, fault.row, fault.column, fault.problem, fault.action) for fault in parsed.faults]
    columns = ("工作表", "行", "列", "问题", "怎样改")
    components.table(columns, rows[:_FAULTS_SHOWN])
    if len(rows) > _FAULTS_SHOWN:
        components.hint(f"只列出前 {_FAULTS_SHOWN} 处，全部请下载。")
    frame = pd.DataFrame(rows, columns=list(columns))
    components.download_xlsx("下载问题清单", frame, subject="条款表问题清单", unit=settings().organiser, now=clock.now(), key="faults_xlsx")


def _choose(found: Sequence[StandardRow]) -> tuple[str, EditionRow | None] | None:
    """Code of the standard, and the edition to be superseded; None before anything was chosen."""
    titles = {each.code: each.title for each in found}
    chosen = st.selectbox(
        "标准", ["", *titles], format_func=lambda code: titles.get(code, "新标准（目录里没有的）"), index=None, key="upload_standard",
        placeholder="选择要更新的标准，或者选“新标准”",
    )  # fmt: skip
    if chosen is None:
        return None
    if not chosen:
        number = next(number for number in range(1, len(titles) + 2) if f"standard-{number}" not in titles)
        code = st.text_input("标准编号（只用于区分，可以不改）", value=f"standard-{number}", key="upload_new_standard", max_chars=50)
        return code.strip(), None
    free = {each.code: each for row in found if row.code == chosen for each in row.editions if each.superseded_by is None}
    old = st.selectbox(
        "替代哪一版",
        [*free, ""],
        format_func=lambda code: _name(free[code]) if code else "不替代，与现有版本并行",
        key=f"upload_old_{chosen}",
    )
    if not old:
        components.note("不替代上一版时，两版同时有效，引用上一版的题目不会变化。", tone="warn")
    return chosen, free.get(old or "")


def _name(edition: EditionRow) -> str:
    return "，".join(part for part in (edition.title, edition.document_number, edition.status.label) if part)


def _cover(standard: str, old: EditionRow | None, *, taken: set[str]) -> Cover | None:
    """The fields; what they begin with comes from the edition before, so their keys carry its code. None while a day is unreadable."""
    key = old.code if old else standard
    title = st.text_input("标题", value=old.title if old else "", key=f"title_{key}", max_chars=120)
    left, right = st.columns(2)
    with left:
        number = st.text_input(
            "文号（标准号）", key=f"number_{key}", max_chars=120, placeholder="例如：GB 35181-2025、应急管理部令第 10 号"
        )
        published = _day("公布日期", key=f"published_{key}")
    with right:
        issuer = st.text_input("发布机关", value=old.issuer if old else "", key=f"issuer_{key}", max_chars=120)
        effective = _day("施行日期", key=f"effective_{key}")
    scope = st.text_area("适用范围", value=old.scope if old else "", key=f"scope_{key}", max_chars=1000)
    caution = st.text_area("效力提示（使用前要提醒老师的话，可以空着）", key=f"caution_{key}", max_chars=500)
    known = effective if effective and effective is not _WRONG else clock.local_day(clock.now())
    offered = _free_code(standard, known, taken)
    edition = st.text_input("版本编号（只用于编号，可以不改）", value=offered, key=f"code_{offered}", max_chars=60)
    if published is _WRONG or effective is _WRONG:
        return None
    return Cover(
        standard=standard,
        edition=edition.strip(),
        title=title,
        document_number=number,
        issuer=issuer,
        published=published,
        effective=effective,
        supersedes=old.code if old else None,
        scope=scope,
        caution=caution,
    )


def _day(label: str, *, key: str) -> date | None:
    """Typed, not picked: the picker has no Chinese, and days of law are copied from the document. `_WRONG` when it is no day."""
    text = st.text_input(label, key=key, max_chars=20, placeholder="例如：2026-07-01")
    try:
        return edition_file.read_day(text, name=label)
    except Invalid as refusal:
        components.note(refusal.message, tone="bad")
        return _WRONG


def _free_code(standard: str, effective: date, taken: set[str]) -> str:
    """`coal-mine-2026`; with `-2` behind it when that is taken."""
    first = f"{standard}-{effective.year}"
    return first if first not in taken else next(code for number in range(2, len(taken) + 3) if (code := f"{first}-{number}") not in taken)


def _template(old: EditionRow | None) -> None:
    def make() -> bytes:
        with store.reading() as session:
            clauses = clauses_of_edition(session, old.code) if old else []
        return edition_file.write_template(clauses, title=old.title if old else "")

    st.download_button(
        "下载条款表模板",
        make,
        file_name=f"{old.title if old else '新标准'}条款表模板.xlsx",
        mime=XLSX,
        key="edition_template",
        icon=":material/download:",
        on_click="ignore",
    )


def _preview(user: User, draft: EditionDraft) -> None:
    with store.reading() as session:
        changes = editions.difference_of_draft(session, draft)
        found = edition_change.expected_impact(session, old_code=draft.supersedes, changes=changes) if changes and draft.supersedes else []
        titles = catalogue.bank_titles(session)
    with st.container(border=True):
        components.section(
            "核对", f"《{draft.title}》，{len(draft.clauses)} 条，其中可出题 {sum(each.assessable for each in draft.clauses)} 条。"
        )
        _when(draft, found)
        if changes is not None:
            edition_difference.figures(changes)
            edition_difference.listing(changes, key="draft")
            components.section("题目会怎样")
            edition_impact.expected(found, titles, key="draft")
        elif draft.supersedes:
            components.note(f"目录里没有编号为 {draft.supersedes} 的版本，请核对替代关系。", tone="bad")
    if components.confirm_button("确认载入", key="confirm_edition", icon=":material/check:", question=_question(draft, found)):
        _load(user, draft, changes, found)


def _is_due(draft: EditionDraft) -> bool:
    return draft.effective is None or draft.effective <= clock.local_day(clock.now())


def _when(draft: EditionDraft, found: Sequence[Expected]) -> None:
    if _is_due(draft):
        text = (
            "施行日期已到，确认后立即生效：上一版标为“已被替代”，题目按下面的预览停用或改引新版。"
            if draft.supersedes
            else "确认后即为现行有效。"
        )
        components.note(text, tone="warn" if found else "info", title="何时生效")
    else:
        components.note(
            f"自 {draft.effective} 起施行。在此之前标为“已公布未施行”，题目照旧使用；到日由系统自动接替上一版。", title="何时生效"
        )


def _question(draft: EditionDraft, found: Sequence[Expected]) -> str:
    withdrawn, recited = _split(found)
    if _is_due(draft) and found:
        return f"立即生效：{withdrawn} 道题停用，{recited} 道题改引新版。生效后不能撤销，确定载入吗？"
    if draft.supersedes and _is_due(draft):
        return "立即生效，没有题目受影响。生效后不能撤销，确定载入吗？"
    return "将载入这一版和它的条款。没有被引用之前可以撤销。确定载入吗？"


def _split(found: Sequence[Expected]) -> tuple[int, int]:
    withdrawn = sum(each.action is ItemStepAction.WITHDRAWN for each in found)
    return withdrawn, len(found) - withdrawn


def _load(user: User, draft: EditionDraft, changes: Difference | None, found: Sequence[Expected]) -> None:
    now = clock.now()
    try:
        with store.transaction() as session:
            status = editions.upload_edition(session, draft=draft, now=now, today=clock.local_day(now), actor=gate.actor(user))
    except Refusal as refusal:
        components.note(refusal.message, tone="bad")
        return
    PARSED.clear()
    kinds = edition_difference.counts(changes) if changes else ()
    LOADED.set(Loaded(draft.edition, status is EditionStatus.IN_FORCE, draft.effective, kinds, *_split(found)))
    state.choose(edition=draft.edition)


def summary(edition: EditionRow) -> None:
    """What loading this edition did, with the ways on; until it was read."""
    done = LOADED.get()
    if done is None or done.edition_code != edition.code:
        return
    with st.container(border=True):
        when = "已生效" if done.in_force else f"将于 {done.effective} 施行"
        components.note(f"《{edition.title}》载入完成，{when}。", tone="ok")
        will = "" if done.in_force else "将"
        figures = [Kpi(label, f"{number} 条") for label, number in done.counts]
        components.kpi_row([*figures, Kpi(f"题目{will}停用", f"{done.withdrawn} 道", f"{will}改引新版 {done.recited} 道")])
        with st.container(horizontal=True):
            if edition.supersedes:
                components.link("看哪些题目要改", f"/standards?edition={edition.code}&view=items", primary=True)
                components.link("看谁考过旧条款", f"/standards?edition={edition.code}&view=taken")
            components.link("题库", "/banks")
            if st.button("知道了", key="edition_loaded_seen"):
                LOADED.clear()
                st.rerun()
