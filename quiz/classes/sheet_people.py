"""Whose line it is: names of a sign-in sheet matched with those the session expects, namesakes told apart by telephone or unit."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import and_, exists, or_, select
from sqlmodel import Session, col

from quiz.classes.candidates import open_duty
from quiz.classes.reach import ClassReach
from quiz.classes.sheet_reader import SheetRow
from quiz.keyed_digest import keyed_digest
from quiz.models.classes import ClassSession, ClassSite, Registration
from quiz.models.organisations import Organisation, Person, Post
from quiz.models.training import Duty
from quiz.organisations.identifiers import ERROR, WARNING, Finding, read_identity_number, read_phone, tidy_text
from quiz.organisations.ledger import chunks
from quiz.vocabulary import RegistrationState


@dataclass
class Known:
    """Somebody the session expects."""

    id: int
    name: str
    phone: str | None
    identity_digest: str | None
    units: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Line:
    """What a line says about its person."""

    name: str
    phone: str | None
    identity: str | None
    """Keyed digest."""
    unit: str
    findings: tuple[tuple[str, Finding], ...]
    """Column and what is to be said about it."""


@dataclass(frozen=True)
class Matched:
    """Who is meant, or why nobody is; `mended` findings were settled by us."""

    person: Known | None
    findings: tuple[tuple[str, Finding], ...]


def name_key(text: str) -> str:
    """Without blanks: 张 三 is 张三; brackets and what is in them are remarks."""
    return re.sub(r"\s+", "", re.sub(r"[(（].*?[)）]", "", unicodedata.normalize("NFKC", text)))


_AS_PRINTED = re.compile(r"\d{3}\*{4}\d{4}")
"""Our own sheets show no more of a telephone number; it is no fault of whoever typed them up."""


def read_line(row: SheetRow, *, today: date) -> Line:
    """The person's cells understood; numbers that do not read are left out and said."""
    found: list[tuple[str, Finding]] = []
    phone = read_phone("" if _AS_PRINTED.fullmatch(row.text("phone")) else row.values.get("phone", ""))
    found += [("phone", Finding(each.code, each.message, "本行按姓名和单位认定。", WARNING)) for each in phone.findings]
    identity = read_identity_number(row.values.get("identity", ""), today=today)
    found += [
        ("identity", Finding(each.code, each.message, "本行不使用身份证号认定。", WARNING))
        for each in identity.findings
        if each.severity == ERROR
    ]
    digest = keyed_digest(f"identity:{identity.value}") if identity.value else None
    return Line(name_key(row.text("name")), phone.value, digest, tidy_text(row.values.get("unit", "")), tuple(found))


class Crowd:
    """Those who are expected at a session, as far as the importer reaches; and who else of that name is known."""

    def __init__(self, expected: Iterable[Known], others: Iterable[str]) -> None:
        self.by_name: dict[str, list[Known]] = defaultdict(list)
        self.by_phone: dict[str, list[Known]] = defaultdict(list)
        self.by_identity: dict[str, Known] = {}
        for known in expected:
            self.by_name[name_key(known.name)].append(known)
            if known.phone:
                self.by_phone[known.phone].append(known)
            if known.identity_digest:
                self.by_identity[known.identity_digest] = known
        self.unexpected = set(others)

    def match(self, line: Line) -> Matched:
        """Who is meant: identity number first, then telephone, then unit, then a name that only one has."""
        if line.identity and (known := self.by_identity.get(line.identity)) is not None:
            if line.name and name_key(known.name) != line.name:
                return self._no(line, "identity", "identity_name", "身份证号在名册中属于另一个人。", "请核对姓名和身份证号。")
            return Matched(known, line.findings)
        if not line.name:
            return self._by_phone_alone(line)
        found = self.by_name.get(line.name, [])
        if not found:
            return self._nobody(line)
        return self._among(line, found)

    def _by_phone_alone(self, line: Line) -> Matched:
        found = self.by_phone.get(line.phone or "", [])
        if len(found) != 1:
            return self._no(line, "name", "no_name", "没有写姓名，凭手机号也不能认定是谁。", "请补填姓名。")
        mended = Finding("by_phone", f"没有写姓名，按手机号认定为{found[0].name}。", "请核对。", WARNING)
        return Matched(found[0], (*line.findings, ("name", mended)))

    def _nobody(self, line: Line) -> Matched:
        if line.phone and self.by_phone.get(line.phone):
            return self._no(line, "name", "name_phone", "这个手机号在应训名单中是另一个姓名。", "请核对姓名是否写错。")
        if line.name in self.unexpected:
            message = "名册中有此人，但不在本班次的应训名单里，也没有报名。"
            return self._no(line, "name", "not_expected", message, "确应参训的，请先在“报名”中登记，再导入本表。")
        return self._no(
            line, "name", "unknown", "应训名单和名册中没有这个姓名，或不在您的管理范围内。", "请核对姓名；替人签到的不计。"
        )  # fmt: skip

    def _among(self, line: Line, found: Sequence[Known]) -> Matched:
        by_phone = [known for known in found if line.phone and known.phone == line.phone]
        exact = [known for known in found if line.unit and any(unit_key(unit) == unit_key(line.unit) for unit in known.units)]
        near = exact or [known for known in found if line.unit and any(resembles(unit, line.unit) for unit in known.units)]
        if len(by_phone) == 1:
            known = by_phone[0]
            if line.unit and known not in near:
                note = Finding("unit_differs", "单位与名册不同，按姓名和手机号认定。", "单位有变更的请到企业名册办理。", WARNING)
                return Matched(known, (*line.findings, ("unit", note)))
            return Matched(known, line.findings)
        if len(near) == 1:
            return self._by_unit(line, near[0], is_exact=bool(exact))
        if line.unit and not near:
            return self._no(line, "unit", "unit_unknown", "同名的人不在这家单位任职。", "请核对单位；或补填名册登记的手机号。")
        if len(near or found) > 1:
            number = len(near or found)
            return self._no(
                line, "name", "namesake", f"应训名单中有 {number} 个同名人员，分不清是哪一位。", "请补填手机号或完整的单位名称。"
            )  # fmt: skip
        if line.phone and found[0].phone:
            return self._no(line, "phone", "phone_differs", "手机号与名册登记的不同，又没有写单位。", "请补填单位；换号的先到名册更正。")
        note = Finding("name_only", "只写了姓名，按应训名单中唯一的同名人员认定。", "请核对。", WARNING)
        return Matched(found[0], (*line.findings, ("name", note)))

    def _by_unit(self, line: Line, known: Known, *, is_exact: bool) -> Matched:
        notes = list(line.findings)
        if not is_exact:
            notes.append(("unit", Finding("unit_short", f"单位写的是简称，按“{min(known.units, key=len)}”认定。", "请核对。", WARNING)))
        if line.phone and known.phone and line.phone != known.phone:
            note = Finding("phone_other", "手机号与名册登记的不同，按姓名和单位认定，名册未改。", "换号的请到企业名册更正。", WARNING)
            notes.append(("phone", note))
        return Matched(known, tuple(notes))

    @staticmethod
    def _no(line: Line, column: str, code: str, message: str, action: str) -> Matched:
        return Matched(None, (*line.findings, (column, Finding(code, message, action))))


