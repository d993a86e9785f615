"""What the office's screens share: choices kept in the address, places within reach, acts that are refused or said, audited files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import streamlit as st
from markupsafe import Markup
from sqlmodel import Session

from quiz import clock
from quiz.accounts import audit
from quiz.accounts.domain import User
from quiz.organisations.reach import Reach, Reaches
from quiz.organisations.reference import Reference
from quiz.problems import Refusal
from quiz.ui import components, gate, store
from quiz.ui.files import XLSX, file_name
from quiz.ui.markup import markup

ALL = ""
"""The choice that asks nothing."""
UNIT = "威海市安委会办公室"


# 选择 -----------------------------------------------------------------------------------------------------------------


def choose(label: str, options: Mapping[str, str], *, name: str, page: str, default: str = ALL, always: bool = False) -> str:
    """A choice of codes that the address remembers as `?name=code`; a code that is not offered is not taken.

    With `always` the address says it even when it is what would be chosen anyhow: what comes first may change.
    """
    key = f"{page}_{name}"
    if not options:
        return ALL
    fallback = default if default in options else next(iter(options))
    if key not in st.session_state:
        st.session_state[key] = st.query_params.get(name, fallback)
    if st.session_state[key] not in options:
        st.session_state[key] = fallback
    value = st.selectbox(label, list(options), format_func=lambda code: options[code], key=key, placeholder="请选择")
    remember(name, value, ALL if always else fallback)
    return value


def remember(name: str, value: str, fallback: str = ALL) -> None:
    """Write a choice into the address, or out of it when it is what would be chosen anyhow."""
    if value == fallback:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def chosen(name: str, *, page: str) -> str:
    """What is chosen, also before the choice is drawn."""
    return str(st.session_state.get(f"{page}_{name}", st.query_params.get(name, ALL)) or ALL)


def search(label: str, *, page: str, name: str = "q", placeholder: str = "") -> str:
    """A search field that the address remembers."""
    key = f"{page}_{name}"
    if key not in st.session_state:
        st.session_state[key] = st.query_params.get(name, "")
    text = (st.text_input(label, key=key, placeholder=placeholder, max_chars=60) or "").strip()
    remember(name, text)
    return text


# 管辖范围 -------------------------------------------------------------------------------------------------------------


def is_city_wide(reach: Reaches) -> bool:
    """Without any limit: the city's own office, or an administrator."""
    return not reach.conditions()


def reach_text(reach: Reaches, reference: Reference) -> str:
    """How far somebody sees, in words."""
    if is_city_wide(reach):
        return "全市"
    parts = []
    for part in reach.parts:
        names = [
            *(reference.label("region", code) for code in sorted((part.district_codes or frozenset()) | (part.town_codes or frozenset()))),
            *(reference.label("department", code) for code in sorted(part.department_codes or ())),
        ]
        parts.append("".join(names) or ("指定企业" if part.organisation_ids is not None else "全市"))
    return "、".join(dict.fromkeys(parts)) or "没有授权的范围"


def districts(reference: Reference, reach: Reaches) -> dict[str, str]:
    """Codes and names of the districts in which somebody may see anything."""
    allowed: set[str] = set()
    for part in reach.parts:
        if part.town_codes is not None:
            allowed |= {reference.regions[code].parent_code or "" for code in part.town_codes if code in reference.regions}
        elif part.district_codes is not None:
            allowed |= part.district_codes
        else:
            allowed |= {row.code for row in reference.districts()}
    return {row.code: row.name for row in reference.districts() if row.code in allowed}


def towns(reference: Reference, reach: Reaches, district: str) -> dict[str, str]:
    """Codes and names of the towns of a district in which somebody may see anything."""
    whole = any(part.town_codes is None and (part.district_codes is None or district in part.district_codes) for part in reach.parts)
    own = {code for part in reach.parts for code in part.town_codes or ()}
    return {row.code: row.name for row in reference.towns_of(district) if whole or row.code in own}


def choose_place(reference: Reference, reach: Reaches, *, page: str, everywhere: str = "全部区市", must: bool = False) -> tuple[str, str]:
    """District and town within reach, empty where all are meant; with `must` one district has to be chosen."""
    offered = districts(reference, reach)
    if not must and len(offered) > 1:
        offered = {ALL: everywhere, **offered}
    district = choose("区市", offered, name="district", page=page)
    below = towns(reference, reach, district) if district else {}
    all_towns = {ALL: "全部镇街"} if len(below) != 1 else {}
    town = choose("镇街", {**all_towns, **below}, name="town", page=page) if below else ALL
    return district, town


