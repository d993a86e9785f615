"""The parts of the activation screen: whom to give codes, giving them, and the slips that are seen only now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts import service as accounts
from quiz.accounts.administration import OFFICE_TELEPHONE, setting
from quiz.accounts.domain import ACTIVATION_LENGTH, User
from quiz.accounts.queries import ActivationRow, activation_rows
from quiz.accounts.service import Slip
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.problems import Invalid
from quiz.settings import settings
from quiz.ui import activation_files, components, gate, office, store
from quiz.ui.components import Kpi, Tone
from quiz.ui.state import Slot

PAGE = "activation"
ROWS = 20
STATES = {"none": "未发放", "issued": "已发放未使用", "expired": "已过期", "activated": "已激活"}
_TONES: dict[str, Tone] = {"none": "warn", "issued": "info", "expired": "bad", "activated": "ok"}


@dataclass(frozen=True)
class Issued:
    """Slips just given out."""

    place: str
    at: datetime
    slips: tuple[Slip, ...]


ISSUED = Slot[Issued | None]("activation_issued", lambda: None)


@dataclass(frozen=True)
class Question:
    """Where, in which state, and whose name."""

    district: str
    town: str
    state: str
    text: str

    def rows(self, session: Session, reach: Reaches, now: datetime, *, any_state: bool = False) -> list[ActivationRow]:
        """The principals meant, within reach."""
        found = activation_rows(
            session, reaches=reach, district_code=self.district or None, town_code=self.town or None,
            state=None if any_state else self.state or None, now=now,
        )  # fmt: skip
        return [row for row in found if not self.text or self.text in row.organisation or self.text in row.name]


def ask(reference: Reference, reach: Reaches) -> Question:
    """One district at a time, the way slips are handed on."""
    with st.container(border=True):
        left, right = st.columns(2)
        with left:
            district, town = office.choose_place(reference, reach, page=PAGE, must=True)
        with right:
            state = office.choose("激活状态", {office.ALL: "全部", **STATES}, name="state", page=PAGE, default="none")
            text = office.search("企业或姓名", page=PAGE, placeholder="输入名称的一部分")
    return Question(district, town, state, text)


def figures(everybody: Sequence[ActivationRow]) -> None:
    """How many principals are in each state."""
    counts = Counter(row.state for row in everybody)
    components.kpi_row(
        [
            Kpi("主要负责人", f"{len(everybody)} 人", "所选范围，在任"),
            *(
                Kpi(
                    label,
                    f"{counts[code]} 人",
                    components.rate_text(counts[code], len(everybody)),
                    tone=_TONES[code] if counts[code] else "",
                )
                for code, label in STATES.items()
            ),
        ]
    )


def listing(rows: Sequence[ActivationRow], reference: Reference) -> None:
    """Those meant, by town."""
    start = min(office.offset(ROWS), max(0, len(rows) - 1) // ROWS * ROWS)
    lines = [
        (
            row.organisation, reference.label("region", row.town_code) or "未登记镇街", row.name, office.masked(row.phone),
            components.badge(row.state_label, _TONES[row.state]),
            office.day(clock.local_day(row.expires_at)) if row.expires_at else "—",
        )
        for row in rows[start : start + ROWS]
    ]  # fmt: skip
    components.table(("企业", "镇街", "姓名", "手机号", "状态", "有效期至"), lines)
    office.pages(len(rows), page=PAGE, size=ROWS)


def issue(rows: Sequence[ActivationRow], asked: Question, place: str, user: User, reach: Reaches) -> None:
    """Codes for all of the list, or for some of them."""
    open_rows = [row for row in rows if row.state != "activated"]
    if not open_rows:
        components.note("所列人员都已激活，不需要发放。", tone="ok")
        return
    names = {row.person_id: f"{row.name}（{row.organisation}）" for row in open_rows}
    key = f"{PAGE}_only_{asked.district}_{asked.town}_{asked.state}"
    only = st.multiselect(
        "只发给其中几位（不选就是全部）", list(names), format_func=names.__getitem__, placeholder="全部", select_all=False, key=key
    )
    chosen = [row for row in open_rows if not only or row.person_id in only]
    again = sum(row.state == "issued" for row in chosen)
    warning = f"其中 {again} 人手里的旧激活码将立即作废，须换发新条。" if again else "以前过期的激活码不再有效。"
    question = f"将给 {len(chosen)} 人生成新的激活码，{ACTIVATION_LENGTH.days} 天内有效。{warning}激活码只在这一次显示，请随后下载打印。"
    if components.confirm_button(
        f"给 {len(chosen)} 人发放激活码", key=f"{PAGE}_issue", question=question, yes="确认发放", icon=":material/key:"
    ):
        wanted = frozenset(row.person_id for row in chosen)
        office.perform(lambda session: _issue(session, asked, wanted, place, user, reach))


def _issue(session: Session, asked: Question, wanted: frozenset[int], place: str, user: User, reach: Reaches) -> str:
    now = clock.now()
    rows = [row for row in asked.rows(session, reach, now) if row.person_id in wanted]
    if not rows:
        raise Invalid("所选人员的状态已经变化，请刷新后重新选择。", code="stale")
    slips = accounts.issue_activations(session, rows=rows, now=now, actor=gate.actor(user))
    ISSUED.set(Issued(place, now, tuple(slips)))
    return f"已生成 {len(slips)} 个激活码。请马上下载激活条并打印，离开本页后不能再看到这些激活码。"


def site() -> str:
    """Where the person's phone finds us, as this browser does."""
    parts = urlsplit(st.context.url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def slips(issued: Issued, reference: Reference, user: User) -> None:
    """The codes just given out: print now, then put away."""
    with st.container(border=True):
        components.section(f"刚发放的激活码（{len(issued.slips)} 张）", f"{issued.place}，{clock.show(issued.at)}。只在现在可以下载。")
        address = (st.text_input("印在激活条上的网址", value=site(), key=f"{PAGE}_site", max_chars=80) or "").strip().rstrip("/")
        with store.reading() as session:
            telephone = setting(session, OFFICE_TELEPHONE) or settings().office_telephone
        subject = f"{issued.place}激活条"
        office.download(
            "下载激活条（A4，每页 8 张）",
            lambda: activation_files.workbook(
                issued.slips, site=address, reference=reference, now=issued.at, organiser=settings().organiser, telephone=telephone
            ),
            user=user, action="export", subject=subject, key=f"{PAGE}_slips", primary=True, detail={"count": len(issued.slips)},
        )  # fmt: skip
        components.bullets(["打开后按“激活条（打印）”工作表打印，沿框线裁开。", "“清单”工作表供镇街分发时签收；发放完请删除文件。"])
        rows = [(slip.organisation, slip.name, slip.code) for slip in issued.slips[:ROWS]]
        components.table(("企业", "姓名", "激活码"), rows)
        if len(issued.slips) > ROWS:
            st.markdown(f"这里只列前 {ROWS} 张，全部在文件里。")
        if st.button("已打印，收起激活码", key=f"{PAGE}_put_away"):
            ISSUED.clear()
            st.rerun()
