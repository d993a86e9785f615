"""The roster as a list: search, filters, one enterprise by hand, and the workbook."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.organisations import queries
from quiz.organisations import service as organisations
from quiz.organisations.domain import OrganisationDraft, OrganisationRow
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.problems import Invalid, Refusal
from quiz.ui import components, office, store
from quiz.ui.components import Tone
from quiz.ui.files import xlsx_bytes
from quiz.vocabulary import OrganisationKind, OrganisationStatus

PAGE = "enterprises"
ROWS = 20
AT_ONCE = 5_000
_STATUS_TONES: dict[str, Tone] = {"active": "ok", "suspended": "warn", "unreachable": "warn"}
GAS_KINDS = ("", "管道", "瓶装", "管道、瓶装", "未用")
GRADES = ("", "一级", "二级", "三级", "未定级")

Asked = dict[str, str | bool]


def ask(reference: Reference, reach: Reaches) -> Asked:
    """Search and filters, kept in the address; the words are those of `queries.find`."""
    text = office.search("查找", page=PAGE, placeholder="企业名称、信用代码、负责人姓名或手机号")
    with st.expander("筛选", icon=":material/filter_alt:"):
        left, right = st.columns(2)
        with left:
            district, town = office.choose_place(reference, reach, page=PAGE)
            sectors = {code: row.name for code, row in reference.sectors.items()}
            sector = office.choose("行业领域", {office.ALL: "全部行业", **sectors}, name="sector", page=PAGE)
        with right:
            departments = {code: row.name for code, row in reference.departments.items()}
            department = office.choose("监管部门（主管或直接监管）", {office.ALL: "全部部门", **departments}, name="department", page=PAGE)
            features = {code: row.name for code, row in reference.features.items()}
            feature = office.choose("特征标签", {office.ALL: "不限", **features}, name="feature", page=PAGE)
            statuses = {status.value: status.label for status in OrganisationStatus}
            status = office.choose("经营状态", {office.ALL: "不限", **statuses}, name="status", page=PAGE)
        lacking = office.choose("负责人", {office.ALL: "不限", "none": "只看未登记主要负责人的"}, name="principal", page=PAGE)
    return {
        "text": text, "district_code": district, "town_code": town, "sector_code": sector, "department_code": department,
        "feature_code": feature, "status": status, "without_principal": lacking == "none",
    }  # fmt: skip


def show(session: Session, asked: Asked, reach: Reaches) -> int:
    """One page of the list."""
    office.begin_again(str(asked), page=PAGE)
    found = queries.find(session, **asked, reach=reach, limit=ROWS, offset=office.offset(ROWS))  # type: ignore[arg-type]
    st.markdown(f"共 **{found.total}** 家")
    if not found.total:
        if any(asked.values()):
            components.empty_state(
                "没有符合条件的企业", "请减少条件，或核对名称。代码须输入完整 18 位。", href="/enterprises", label="清除全部条件"
            )
        else:
            components.empty_state("名册还是空的", "先导入名册；只有几家时也可以在下面逐家添加。", href="/import_roster", label="导入名册")
        return 0
    columns = ("企业", "统一社会信用代码", "所在地", "行业领域", "主要负责人", "状态")
    components.table(columns, [_line(row) for row in found.rows])
    office.pages(found.total, page=PAGE, size=ROWS)
    return found.total


def _line(row: OrganisationRow) -> tuple[object, ...]:
    name = components.anchor(row.name + (f"（{row.premises}）" if row.premises else ""), f"/enterprises?organisation={row.id}")
    return (
        name, row.code_label, f"{row.district_name} {row.town_name}".strip(), row.sector_name, row.principals or "未登记",
        components.badge(row.status_label, _STATUS_TONES.get(row.status, "")),
    )  # fmt: skip


def workbook(asked: Asked, reach: Reaches) -> Callable[[], bytes]:
    """All enterprises of the present filters; telephone numbers stay in the system."""

    def make() -> bytes:
        lines: list[dict[str, object]] = []
        with store.reading() as session:
            reference = Reference.load(session)
            while True:
                page = queries.find(session, **asked, reach=reach, limit=AT_ONCE, offset=len(lines))  # type: ignore[arg-type]
                lines += [_record(row, reference) for row in page.rows]
                if not page.rows or len(lines) >= page.total:
                    break
        return xlsx_bytes(pd.DataFrame(lines), title="企业名册", now=clock.now(), notes=("按导出时的筛选条件；不含手机号。",))

    return make


def _record(row: OrganisationRow, reference: Reference) -> dict[str, object]:
    return {
        "企业名称": row.name, "统一社会信用代码": row.code_label, "登记注册号": row.registration_number or "", "经营场所": row.premises,
        "单位类型": OrganisationKind(row.kind).label, "区市": row.district_name, "镇街": row.town_name, "行业领域": row.sector_name,
        "行业主管部门": row.department_name, "直接监管部门": reference.label("department", row.direct_department_code),
        "主要负责人": row.principals, "从业人员数": row.employees, "经营状态": row.status_label,
    }  # fmt: skip


def add(user: User, reference: Reference, reach: Reaches, today: date) -> None:
    """One enterprise by hand."""
    places = {code: name for code, name in office.districts(reference, reach).items() if _may_add(reach, code)}
    if not places:
        components.note("您的授权范围不能新增企业，请联系区市或市安委会办公室。", tone="warn")
        return
    left, right = st.columns(2)
    with left:
        district = st.selectbox("所属区市", list(places), format_func=lambda code: places[code], key=f"{PAGE}_add_district")
    with right:
        below = {office.ALL: "待明确", **office.towns(reference, reach, district)}
        town = st.selectbox("镇街", list(below), format_func=lambda code: below[code], key=f"{PAGE}_add_town_{district}")
    with st.form(f"{PAGE}_add", border=False):
        name = st.text_input("单位全称（必填）", max_chars=120)
        left, right = st.columns(2)
        with left:
            kind = st.selectbox("单位类型", list(OrganisationKind), format_func=lambda each: each.label)
            uscc = st.text_input("统一社会信用代码", max_chars=18, placeholder="18 位；无码个体户留空")
            number = st.text_input("登记注册号（无信用代码时必填）", max_chars=40)
            premises = st.text_input("经营场所（同一代码有几处时填写）", max_chars=120)
        with right:
            sector = st.selectbox("行业领域", list(reference.sectors), format_func=lambda code: reference.sectors[code].name)
            departments = ["", *reference.departments]
            department = st.selectbox(
                "行业主管部门", departments, format_func=lambda code: reference.label("department", code) or "按行业领域确定"
            )
            employees = st.number_input("从业人员数", min_value=0, max_value=999_999, value=None, step=1, placeholder="不清楚可留空")
            since = st.date_input("成立或纳入名册日期", value=today, max_value=today, min_value=date(1949, 10, 1), format="YYYY-MM-DD")
        features = st.multiselect(
            "特征标签",
            list(reference.features),
            format_func=lambda code: reference.features[code].name,
            placeholder="可多选",
            select_all=False,
        )
        address = st.text_input("详细地址", max_chars=200)
        if not st.form_submit_button("添加企业", type="primary"):
            return
    draft = OrganisationDraft(
        name=name, district_code=district, sector_code=sector, kind=str(kind), uscc=uscc or None, premises=premises.strip(),
        registration_number=number.strip() or None, town_code=town or None, address=address.strip(), department_code=department or None,
        employees=employees, registered_on=since if isinstance(since, date) else today, features=frozenset(features),
    )  # fmt: skip
    office.perform(lambda session: _add(session, user, draft, reference, reach))


def _may_add(reach: Reaches, district: str) -> bool:
    """Of some department at least: `may_write` is asked again with the department that was chosen."""
    return any(reach.may_write(district, code) for code in (None, *(code for part in reach.parts for code in part.department_codes or ())))


def _add(session: Session, user: User, draft: OrganisationDraft, reference: Reference, reach: Reaches) -> str:
    department = draft.department_code or reference.sectors[draft.sector_code].department_code
    if not reach.may_write(draft.district_code, department):
        raise Invalid("不能在您的管辖范围以外新增企业，请核对区市、镇街和主管部门。", code="beyond_reach")
    try:
        view = organisations.add_organisation(session, draft=draft, now=clock.now(), account_id=user.account_id)
    except Refusal as refusal:
        raise discreet(refusal, reach) from refusal
    office.record(session, user, "create_organisation", subject=view.row.name, organisation=view.id)
    return f"已添加“{view.row.name}”。接着请登记主要负责人：在列表里查到它，点开后办理。"


def discreet(refusal: Refusal, reach: Reaches) -> Refusal:
    """A refusal names the enterprise that has a code already; to whoever does not reach everything it does not."""
    if refusal.code != "taken" or office.is_city_wide(reach):
        return refusal
    message = "该代码已经在名册中登记。在本范围内查不到的，可能登记在其他区市，请联系市安委会办公室核对。"
    return Refusal(message, code="taken")
