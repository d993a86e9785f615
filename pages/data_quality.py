"""Data quality: what looks wrong in the roster, each with the way to mend it or to say that it is right."""

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.organisations.quality_checks import BY_CODE
from quiz.organisations.reference import Reference
from quiz.ui import components, gate, office, quality_fix, quality_list, state, store

user, reach = gate.require_reach(Permission.MANAGE_ROSTER)
today = clock.local_day(clock.now())
check = BY_CODE.get(state.chosen("check"))
subject = state.chosen("subject")

with store.reading() as session:
    reference = Reference.load(session)
    if check is None:
        components.page_header("数据质量", f"名册里的重复、缺项和矛盾，逐条核实办理。您的范围：{office.reach_text(reach, reference)}。")
        quality_list.overview(quality_list.numbers(session, reach, today))
        quality_fix.merged(session, user, reach, today)
    else:
        components.page_header(check.title, check.explanation)
        if subject:
            quality_fix.show(session, check, subject, user, reach, reference, today)
        else:
            components.link("返回检查清单", "/data_quality")
            if quality_list.listing(session, check, reach, reference, today):
                office.download(
                    "导出这一项", quality_list.workbook(check, reach, today), user=user, action="export", subject=check.title,
                    key=f"data_quality_{check.code}", detail={"check": check.title},
                )  # fmt: skip
            quality_list.rulings(session, check, user, reach, today)