_FORMS = re.compile(r"(有限责任公司|股份有限公司|有限公司|\(个体工商户\)|个体工商户|分公司|公司)")
_PLACES = re.compile(r"^(山东省|山东|威海市|威海)")


def unit_key(text: str) -> str:
    """A unit's name without blanks."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def resembles(unit: str, written: str) -> bool:
    """Is one the other's short name? At least three characters besides place and legal form have to agree."""
    cores = [_FORMS.sub("", _PLACES.sub("", unit_key(text))) for text in (unit, written)]
    short, long = sorted(cores, key=len)
    return len(short) >= 3 and short in long


def load_crowd(session: Session, *, lines: Sequence[Line], held: ClassSession, desk: ClassReach, day: date) -> Crowd:
    """Everybody the lines may mean, in a few statements."""
    owing = exists().where(col(Duty.person_id) == col(Person.id), col(Duty.programme_id) == held.programme_id, *open_duty(day))
    seat = (
        col(Registration.session_id) == held.id, col(Registration.person_id) == col(Person.id),
        col(Registration.state) == RegistrationState.REGISTERED.value,
    )  # fmt: skip
    here = [
        number
        for number, code in session.execute(
            select(col(ClassSite.id), col(ClassSite.district_code)).where(col(ClassSite.session_id) == held.id)
        )
        if desk.hosts(code, created_by=held.created_by)
    ]
    knows = desk.knows(col(Person.id))
    expected = or_(and_(owing, knows), exists().where(*seat, or_(knows, col(Registration.site_id).in_(here))))
    found: dict[int, Known] = {}
    for column, values in (
        (col(Person.name), {line.name for line in lines if line.name}),
        (col(Person.phone), {line.phone for line in lines if line.phone}),
        (col(Person.identity_digest), {line.identity for line in lines if line.identity}),
    ):
        for some in chunks(sorted(value for value in values if value)):
            columns: Any = (col(Person.id), col(Person.name), col(Person.phone), col(Person.identity_digest))
            for row in session.execute(select(*columns).where(column.in_(some), expected)):
                found[row.id] = Known(row.id, row.name, row.phone, row.identity_digest)
    _add_units(session, found, held)
    return Crowd(found.values(), _unexpected(session, lines, found, knows))


def _add_units(session: Session, found: dict[int, Known], held: ClassSession) -> None:
    for ids in chunks(sorted(found)):
        for person_id, unit in session.execute(
            select(col(Post.person_id), col(Organisation.name))
            .join(Organisation, col(Organisation.id) == col(Post.organisation_id))
            .where(col(Post.person_id).in_(ids))
        ):
            found[person_id].units.add(unit)
        for person_id, unit in session.execute(
            select(col(Registration.person_id), col(Organisation.name))
            .join(Organisation, col(Organisation.id) == col(Registration.organisation_id))
            .where(col(Registration.session_id) == held.id, col(Registration.person_id).in_(ids))
        ):
            found[person_id].units.add(unit)


def _unexpected(session: Session, lines: Sequence[Line], found: dict[int, Known], knows: Any) -> set[str]:
    expected = {name_key(known.name) for known in found.values()}
    rest = sorted({line.name for line in lines if line.name} - expected)
    names: set[str] = set()
    for some in chunks(rest):
        names |= set(session.scalars(select(col(Person.name)).where(col(Person.name).in_(some), knows)))
    return {name_key(name) for name in names}
