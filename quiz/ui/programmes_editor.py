"""Writing a programme: what it is called, whom it concerns (with a live count), until when, and which paper."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import Permission, User
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.papers.queries import list_papers
from quiz.training import service as training
from quiz.training import templates
from quiz.training.domain import Audience
from quiz.training.queries import ProgrammeView
from quiz.training.service import Components
from quiz.training.templates import Template
from quiz.ui import components, office, programmes_audience, programmes_components, programmes_templates, programmes_view
from quiz.ui.enterprises_list import GRADES
from quiz.ui.programmes_view import POLICY_TEXTS
from quiz.vocabulary import HolderPolicy, OrganisationKind, PaperState, PostRole, ProgrammeState

PAGE = "programme_editor"
USUAL_DAYS = 90
TEMPLATE_PAPER = -1
"""Chosen among the papers: the one the template recommends, still to be drafted."""
LATEST = date(2099, 12, 31)


@dataclass(frozen=True)
class Draft:
    """What the screen holds."""

    code: str
    values: dict[str, Any]


def show(
    session: Session,
    known: ProgrammeView | None,
    reference: Reference,
    reach: Reaches,
    user: User,
    *,
    taken: set[str],
    today: date,
    made_from: Template | None = None,
) -> None:
    """The editor, empty, or filled from the programme or the template; nothing is written before the button is pressed."""
    components.page_header("修改培训专项" if known else "新建培训专项", "先存为草稿，核对培训对象无误后再开放。")
    components.link("返回", f"/programmes?programme={known.code}" if known else "/programmes")
    if known is not None and known.state is ProgrammeState.OPEN:
        components.note("专项正在进行：改动培训对象、要求或日期后，全部任务按新规则重算，如同一开始就这样；已固化的快照不变。", tone="warn")
    filled = known or (templates.as_draft(made_from, today=today) if made_from else None)
    if made_from is not None:
        programmes_templates.about(session, made_from)
    with st.container(border=True):
        words = _words(filled)
    with st.container(border=True):
        audience = _audience(filled, reference)
    with st.container(border=True):
        terms = _terms(session, filled, today, made_from)
        programmes_audience.show(session, audience, terms["role"], reference, reach, today=today, page=PAGE)
    with st.container(border=True):
        asked = programmes_components.edit(session, filled, terms["role"], note=made_from.hours_note if made_from else "")
    with st.container(border=True):
        components.section("五、核对一家企业", "按上面填写的内容，看某一家企业的负责人要完成什么。")
        programmes_audience.single(
            session, audience, terms["role"], programmes_components.requirements({**terms, **asked}), reference, reach,
            opens_on=terms["opens_on"], page=PAGE, programme_id=known.id if known else 0,
            paper=made_from.paper.title if made_from and terms["paper_id"] == TEMPLATE_PAPER else "",
        )  # fmt: skip
    draft = Draft(known.code if known else _code(taken, today), {**words, "audience": audience, **terms, **asked})
    if st.button("保存修改" if known else "存为草稿", type="primary", key=f"{PAGE}_save"):
        office.perform(lambda writing: _save(writing, draft, known, user, reach, today, made_from))


def _words(known: ProgrammeView | None) -> dict[str, Any]:
    components.section("一、名称和依据")
    title = st.text_input("专项名称（必填）", known.title if known else "", max_chars=120, key=f"{PAGE}_title")
    basis = st.text_area("依据（法规条款或文件名称、文号）", known.basis if known else "", max_chars=500, key=f"{PAGE}_basis", height=80)
    description = st.text_area("说明（可不填）", known.description if known else "", max_chars=1000, key=f"{PAGE}_description", height=80)
    return {"title": title.strip(), "basis": basis.strip(), "description": description.strip()}


def _audience(known: ProgrammeView | None, reference: Reference) -> Audience:
    components.section("二、培训对象", "同一项里选几个是“或”，不同项之间是“并且”；不选就是不限。下一节的数字随时更新。")
    now = known.audience if known else Audience()
    kinds = {kind.value: kind.label for kind in OrganisationKind}
    left, right = st.columns(2)
    with left:
        sectors = _several("行业领域", {code: row.name for code, row in reference.sectors.items()}, now.sectors, "sectors")
        features = _several("特征标签", {code: row.name for code, row in reference.features.items()}, now.features, "features")
        regions = _several("区市", {row.code: row.name for row in reference.districts()}, now.regions, "regions")
    with right:
        departments = _several("监管部门", {code: row.name for code, row in reference.departments.items()}, now.departments, "departments")
        grades = _several("医院等级", {grade: grade for grade in GRADES if grade}, now.hospital_grades, "grades")
        chosen_kinds = _several("单位类型", kinds, now.kinds, "kinds")
    towns = now.regions - {row.code for row in reference.districts()}
    return Audience(sectors, features, regions | towns, departments, grades, chosen_kinds)


def _several(label: str, options: dict[str, str], now: frozenset[str], name: str) -> frozenset[str]:
    chosen = st.multiselect(
        label, list(options), default=[code for code in options if code in now], format_func=options.__getitem__, placeholder="不限",
        select_all=False, key=f"{PAGE}_{name}",
    )  # fmt: skip
    return frozenset(chosen)


def _terms(session: Session, known: ProgrammeView | None, today: date, made_from: Template | None) -> dict[str, Any]:
    components.section("三、岗位、试卷和期限")
    left, right = st.columns(2)
    with left:
        roles = list(PostRole)
        role = st.selectbox(
            "岗位", roles, index=roles.index(known.role) if known else 0, format_func=lambda each: each.label, key=f"{PAGE}_role"
        )
        papers = {
            paper.id: paper.title
            for paper in list_papers(session)
            if paper.state is PaperState.PUBLISHED or paper.id == (known and known.paper_id)
        }
        if made_from is not None:
            papers = {TEMPLATE_PAPER: f"按模板新组一份：{made_from.paper.title}", **papers}
        ids = [0, *papers]
        wanted = TEMPLATE_PAPER if made_from else known.paper_id if known else 0
        index = ids.index(wanted) if wanted in ids else 0
        paper = st.selectbox(
            "试卷（已发布的）", ids, index=index, format_func=lambda n: papers.get(n, "不考试，或以后再定"), key=f"{PAGE}_paper"
        )
    with right:
        opens = _date("开始日期", known.opens_on if known else today, "opens")
        due = _date("截止日期", known.due_on if known else today + timedelta(days=USUAL_DAYS), "due")
        grace = st.number_input("新任宽限天数", 0, 365, known.grace_days if known else 30, step=1, key=f"{PAGE}_grace")
    policies = [HolderPolicy.DESIGNATED, HolderPolicy.ALL]
    policy = st.radio(
        "完成判定口径",
        policies,
        index=policies.index(known.policy) if known else 0,
        format_func=POLICY_TEXTS.__getitem__,
        key=f"{PAGE}_policy",
    )
    return {"role": role, "paper_id": paper or None, "opens_on": opens, "due_on": due, "grace_days": int(grace), "policy": policy}


def _date(label: str, value: date, name: str) -> date:
    chosen = st.date_input(label, value=value, min_value=date(2020, 1, 1), max_value=LATEST, format="YYYY-MM-DD", key=f"{PAGE}_{name}")
    return chosen if isinstance(chosen, date) else value


def _code(taken: set[str], today: date) -> str:
    """A number of our own making: the day, and a count when that is taken."""
    base = f"zx-{today:%Y%m%d}"
    return next(code for code in (base, *(f"{base}-{n}" for n in range(2, 1000))) if code not in taken)


def _save(
    session: Session, draft: Draft, known: ProgrammeView | None, user: User, reach: Reaches, today: date, made_from: Template | None = None
) -> str:
    programmes_view.require_city(reach)
    if known is None:
        return _create(session, draft, made_from, user)
    stored = {**draft.values, **{name: draft.values[name].value for name in ("role", "policy", "hours_rule")}}
    before = {name: getattr(known, name) for name in draft.values}
    changed = {name: stored[name] for name, value in draft.values.items() if value != before[name]}
    if changed:
        view = training.edit_programme(session, programme_id=known.id, today=today, **changed)
        office.record(session, user, "edit_programme", subject=view.title, programme=view.code, fields=sorted(changed))
    st.query_params.from_dict({"programme": known.code})
    return "已保存修改。" if changed else "没有改动。"


def _create(session: Session, draft: Draft, made_from: Template | None, user: User) -> str:
    values = dict(draft.values)
    parts = Components(**{field.name: values.pop(field.name) for field in fields(Components)})
    said = "已存为草稿。请核对培训对象和期限，确认后点“开放”。"
    if made_from is not None and values["paper_id"] == TEMPLATE_PAPER:
        may_publish = user.may(Permission.MANAGE_PAPERS)
        paper = templates.draft_paper(
            session, made_from.paper, title=f"{values['title']}考试"[:120], days=templates.Days(values["opens_on"], values["due_on"]),
            created_by=user.account_id, now=clock.now(), publish=may_publish,
        )  # fmt: skip
        values["paper_id"] = paper.id
        office.record(session, user, "create_paper", subject=paper.title, paper=paper.id)
        said += "" if may_publish else "试卷已按模板组好，还是草稿：请培训教师在“试卷”页核对并发布，然后才能开放专项。"
    template = made_from.code if made_from else ""
    view = training.create_programme(session, code=draft.code, now=clock.now(), components=parts, template=template, **values)
    action = "create_from_template" if made_from else "create_programme"
    office.record(session, user, action, subject=view.title, programme=view.code, audience=view.audience.as_json())
    st.query_params.from_dict({"programme": view.code})
    return said
