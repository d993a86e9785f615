"""Import a roster: template, file, preview with everything that is wrong, then the import."""

import streamlit as st

from quiz.accounts.domain import Permission
from quiz.organisations.reference import Reference
from quiz.ui import components, gate, import_past, import_view, office, store

user, reach = gate.require_reach(Permission.MANAGE_ROSTER)
with store.reading() as session:
    scope = office.reach_text(reach, Reference.load(session))
components.page_header("导入名册", f"先预检，看清会改什么、哪里有问题，再写入。您只能导入{scope}范围内的企业。")

import_view.result()
with st.container(border=True):
    components.section("一、下载模板", "已有自己的表也可以直接用：标题行、合并单元格、列名说法不同，系统都能认。")
    import_view.template()
with st.container(border=True):
    components.section("二、选择文件并预检", "预检不写入任何内容。")
    chosen = import_view.upload()
    made = import_view.preview(*chosen, reach) if chosen else None
    if made is not None and made.report is None:
        components.note(made.refusal, tone="bad")

if chosen and made is not None and made.report is not None:
    report = made.report
    with st.container(border=True):
        components.section("三、核对预检结果")
        import_view.figures(report)
        import_view.problems(report.problems, key="import_preview", name=report.file)
        import_view.changes(report.changes, dry_run=True)
        writable = report.created + report.updated
        if not writable:
            components.note("没有需要写入的内容：名册里已经是这样，或各行都有问题。改正文件后重新选择即可。", tone="warn")
        elif components.confirm_button(
            f"导入 {writable} 行", key="import_confirm", icon=":material/upload:",
            question=f"将新增 {report.created} 行、更新 {report.updated} 行；有问题的 {report.refused} 行不写入。",
        ):  # fmt: skip
            import_view.run(*chosen, user, reach)

with store.reading() as session:
    import_past.past(session, user, reach)
