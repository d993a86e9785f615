"""Files of one enterprise or one person on the documents screen: find, choose, download."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts import help_desk
from quiz.accounts.domain import User
from quiz.organisations import queries as organisations
from quiz.organisations.reach import Reaches
from quiz.reports import dossiers as files
from quiz.reports.render.pdf import to_pdf
from quiz.ui import components, office, store

PAGE = "documents"
FOUND = 20


def dossiers(session: Session, user: User, reach: Reaches, *, now: datetime) -> None:
    """一企一档 and 一人一档 as pdf."""
    components.section("一企一档、一人一档", "PDF 文件：任职、培训任务、学时、考试、证明、核减、联系和变更记录。")
    text = office.search("查找", page=PAGE, placeholder="企业名称、信用代码，或人员姓名、手机号")
    if not text:
        components.hint("输入企业名称或人员姓名。")
        return
    firms = organisations.find(session, text=text, reach=reach, limit=FOUND)
    people = help_desk.find_people(session, text=text, reach=reach)[:FOUND]
    if not firms.total and not people:
        components.empty_state("没有查到", "只能查到管辖范围内的企业和在任人员，请核对名称。")
        return
    names = {f"o{row.id}": f"企业 · {row.name}（{row.district_name}{row.town_name}）" for row in firms.rows}
    names |= {f"p{person.id}": f"人员 · {person.name}（{'、'.join(person.posts)}）" for person in people}
    chosen = st.selectbox("选择", list(names), format_func=names.__getitem__, key=f"{PAGE}_dossier")
    if chosen is None:
        return
    office.download(
        "下载档案（PDF）", dossier_file(chosen, reach), user=user, action="export_dossier", subject=names[chosen].split(" · ")[1],
        key=f"{PAGE}_dossier_file", extension="pdf", primary=True,
    )  # fmt: skip


def dossier_file(chosen: str, reach: Reaches) -> Callable[[], bytes]:
    """The file of `o12` (an enterprise) or `p7` (a person); NotFound beyond the reach."""

    def make() -> bytes:
        now = clock.now()
        kind, number = chosen[0], int(chosen[1:])
        with store.reading() as session:
            if kind == "o":
                found = files.enterprise_dossier(session, organisation_id=number, reach=reach, now=now)
            else:
                found = files.person_dossier(session, person_id=number, reach=reach, now=now)
        return to_pdf(found)

    return make
