"""核减: asked for on a paper, looked at by street or district, decided by another account; ended when work begins again."""

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.organisations.reference import Reference
from quiz.training import exemption_queries
from quiz.ui import components, exemptions_card, exemptions_form, exemptions_list, gate, office, state, store

user, reach = gate.require_reach(Permission.DECIDE_EXEMPTIONS)
today = clock.local_day(clock.now())
number = state.chosen_id("request")

with store.reading() as session:
    reference = Reference.load(session)
    if state.chosen("do") == "new":
        components.page_header("申请核减", "写明理由，上传所依据的文件；经镇街或区市初审、另一位工作人员审核后才生效。")
        components.link("返回核减列表", "/exemptions")
        exemptions_form.show(session, user, reach, today=today)
    elif number is not None:
        components.page_header("核减申请")
        components.link("返回核减列表", "/exemptions")
        found = exemptions_card.find(session, number, reach)
        if found is not None:
            exemptions_card.show(found, user, reach, today=today)
    else:
        components.page_header(
            "核减", f"停产、注销办理中等确实不能参训的，经两级审核后不计入应训。您的范围：{office.reach_text(reach, reference)}。"
        )
        components.link("申请核减", "/exemptions?do=new", primary=True)
        asked = exemptions_list.choose(session, reference, reach)
        exemptions_list.show(session, reach, user, asked, counts=exemption_queries.numbers(session, reach=reach, asked=asked))
