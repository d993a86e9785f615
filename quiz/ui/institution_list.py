"""The register of training institutions: what runs out soon first, then all, with a form to enter one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.classes import institutions
from quiz.classes.domain import Standing
from quiz.classes.institutions import InstitutionDraft, InstitutionView
from quiz.classes.reach import Districts
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.ui import components, gate, office
from quiz.ui.components import Kpi, Tone
from quiz.ui.files import xlsx_bytes

PAGE = "institutions"
CITY = ""
TONES: dict[Standing, Tone] = {
    Standing.VALID: "ok",
    Standing.NEVER: "warn",
    Standing.EXPIRED: "bad",
    Standing.TO_MEND: "warn",
    Standing.FAILED: "bad",
    Standing.STRUCK_OFF: "bad",
}


@dataclass(frozen=True)
class Register:
    """Who looks after the register, and how far."""

    user: User
    reach: Reaches
    districts: Districts
    reference: Reference
    today: date

    def stamp(self) -> dict[str, Any]:
        """What every act takes: reach, actor, moment."""
        return {"districts": self.districts, "actor": gate.actor(self.user), "now": clock.now()}

    def places(self) -> dict[str, str]:
        """Districts to choose from; the city itself where everything is reached."""
        rows = {row.code: row.name for row in self.reference.districts() if self.districts is None or row.code in self.districts}
        return {CITY: "市级", **rows} if self.districts is None else rows


def show(session: Session, desk: Register) -> None:
    """Figures, what is urgent, the list, the form."""
    found = institutions.institutions(session, districts=desk.districts, today=desk.today)
    if not found:
        components.empty_state("还没有登记培训机构", "在下面登记机构，再按 AQ 8011-2023 逐项复核；没有有效复核的机构，其班次不计学时。")
    else:
        _figures(found, desk)
        _soon(found, desk)
        _list(found, desk)
    if not desk.places():
        components.note("您的授权范围不能登记培训机构，请联系区市或市安委会办公室。", tone="warn")
        return
    with st.expander("登记机构", icon=":material/add:", expanded=not found):
        draft = form(InstitutionDraft(""), desk, key=f"{PAGE}_new_{len(found)}", label="登记")
        if draft is not None:
            office.perform(lambda inside: _added(inside, draft, desk))


def _figures(found: tuple[InstitutionView, ...], desk: Register) -> None:
    valid = sum(view.standing.gives_hours for view in found)
    soon = len(institutions.expiring(found, today=desk.today))
    struck = sum(view.standing is Standing.STRUCK_OFF for view in found)
    components.kpi_row(
        [
            Kpi("登记机构", f"{len(found)} 家"),
            Kpi("复核有效", f"{valid} 家", tone="ok" if valid else ""),
            Kpi("60 天内到期", f"{soon} 家", tone="warn" if soon else ""),
            Kpi("没有有效复核", f"{len(found) - valid - struck} 家", "其班次不计学时", tone="bad" if len(found) - valid - struck else ""),
            Kpi("已清退", f"{struck} 家"),
        ]
    )


def _soon(found: tuple[InstitutionView, ...], desk: Register) -> None:
    soon = institutions.expiring(found, today=desk.today)
    if soon:
        components.section("即将到期", "到期后的班次不计学时，请提前安排复核。")
        rows = [(_name(view), view.district, office.day(view.valid_until), f"{view.days_left(desk.today)} 天") for view in soon]
        components.table(("机构", "区市", "有效期至", "还剩"), rows)


def _name(view: InstitutionView) -> object:
    return components.anchor(view.name, f"/institutions?institution={view.id}")


def _list(found: tuple[InstitutionView, ...], desk: Register) -> None:
    components.section("全部机构")
    left, right = st.columns(2)
    with left:
        text = office.search("查找", page=PAGE, placeholder="机构名称的一部分")
    with right:
        options = {"": "全部", **{each.value: each.label for each in Standing}}
        wanted = office.choose("复核状态", options, name="standing", page=PAGE)
    shown = [view for view in found if text in view.name and (not wanted or view.standing == wanted)]
    if not shown:
        components.empty_state("没有符合条件的机构", "换一个条件再看。", href="/institutions", label="清除条件")
        return
    rows = [
        (
            _name(view), view.district, components.badge(view.standing.label, TONES[view.standing]), office.day(view.reviewed_on),
            office.day(view.valid_until), view.sessions,
        )
        for view in shown
    ]  # fmt: skip
    components.table(("机构", "区市", "状态", "最近复核", "有效期至", "班次"), rows, numbers=("班次",))
    office.download(
        "导出机构名录", lambda: workbook(shown), user=desk.user, action="export", subject="安全生产培训机构名录", key=f"{PAGE}_download"
    )


def workbook(found: list[InstitutionView]) -> bytes:
    """The register as a sheet."""
    frame = pd.DataFrame(
        [
            {
                "机构名称": view.name, "统一社会信用代码": view.uscc, "区市": view.district, "地址": view.address, "联系人": view.contact,
                "联系电话": view.telephone, "培训范围": view.scope, "状态": view.standing.label, "最近复核": str(view.reviewed_on or ""),
                "有效期至": str(view.valid_until or ""), "清退日期": str(view.struck_off_on or ""), "清退原因": view.struck_off_reason,
                "承办班次": view.sessions, "备注": view.remark,
            }
            for view in found
        ]
    )  # fmt: skip
    standard = institutions.checklist()[0]
    return xlsx_bytes(frame, title="培训机构名录", now=clock.now(), notes=(f"复核依据：{standard}。状态按导出当天。",))


def form(given: InstitutionDraft, desk: Register, *, key: str, label: str) -> InstitutionDraft | None:
    """What is known of an institution."""
    places = desk.places()
    codes = list(places)
    current = given.district_code or CITY
    with st.form(key, border=False):
        name = st.text_input("机构名称（必填）", value=given.name, max_chars=120, key=f"{key}_name")
        left, right = st.columns(2)
        with left:
            uscc = st.text_input("统一社会信用代码", value=given.uscc, max_chars=18, key=f"{key}_uscc")
            district = st.selectbox(
                "区市", codes, index=codes.index(current) if current in codes else 0, format_func=places.__getitem__, key=f"{key}_district"
            )
            address = st.text_input("地址", value=given.address, max_chars=200, key=f"{key}_address")
        with right:
            contact = st.text_input("联系人", value=given.contact, max_chars=60, key=f"{key}_contact")
            telephone = st.text_input("联系电话", value=given.telephone, max_chars=30, key=f"{key}_telephone")
            scope = st.text_input("培训范围", value=given.scope, max_chars=300, key=f"{key}_scope", placeholder="如：主要负责人、特种作业")
        remark = st.text_input("备注", value=given.remark, max_chars=300, key=f"{key}_remark")
        if not st.form_submit_button(label, type="primary"):
            return None
    return InstitutionDraft(name, uscc, district or None, address, contact, telephone, scope, remark)


def _added(session: Session, draft: InstitutionDraft, desk: Register) -> str:
    number = institutions.add(session, draft=draft, **desk.stamp())
    st.query_params.from_dict({"institution": str(number)})
    return f"已登记“{draft.name.strip()}”。请登记条件复核；复核有效之前，其班次不计学时。"
