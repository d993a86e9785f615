"""Data quality on screen: every check with its number, the findings of one, what was found right, and the workbook."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.db import database
from quiz.organisations import quality
from quiz.organisations.quality import Counted, Finding
from quiz.organisations.quality_checks import BY_CODE, Check, sections
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.ui import components, office, store
from quiz.ui.components import Kpi
from quiz.ui.files import xlsx_bytes

PAGE = "data_quality"
ROWS = 20
PHONE_GROUPS = frozenset({"shared_phone"})
_TTL_SECONDS = 600


@st.cache_data(max_entries=64, ttl=_TTL_SECONDS, show_spinner="正在检查名册…")
def _numbers(url: str, mark: tuple[int, ...], today: date, reach_text: str, _reach: Reaches) -> tuple[tuple[str, int, int], ...]:
    """Counted once for each state of the roster and each reach: `mark` moves with every change."""
    with store.reading() as session:
        return tuple((each.check.code, each.findings, each.confirmed) for each in quality.counts(session, today=today, reach=_reach))


def numbers(session: Session, reach: Reaches, today: date) -> tuple[Counted, ...]:
    """Every check with its numbers within reach."""
    found = _numbers(str(database().url), quality.mark(session), today, repr(reach), reach)
    return tuple(Counted(BY_CODE[code], findings, confirmed) for code, findings, confirmed in found)


def overview(counted: tuple[Counted, ...]) -> None:
    """What there is to do, heading by heading."""
    total = sum(each.findings for each in counted)
    components.kpi_row(
        [
            Kpi("待核实", f"{total} 条", "各项检查合计", tone="warn" if total else "ok"),
            Kpi("有问题的检查", f"{sum(bool(each.findings) for each in counted)} 项", f"共 {len(counted)} 项检查"),
            Kpi("已确认无误", f"{sum(each.confirmed for each in counted)} 条", "写明理由，可取消"),
        ]
    )
    if not total:
        components.empty_state(
            "没有待核实的内容", "名册里的代码、负责人、电话、日期和标签都没有发现矛盾。", href="/coverage", label="查看覆盖率"
        )
    speaking = [each for each in counted if each.findings or each.confirmed]
    for section in sections():
        if rows := [each for each in speaking if each.check.section == section]:
            components.section(section)
            components.table(("检查", "说明", "待核实", "已确认无误"), [_line(each) for each in rows], numbers=("已确认无误",))
    if silent := [each for each in counted if each not in speaking]:
        with st.expander(f"没有发现问题的检查（{len(silent)} 项）", icon=":material/check_circle:"):
            components.table(("检查", "说明"), [(each.check.title, each.check.explanation) for each in silent])


def _line(each: Counted) -> tuple[object, ...]:
    title = components.anchor(each.check.title, f"/data_quality?check={each.check.code}")
    number = components.badge(f"{each.findings} 条", "warn") if each.findings else components.badge("没有", "ok")
    return title, each.check.explanation, number, each.confirmed or "—"


def listing(session: Session, check: Check, reach: Reaches, reference: Reference, today: date) -> int:
    """One page of the findings of a check; answers how many there are."""
    office.begin_again(check.code, page=PAGE)
    page = quality.findings(session, code=check.code, today=today, reach=reach, limit=ROWS, offset=office.offset(ROWS))
    st.markdown(f"共 **{page.total}** 条待核实")
    if not page.total:
        components.empty_state("这一项没有待核实的内容", "已处理完，或都已确认无误。", href="/data_quality", label="返回检查清单")
        return 0
    people = any(each.person for each in page.findings)
    columns = ["单位", "所在地", *(["人员"] if people else []), *([check.extra_label] if check.extra_label else []), "办理"]
    components.table(columns, [_row(each, check, reference, people=people) for each in page.findings])
    office.pages(page.total, page=PAGE, size=ROWS)
    return page.total


def _row(each: Finding, check: Check, reference: Reference, *, people: bool) -> tuple[object, ...]:
    cells: list[object] = [
        components.anchor(each.organisation, f"/enterprises?organisation={each.organisation_id}"),
        place(each, reference),
    ]
    if people:
        cells.append(each.person or "—")
    if check.extra_label:
        cells.append(each.extra or "—")
    address = f"/data_quality?check={each.check}&subject={each.subject}&organisation={each.organisation_id}"
    return (*cells, components.anchor("核实办理", address))


def place(each: Finding, reference: Reference) -> str:
    """District and town."""
    return f"{reference.label('region', each.district_code)} {reference.label('region', each.town_code)}".strip()


def rulings(session: Session, check: Check, user: User, reach: Reaches, today: date) -> None:
    """What was found right, and the way to take that back."""
    found = quality.rulings(session, code=check.code, today=today, reach=reach, limit=100)
    if not found:
        return
    with st.expander(f"已确认无误（{len(found)} 条）", icon=":material/verified:"):
        components.table(
            ("单位", "人员", "理由", "确认时间"),
            [(each.organisation, each.person or "—", each.reason, clock.show(each.at)) for each in found],
        )
        names = {each.subject: f"{each.organisation} {each.person}：{each.reason}" for each in found}
        chosen = st.selectbox(
            "取消哪一条", list(names), index=None, format_func=names.__getitem__, key=f"{PAGE}_revoke_{check.code}", placeholder="请选择"
        )
        if chosen and components.confirm_button(
            "取消确认", key=f"{PAGE}_revoke_go_{check.code}", question="取消后，这一条重新列入待核实。"
        ):

            def work(session: Session) -> str:
                quality.revoke(session, code=check.code, subject=chosen, today=today, reach=reach)
                office.record(session, user, "revoke_quality", subject=names[chosen], check=check.title)
                return "已取消，这一条重新列入待核实。"

            office.perform(work)


def workbook(check: Check, reach: Reaches, today: date) -> Callable[[], bytes]:
    """All findings of a check; telephone numbers stay in the system."""

    def make() -> bytes:
        with store.reading() as session:
            reference = Reference.load(session)
            page = quality.findings(session, code=check.code, today=today, reach=reach, limit=None)
        lines = [
            {
                "单位": each.organisation, "区市": reference.label("region", each.district_code),
                "镇街": reference.label("region", each.town_code), "人员": each.person, check.extra_label or "说明": each.extra,
            }
            for each in page.findings
        ]  # fmt: skip
        columns = ["单位", "区市", "镇街", "人员", check.extra_label or "说明"]
        return xlsx_bytes(
            pd.DataFrame(lines, columns=columns), title=check.title, now=clock.now(), notes=(check.explanation, "不含手机号。")
        )

    return make
