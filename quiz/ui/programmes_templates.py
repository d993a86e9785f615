"""Ready-made programmes: which there are, one for every sector at once, and the next cycle of one that ran before."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import Permission, User
from quiz.banks.queries import clauses_by_id
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.training import audience, templates
from quiz.training.periods import months_earlier
from quiz.training.queries import ProgrammeView
from quiz.training.templates import Days, Template
from quiz.ui import components, office, programmes_view
from quiz.vocabulary import HoursRule

PAGE = "programme_templates"
LATEST = date(2099, 12, 31)


def choose(reference: Reference) -> None:
    """All templates, each with whom it is for and what it asks."""
    components.page_header("从模板新建", "选一个模板：名称、依据、对象、要求都已填好，核对修改后存为草稿。")
    components.link("返回专项列表", "/programmes")
    for each in templates.templates():
        with st.container(border=True):
            components.heading(each.title, over=each.role.label)
            components.bullets(
                [
                    f"对象：{'；并且'.join(programmes_view.audience_text(each.audience, reference))}。",
                    f"要求：{_asked(each)}。",
                    f"依据：{each.basis}",
                ]
            )
            components.link("用这个模板", f"/programmes?programme=new&template={each.code}", primary=True)


def _asked(each: Template) -> str:
    parts = []
    if each.components.hours_rule is HoursRule.FIXED:
        parts.append(f"{each.components.hours_fixed:g} 学时（建议值）")
    elif each.components.hours_rule is not HoursRule.NONE:
        parts.append("法定学时（初次、每年）")
    if each.components.material_minutes:
        parts.append(f"学习资料 {each.components.material_minutes} 分钟")
    if each.sectors:
        parts.append(f"每个行业一份试卷（{len(each.sectors)} 个行业）")
    else:
        parts.append(f"考试 {each.paper.blueprint.count} 题，{each.paper.cut_score:g} 分合格")
    return "、".join(parts)


def about(session: Session, made_from: Template) -> None:
    """The legal basis of a template, clause by clause, as far as we hold the clauses."""
    found = clauses_by_id(session, made_from.clauses)
    with st.expander(f"模板“{made_from.title}”的依据条款"):
        components.table(
            ("条款", "要点"),
            [(f"《{found[key].edition_title}》{found[key].ref}", found[key].text) for key in made_from.clauses if key in found],
        )


def by_sector(
    session: Session, made_from: Template, reference: Reference, user: User, reach: Reaches, *, taken: set[str], today: date
) -> None:
    """One programme a sector, made together."""
    components.page_header(f"从模板新建：{made_from.title}", made_from.description)
    components.link("返回", "/programmes?programme=templates")
    about(session, made_from)
    present = audience.sectors_present(session, reach=reach)
    names = {code: reference.label("sector", code) for code in made_from.sectors}
    with st.form(PAGE):
        chosen = st.multiselect(
            "行业领域（默认选上名册里有企业的）", list(names), default=[code for code in names if code in present],
            format_func=lambda code: names[code] + ("（考重大火灾隐患判定规则）" if code in made_from.general else ""), key=f"{PAGE}_sectors",
        )  # fmt: skip
        days = _days(today, today + timedelta(days=made_from.due_in_days))
        components.hint("每个行业建一个专项、组一份试卷，都存为草稿；核对后逐个开放。")
        pressed = st.form_submit_button("一并新建", type="primary")
    if pressed:
        code = office_code("pd", taken, today)
        office.perform(lambda writing: _make(writing, made_from, {each: names[each] for each in chosen}, days, code, user, reach))


def _make(session: Session, made_from: Template, sectors: dict[str, str], days: Days, code: str, user: User, reach: Reaches) -> str:
    programmes_view.require_city(reach)
    made = templates.create_by_sector(
        session, template_code=made_from.code, sectors=sectors, days=days, code=code, created_by=user.account_id, now=clock.now(),
        publish=user.may(Permission.MANAGE_PAPERS),
    )  # fmt: skip
    office.record(session, user, "create_from_template", subject=made_from.title, programmes=[each.code for each in made])
    st.query_params.clear()
    return f"已建好 {len(made)} 个专项草稿。{paper_note(user)}"


def next_cycle(session: Session, programme: ProgrammeView, user: User, reach: Reaches, *, taken: set[str], today: date) -> None:
    """Copy a programme into the next cycle of its series."""
    earlier = [each for each in templates.series_of(session, series=programme.series) if each.id != programme.id]
    if earlier:
        rows = [
            (
                components.anchor(each.title, f"/programmes?programme={each.code}"), each.state.label, office.day(each.opens_on),
                office.day(each.due_on),
            )
            for each in earlier
        ]  # fmt: skip
        components.section("同一系列的其他周期")
        components.table(("专项", "状态", "开始", "截止"), rows)
    if not office.is_city_wide(reach):
        return
    length = programme.due_on - programme.opens_on
    opens = max(today, months_earlier(programme.opens_on, -(programme.retraining_months or 12)))
    with st.expander("开启下一周期"), st.form(f"{PAGE}_next"):
        st.markdown("对象、要求、依据照本周期复制，试卷另复制一份（上一周期的答题次数和成绩不带过来）；存为草稿，核对后开放。")
        title = st.text_input("新一期的名称", f"{programme.title}（下一期）", max_chars=120, key=f"{PAGE}_next_title")
        days = _days(opens, opens + length)
        if st.form_submit_button("存为草稿"):
            office.perform(lambda writing: _next(writing, programme, title, days, office_code("zx", taken, today), user, reach))


def _next(session: Session, programme: ProgrammeView, title: str, days: Days, code: str, user: User, reach: Reaches) -> str:
    programmes_view.require_city(reach)
    view = templates.next_cycle(
        session, programme_id=programme.id, code=code, title=title, days=days, created_by=user.account_id, now=clock.now(),
        publish=user.may(Permission.MANAGE_PAPERS),
    )  # fmt: skip
    office.record(session, user, "next_cycle", subject=view.title, programme=view.code)
    st.query_params.from_dict({"programme": view.code})
    return f"已建好下一周期的草稿。{paper_note(user) if view.paper_id else ''}"


def paper_note(user: User) -> str:
    """What remains to be done about a paper that was made on the way."""
    return "" if user.may(Permission.MANAGE_PAPERS) else "试卷还是草稿，请培训教师在“试卷”页核对并发布，然后才能开放。"


def office_code(prefix: str, taken: set[str], today: date) -> str:
    """A number of our own making: the day, and a count when that is taken."""
    base = f"{prefix}-{today:%Y%m%d}"
    return next(code for code in (base, *(f"{base}-{n}" for n in range(2, 1000))) if not any(each.startswith(code) for each in taken))


def _days(opens: date, due: date) -> Days:
    left, right = st.columns(2)
    with left:
        first = st.date_input("开始日期", opens, min_value=date(2020, 1, 1), max_value=LATEST, format="YYYY-MM-DD", key=f"{PAGE}_opens")
    with right:
        last = st.date_input("截止日期", due, min_value=date(2020, 1, 1), max_value=LATEST, format="YYYY-MM-DD", key=f"{PAGE}_due")
    return Days(first if isinstance(first, date) else opens, last if isinstance(last, date) else due)
