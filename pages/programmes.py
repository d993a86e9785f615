"""Training programmes: who must pass what by when; opened by the city's office, eased for single enterprises by every office."""

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.organisations.reference import Reference
from quiz.training.queries import programmes
from quiz.ui import components, gate, office, programmes_duties, programmes_editor, programmes_view, state, store
from quiz.vocabulary import ProgrammeState

user, reach = gate.require_reach(Permission.MANAGE_PROGRAMMES)
today = clock.local_day(clock.now())
code = state.chosen("programme")
may_write = office.is_city_wide(reach)

with store.reading() as session:
    reference = Reference.load(session)
    found = programmes(session)
    if not may_write:
        found = [each for each in found if each.state is not ProgrammeState.DRAFT]
    chosen = next((each for each in found if each.code == code), None)
    if may_write and (code == "new" or (chosen is not None and state.chosen("do") == "edit")):
        taken = {each.code for each in found}
        programmes_editor.show(session, chosen, reference, reach, user, taken=taken, today=today)
    elif chosen is not None:
        components.page_header(chosen.title, f"{chosen.state.label}。您的范围：{office.reach_text(reach, reference)}。")
        components.link("返回专项列表", "/programmes")
        programmes_view.rules(session, chosen, reference)
        programmes_view.manage(chosen, user, reach, today=today)
        programmes_view.progress(session, chosen, reach, today=today)
        if chosen.state is ProgrammeState.DRAFT:
            components.section("开放后涉及哪些企业")
            programmes_view.preview(session, chosen.audience, reference, reach)
        else:
            programmes_duties.show(session, chosen, user, reach, today=today)
    else:
        components.page_header("培训专项", f"谁、在什么期限前、考什么。您的范围：{office.reach_text(reach, reference)}。")
        if may_write:
            components.link("新建培训专项", "/programmes?programme=new", primary=True)
        programmes_view.cards(session, found, reach, today=today)
        if not found:
            text = "选定培训对象、期限和试卷，存为草稿，核对后开放。" if may_write else "市安委会办公室开放专项后，这里显示本范围的进度。"
            components.empty_state(
                "还没有培训专项", text, href="/programmes?programme=new" if may_write else "/", label="新建" if may_write else "返回工作台"
            )
