"""Requests for exemption at every step of their way, so that each step can be tried."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pylopdf_fonts_zh_cn
import typst
from sqlalchemy import select
from sqlmodel import Session, col

from quiz import clock
from quiz.accounts import queries as accounts
from quiz.accounts.audit import Actor
from quiz.accounts.domain import User
from quiz.models.accounts import Account
from quiz.models.organisations import Organisation
from quiz.models.training import Duty, Programme
from quiz.training import exemptions
from quiz.training.exemption_papers import Upload
from quiz.training.exemptions import Asked
from quiz.vocabulary import ExemptionGround, OrganisationStatus

_ASKED = (
    (ExemptionGround.SUSPENDED, "整个培训期间停产停业，无从业人员"),
    (ExemptionGround.CLOSING, "正在办理注销，已停止经营"),
    (ExemptionGround.SUSPENDED, "厂房整体腾退，设备已拆除，无从业人员"),
    (ExemptionGround.DUPLICATE, "已并入上级公司统一参训"),
    (ExemptionGround.SUSPENDED, "季节性停产，春节后复工"),
    (ExemptionGround.OTHER, "法定代表人长期住院，另定参训人"),
)
_HOME, _ELSEWHERE = "371002", "371083"


def ask(session: Session, *, now: datetime) -> None:
    """Six requests: asked for, looked at, granted, ended, refused in 环翠区, and one waiting elsewhere."""
    office, district, admin = (_user(session, name) for name in ("office", "district", "admin"))
    home = _duties(session, _HOME, 5)
    upload = Upload("停产核实表（演示）.pdf", _paper())
    days = [now - timedelta(days=number) for number in (2, 5, 12, 30, 9, 1)]
    numbers = []
    for duty, (ground, reason), at in zip([*home, *_duties(session, _ELSEWHERE, 1)], _ASKED, days, strict=False):
        asked = Asked(
            duty.programme_id, duty.organisation_id, None, ground, f"{reason}（演示数据）", "停产核实表（演示〔2026〕1 号）",
            max(duty.opened_on, clock.local_day(at)),
        )  # fmt: skip
        numbers.append(exemptions.ask(session, user=office, asked=asked, upload=upload, actor=_actor(office), now=at).id)
    for number, at in zip(numbers[1:4], days[1:4], strict=True):
        step = {"request_id": number, "actor": _actor(district), "now": at + timedelta(hours=20)}
        exemptions.give_opinion(session, user=district, approve=True, opinion="已到现场核实，情况属实", **step)  # type: ignore[arg-type]
    for number, at in zip(numbers[2:4], days[2:4], strict=True):
        step = {"request_id": number, "actor": _actor(admin), "now": at + timedelta(hours=26)}
        exemptions.decide(session, user=admin, approve=True, opinion="同意核减", **step)  # type: ignore[arg-type]
    exemptions.end(
        session, user=district, request_id=numbers[3], ended_on=clock.local_day(now) - timedelta(days=8), reason="企业已复产，镇街核实",
        actor=_actor(district), now=now - timedelta(days=7),
    )  # fmt: skip
    exemptions.give_opinion(
        session, user=district, request_id=numbers[4], approve=False, opinion="短期停产不符合核减条件", actor=_actor(district),
        now=days[4] + timedelta(hours=20),
    )  # fmt: skip


def _user(session: Session, name: str) -> User:
    number = session.execute(select(col(Account.id)).where(col(Account.account) == name)).scalar_one()
    return accounts.user_of_account(session, number or 0)


def _actor(user: User) -> Actor:
    return Actor(user.account_id, user.account)


def _duties(session: Session, district: str, number: int) -> Sequence[Duty]:
    """The first duties nobody has begun, one an enterprise, of enterprises in business with a single holder."""
    rows = session.scalars(
        select(Duty)
        .join(Organisation, col(Organisation.id) == col(Duty.organisation_id))
        .join(Programme, col(Programme.id) == col(Duty.programme_id))
        .where(
            col(Organisation.district_code) == district, col(Organisation.status) == OrganisationStatus.ACTIVE.value,
            col(Programme.code) == "confined-space-2024", col(Duty.trained_on).is_(None), col(Duty.closed_on).is_(None),
            col(Duty.exempted_on).is_(None), col(Duty.extended_to).is_(None),
        )
        .order_by(col(Duty.organisation_id).desc(), col(Duty.id))
    )  # fmt: skip
    found: dict[int, Duty] = {}
    for row in rows:
        found.setdefault(row.organisation_id, row)
    return list(found.values())[:number]


def _paper() -> bytes:
    """A page that looks like what a street sends."""
    text = """#set page(width: 148mm, height: 105mm)
#set text(font: "Noto Sans SC", size: 11pt)
#align(center)[= 停产核实表（演示数据）]
企业：演示企业

核实情况：经现场核实，该企业已停产，无从业人员。

核实人：某某　　　　日期：年　月　日
"""
    fonts = [str(Path(pylopdf_fonts_zh_cn.__file__).parent)]
    return bytes(typst.compile(text.encode(), font_paths=fonts))  # type: ignore[misc]