@dataclass(frozen=True)
class Place:
    """Where an organisation would be: what a reach is asked about before it is written."""

    id: int | None
    district_code: str
    town_code: str | None
    department_code: str | None
    direct_department_code: str | None


def may_end_up(reach: Reaches, place: Place) -> bool:
    """Would the organisation still be within reach there? What leaves it is moved by somebody who reaches both."""
    return reach.covers(place)


def narrowed(reach: Reaches, *, district: str = ALL, town: str = ALL) -> Reaches:
    """The reach within one district or town."""
    parts = []
    for part in reach.parts:
        parts.append(
            Reach(
                district_codes=_within(part.district_codes, district),
                town_codes=_within(part.town_codes, town),
                department_codes=part.department_codes,
                organisation_ids=part.organisation_ids,
            )
        )
    return Reaches(tuple(parts))


def _within(codes: frozenset[str] | None, wanted: str) -> frozenset[str] | None:
    if not wanted:
        return codes
    return frozenset({wanted}) if codes is None else codes & {wanted}


# 办理 -----------------------------------------------------------------------------------------------------------------


def perform(work: Callable[[Session], str]) -> bool:
    """Do it in one transaction and say at the head of the next run what was done; a refusal is shown in place, and nothing is written."""
    try:
        with store.transaction() as session:
            text = work(session)
    except Refusal as refusal:
        components.note(refusal.message, tone="bad")
        return False
    components.say(text)
    st.rerun()


def record(session: Session, user: User, action: str, *, subject: str = "", now: datetime | None = None, **detail: Any) -> None:
    """One row of the audit trail for what this user does."""
    audit.record(session, actor=gate.actor(user), action=action, at=now or clock.now(), subject=subject, detail=detail)


def filters_noted(filters: Any) -> dict[str, str]:
    """What filters ask, for the audit trail: only what was chosen."""
    return {name: str(value) for name, value in asdict(filters).items() if value}


def download(
    label: str,
    make: Callable[[], bytes],
    *,
    user: User,
    action: str,
    subject: str,
    key: str,
    extension: str = "xlsx",
    primary: bool = False,
    disabled: bool = False,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """A file made when it is asked for. The audit row is written before the file leaves, so that no export goes unrecorded."""
    now = clock.now()
    actor = gate.actor(user)

    def data() -> bytes:
        content = make()
        with store.transaction() as session:
            audit.record(
                session, actor=actor, action=action, at=clock.now(), subject=subject, detail={"bytes": len(content), **(detail or {})}
            )
        return content

    mime = XLSX if extension == "xlsx" else "application/octet-stream"
    st.download_button(
        label, data, file_name=file_name(UNIT, subject, now, extension), mime=mime, key=key, icon=":material/download:", on_click="ignore",
        type="primary" if primary else "secondary", disabled=disabled,
    )  # fmt: skip


def day(value: date | None) -> Markup:
    """`2026-12-23`, never broken over two lines; a dash for none."""
    return markup('<span style="white-space:nowrap">{}</span>', value.isoformat() if value else "—")


def masked(phone: str | None) -> str:
    """`138****1234`; a dash for none."""
    return f"{phone[:3]}****{phone[-4:]}" if phone and len(phone) > 7 else "—"


def offset(size: int) -> int:
    """Which row to begin with, by the page in the address."""
    return (_page() - 1) * size


def _page() -> int:
    text = st.query_params.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def pages(total: int, *, page: str, size: int) -> None:
    """Previous and next under a list that does not fit on one page."""
    count, current = max(1, -(-total // size)), _page()
    if current > count:
        _turn(count)
    if count == 1:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("上一页", key=f"{page}_previous", disabled=current == 1):
            _turn(current - 1)
        st.markdown(f"第 {current} / {count} 页，共 {total} 条", width="content")
        if st.button("下一页", key=f"{page}_next", disabled=current == count):
            _turn(current + 1)


def _turn(number: int) -> None:
    st.query_params["page"] = str(number)
    st.rerun()


def begin_again(*watched: str, page: str) -> None:
    """Back to the first page when what was asked for changed."""
    key, asked = f"{page}_asked", "|".join(watched)
    if st.session_state.get(key, asked) != asked:
        st.query_params.pop("page", None)
    st.session_state[key] = asked
