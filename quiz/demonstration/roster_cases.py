"""What a roster is like after some months of use: doubles and gaps to be mended, a merger, one opened again, imports, one taken back."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from quiz import clock
from quiz.models.accounts import Account
from quiz.models.organisations import Organisation, Person, Post
from quiz.organisations import service as organisations
from quiz.organisations.domain import OrganisationDraft
from quiz.organisations.reference import Reference
from quiz.organisations.roster_service import apply_plan, read_and_plan
from quiz.organisations.roster_undo import undo_within
from quiz.vocabulary import OrganisationStatus, PostRole

HEADER = ("企业名称", "登记注册号", "所属区市", "镇街", "行业领域", "经营状态", "主要负责人姓名", "手机号", "任职日期", "单位类型")
OFFICE = "office"
COMMON_TELEPHONE = "0631-5190000"


def leave_traces(session: Session, *, now: datetime) -> None:
    """Some of everything the office's screens on data quality, history and imports are for; the same every time."""
    account_id = session.execute(select(Account.id).where(col(Account.account) == OFFICE)).scalar()  # type: ignore[call-overload]
    today = clock.local_day(now)
    stamp: dict[str, Any] = {"now": now, "today": today, "account_id": account_id}
    active = session.scalars(
        select(Organisation).where(col(Organisation.status) == OrganisationStatus.ACTIVE.value).order_by(col(Organisation.id))
    ).all()
    chosen = active[5 :: max(1, len(active) // 24)]
    _doubles(session, chosen[:2], stamp)
    _gaps(session, chosen[2:10], stamp)
    organisations.merge(
        session, organisation_id=chosen[10].id or 0, into_id=chosen[11].id or 0, effective_on=today - timedelta(days=20),
        document="市场监管局合并登记通知书（演示数据）", **stamp,
    )  # fmt: skip
    _open_again(session, today, stamp)
    reference = Reference.load(session)
    places = [(reference.label("region", each.district_code), reference.label("region", each.town_code)) for each in chosen[12:15]]
    _import(session, "新增餐饮单位.csv", places, "新增", stamp, day=now - timedelta(days=12))
    wrong = _import(session, "误传的旧名册.csv", places, "误传", stamp, day=now - timedelta(days=5))
    undo_within(session, import_id=wrong, now=now - timedelta(days=5) + timedelta(hours=1), account_id=account_id)


def _doubles(session: Session, originals: Sequence[Organisation], stamp: dict[str, Any]) -> None:
    """The same firm entered by hand once more; and a manager under two telephone numbers."""
    for number, each in enumerate(originals):
        name = each.name if number == 0 else each.name.replace("有限公司", "有限责任公司")
        draft = OrganisationDraft(
            name=name if name != each.name or number == 0 else f"威海市{name}", registration_number=f"3710000000{number:05}",
            district_code=each.district_code, town_code=each.town_code, sector_code=each.sector_code, registered_on=each.registered_on,
        )  # fmt: skip
        organisations.add_organisation(session, draft=draft, **stamp)
        holder = organisations.queries.current_principals(session, [each.id or 0]).get(each.id or 0, ())
        if holder:
            double = Person(name=holder[0].person_name, phone=f"1990000{number:04}", created_at=stamp["now"])
            session.add(double)
            session.flush()
            session.add(
                Post(
                    person_id=double.id or 0, organisation_id=each.id or 0, role=PostRole.SAFETY_MANAGER.value, held_from=stamp["today"],
                    created_at=stamp["now"],
                )
            )  # fmt: skip
    session.flush()


def _gaps(session: Session, chosen: Sequence[Organisation], stamp: dict[str, Any]) -> None:
    """A town not stated, telephones that are none or everybody's."""
    for each in chosen[:2]:
        organisations.move(
            session, organisation_id=each.id or 0, district_code=each.district_code, town_code=None,
            effective_on=stamp["today"] - timedelta(days=8), **stamp,
        )  # fmt: skip
    for each, telephone in zip(chosen[2:], ("不详", "8888", *(COMMON_TELEPHONE,) * 4), strict=False):
        organisations.edit_organisation(session, organisation_id=each.id or 0, changes={"telephone": telephone}, **stamp)


def _open_again(session: Session, today: date, stamp: dict[str, Any]) -> None:
    """One that was deregistered by mistake of the register's notice took up business again."""
    closed = (
        select(Organisation)
        .where(col(Organisation.status) == OrganisationStatus.REVOKED.value, col(Organisation.closed_on) < today - timedelta(days=10))
        .order_by(col(Organisation.id))
        .limit(1)
    )
    for each in session.scalars(closed).all():
        organisations.set_status(
            session, organisation_id=each.id or 0, status=OrganisationStatus.ACTIVE.value, effective_on=today - timedelta(days=6),
            document="撤销吊销行政处罚决定书，恢复营业（演示数据）", **stamp,
        )  # fmt: skip


def _import(session: Session, file_name: str, places: Sequence[tuple[str, str]], word: str, stamp: dict[str, Any], *, day: datetime) -> int:
    held_from = (clock.local_day(day) - timedelta(days=30)).isoformat()
    lines = [
        (f"{town}{word}小吃店{number}号", f"37100000{number}{len(word)}{ord(word[0])}", district, town, "餐饮", "在业", f"{word[0]}小{'一二三'[number]}",
         f"1980000{ord(word[0]) % 1000:03}{number}", held_from, "个体工商户")
        for number, (district, town) in enumerate(places)
    ]  # fmt: skip
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, *lines])
    plan = read_and_plan(session, data=text.getvalue().encode(), file_name=file_name, today=clock.local_day(day))
    report = apply_plan(session, plan=plan, account_id=stamp["account_id"], now=day)
    assert report.import_id is not None, report.problems
    return report.import_id
