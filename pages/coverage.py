"""Coverage of a programme on any day: the rate and what it is made of, where it lags, who is missing and why, what changed."""

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.coverage import filtered
from quiz.coverage.queries import most_pressing
from quiz.organisations.reference import Reference
from quiz.training.queries import programmes
from quiz.ui import components, coverage_compare, coverage_course, coverage_files, coverage_lists, coverage_view, gate, office, store
from quiz.vocabulary import ProgrammeState

user, reach = gate.require_reach(Permission.SEE_COVERAGE)
now = clock.now()

with store.reading() as session:
    reference = Reference.load(session)
    found = programmes(session, states=[ProgrammeState.OPEN, ProgrammeState.CLOSED])
    components.page_header("覆盖率", f"数字可以按天回看，可以逐级点开到企业。您的范围：{office.reach_text(reach, reference)}。")
    if not found:
        may = user.may(Permission.MANAGE_PROGRAMMES)
        components.empty_state(
            "还没有开放的培训专项",
            "新建并开放一个专项后，这里显示它的覆盖率。",
            href="/programmes" if may else "/",
            label="培训专项" if may else "返回工作台",
        )
    else:
        today = clock.local_day(now)
        first = "" if coverage_view.is_chosen(found) else most_pressing(session, found=found, reach=reach, today=today)
        asked = coverage_view.ask(found, reference, reach, today=today, first=first)
        said = coverage_view.title_state(asked.programme)
        if said:
            components.note(said)
        may_open = user.may(Permission.MANAGE_ROSTER)
        figures = filtered.coverage_of(session, programme_code=asked.programme.code, as_of=asked.day, filters=asked.filters, reach=reach)
        missing = coverage_view.counted(session, asked, reach)
        course = coverage_course.course_of(session, asked, reach)
        bands = coverage_course.bands_of(asked, course)
        coverage_view.headline(asked, figures, bands[-1] if bands else None)
        view = coverage_view.choose_view()
        if view == "overview":
            coverage_view.to_act_on(asked, figures, missing)
            coverage_view.overview(session, asked, figures, reference, reach)
        elif view == "lists":
            coverage_lists.lists(session, asked, figures, missing, reach, may_open=may_open)
        elif view == "course":
            coverage_course.course(asked, course, bands)
        elif view == "compare":
            coverage_compare.compare(session, asked, reach, may_open=may_open)
        else:
            coverage_files.downloads(asked, user, reach)
            coverage_files.snapshots(session, asked, user, reach, now)
