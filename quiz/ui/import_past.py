"""Past imports of rosters: who brought what, with the report; and taking one back, after seeing what that would do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st
from sqlalchemy import select
from sqlmodel import Session, col

from quiz import clock, wiring
from quiz.accounts.domain import User
from quiz.db import database
from quiz.models.accounts import Account
from quiz.organisations import queries, roster_undo
from quiz.organisations.queries import ImportView
from quiz.organisations.reach import Reaches
from quiz.problems import Refusal
from quiz.ui import components, import_view, office, store
from quiz.ui.markup import plain
from quiz.ui.state import Slot

PAGE = "import_roster"
OBSTACLES = 30
LOOKED_AT = Slot[int]("import_undo", int)
"""The import whose undo is being looked at; 0 for none."""
WORDS = {"rows": "读到", "created": "新增", "updated": "更新", "unchanged": "无变化", "refused": "不能导入", "skipped": "跳过"}


def past(session: Session, user: User, reach: Reaches) -> None:
    """Earlier imports with their reports: all of them for the city's office, one's own for the others."""
    components.section("以往的导入", "导入错了可以撤销：新增的企业、任职和人员删去，改动过的恢复原样，培训任务和统计数随之复原。")
    found = [each for each in queries.recent_imports(session) if office.is_city_wide(reach) or each.account_id == user.account_id]
    if not found:
        components.empty_state("还没有导入过", "先下载模板，填好企业和主要负责人，再在上面选择文件。")
        return
    names = _names(session, (number for each in found for number in (each.account_id, each.undone_by)))
    for each in found:
        with st.expander(plain(_label(each)), expanded=LOOKED_AT.get() == each.id):
            _one(session, each, names, user, reach)


def _names(session: Session, account_ids: Iterable[int | None]) -> dict[int | None, str]:
    wanted = {number for number in account_ids if number is not None}
    rows = session.execute(select(Account.id, Account.name).where(col(Account.id).in_(wanted)))  # type: ignore[call-overload]
    return {number: name for number, name in rows}


def _label(each: ImportView) -> str:
    mark = "（已撤销）" if each.undone_at else "" if each.report else "（中断，可重新导入同一文件）"
    return f"{clock.show(each.imported_at)}　{each.file_name}{mark}"


def _one(session: Session, each: ImportView, names: dict[int | None, str], user: User, reach: Reaches) -> None:
    report = each.report
    facts: list[tuple[str, object]] = [("导入人", names.get(each.account_id, "系统"))]
    if each.undone_at:
        facts.append(("撤销", f"{clock.show(each.undone_at)} {names.get(each.undone_by, '系统')}"))
    components.facts([*facts, *((label, f"{report[word]} 行") for word, label in WORDS.items() if report)])
    if not report and not each.undone_at:
        st.markdown("导入中途停止。已写入的行有效；把同一文件再导入一次，会接着完成，不会重复。")
    if LOOKED_AT.get() == each.id and not each.undone_at:
        _look(session, each.id, user, reach)
        return
    if report:
        import_view.problems(report["problems"], key=f"{PAGE}_past_{each.id}", name=each.file_name)
        import_view.changes(report["changes"], dry_run=False)
    if not each.undone_at and st.button("撤销这次导入……", key=f"{PAGE}_undo_{each.id}", icon=":material/undo:"):
        LOOKED_AT.set(each.id)
        st.rerun()


def _look(session: Session, import_id: int, user: User, reach: Reaches) -> None:
    try:
        seen = roster_undo.preview(session, import_id=import_id, reach=reach, account_id=user.account_id)
    except Refusal as refusal:
        components.note(refusal.message, tone="bad")
        return
    _preview(seen, user, reach)


def _preview(seen: roster_undo.UndoPreview, user: User, reach: Reaches) -> None:
    if seen.refusal:
        components.note(seen.refusal, tone="warn")
    elif seen.obstacles:
        components.note(
            f"有 {len(seen.obstacles)} 处内容依赖这次导入，暂不能撤销。请先撤回下列内容；只错了少数几家的，在企业档案里更正即可。",
            tone="warn",
        )
        components.table(("对象", "原因"), [(each.about, each.reason) for each in seen.obstacles[:OBSTACLES]])
        if len(seen.obstacles) > OBSTACLES:
            components.hint(f"只列出前 {OBSTACLES} 处。")
        for number in dict.fromkeys(each.import_id for each in seen.obstacles if each.import_id is not None):
            about = next(each.about for each in seen.obstacles if each.import_id == number)
            if st.button(f"先看后来那次导入{plain(about)}", key=f"{PAGE}_undo_first_{seen.import_id}_{number}"):
                LOOKED_AT.set(number)
                st.rerun()
    else:
        components.note("没有内容依赖这次导入，可以撤销。撤销会做下面这些：", tone="info")
        components.facts(
            [
                ("删去企业", f"{seen.removed_organisations} 家"), ("恢复企业", f"{seen.restored_organisations} 家"),
                ("删去任职", f"{seen.removed_posts} 条"), ("恢复任职", f"{seen.restored_posts} 条"),
                ("删去人员", f"{seen.removed_persons} 人"), ("恢复人员信息", f"{seen.restored_persons} 人"),
            ]
        )  # fmt: skip
        components.bullets(
            [
                "这些企业的培训任务和各级统计数恢复到导入以前的样子。",
                "未使用的激活码作废；原有的延期和核减不受影响。",
                "变更记录和审计记录中会写明这次撤销。",
            ]
        )
        if components.confirm_button(
            "确认撤销", key=f"{PAGE}_undo_confirm_{seen.import_id}", icon=":material/undo:",
            question=f"将把《{seen.file_name}》写入的内容全部撤回，恢复到导入以前。撤销后可以重新导入。",
        ):  # fmt: skip
            _undo(seen, user, reach)
    if st.button("不撤销，收起", key=f"{PAGE}_undo_close_{seen.import_id}"):
        LOOKED_AT.clear()
        st.rerun()


def _undo(seen: roster_undo.UndoPreview, user: User, reach: Reaches) -> None:
    wiring.wire()
    bar = st.progress(0.0, text="正在撤销，请不要关闭页面……")

    def progress(done: int, total: int) -> None:
        bar.progress(done / total if total else 1.0, text=f"正在撤销：{done} / {total} 批")

    try:
        done = roster_undo.undo(
            database(), import_id=seen.import_id, now=clock.now(), account_id=user.account_id, reach=reach, progress=progress
        )
    except Refusal as refusal:
        components.note(refusal.message, tone="bad")
        return
    with store.transaction() as session:
        counts: dict[str, Any] = {"import": done.import_id, "removed": done.removed_organisations, "restored": done.restored_organisations}
        office.record(session, user, "undo_roster_import", subject=done.file_name, **counts)
    LOOKED_AT.clear()
    components.say(f"已撤销《{done.file_name}》：删去 {done.removed_organisations} 家企业，恢复 {done.restored_organisations} 家。")
    st.rerun()
