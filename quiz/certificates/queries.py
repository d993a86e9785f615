"""Reads certificates: one by its number, a person's, and the lists an office keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlmodel import Session, col

from quiz.certificates import signing
from quiz.certificates.domain import Content, state_on, tidy_number
from quiz.models.certificates import Certificate, SigningKey
from quiz.models.organisations import Organisation, Person
from quiz.models.training import Duty, Programme
from quiz.organisations.reach import Reach, Reaches
from quiz.problems import NotFound
from quiz.vocabulary import CertificateState

AnyReach = Reach | Reaches


@dataclass(frozen=True)
class CertificateView:
    """A certificate with its state on the day that was asked about."""

    id: int
    number: str
    person_id: int
    programme_id: int
    organisation_id: int
    duty_id: int | None
    content: Content
    signature: str
    public_key: str
    is_genuine: bool
    """The signature fits the content: False would mean that somebody changed the database by hand."""
    issued_at: datetime
    valid_until: date | None
    state: CertificateState
    ended_at: datetime | None
    end_reason: str
    replaced_by: str

    @property
    def offline_code(self) -> str:
        """What the second QR code carries."""
        return signing.offline_code(self.content, signature=self.signature)

    @property
    def signed_file(self) -> bytes:
        """The certificate as a signed JSON file."""
        return signing.signed_file(self.content, signature=self.signature, public=self.public_key)

    def as_json(self) -> dict[str, Any]:
        """As the public API gives it: every printed field, the state, and what it takes to check it."""
        return {
            "number": self.number,
            "state": self.state.value,
            "state_label": self.state.label,
            "genuine": self.is_genuine,
            "fields": {name: getattr(self.content, name) for name in Content.__dataclass_fields__},
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "end_reason": self.end_reason,
            "replaced_by": self.replaced_by or None,
            "signature": self.signature,
            "public_key": self.public_key,
        }


@dataclass(frozen=True)
class CertificateRow:
    """One line of the office's list."""

    number: str
    holder: str
    organisation: str
    organisation_id: int
    programme: str
    issued_at: datetime
    valid_until: date | None
    state: CertificateState
    is_doubtful: bool
    """It stands, but the duty it was issued for no longer counts as completed."""


@dataclass(frozen=True)
class CertificateList:
    """A page of the list and the numbers beside it."""

    total: int
    by_state: dict[CertificateState, int]
    """Before the filter by state."""
    doubtful: int
    rows: tuple[CertificateRow, ...]


@dataclass(frozen=True)
class Filters:
    """What of the list is wanted; None asks nothing."""

    programme: str | None = None
    district: str | None = None
    town: str | None = None
    state: CertificateState | None = None
    doubtful: bool = False
    text: str = ""


def certificate(session: Session, *, number: str, today: date) -> CertificateView | None:
    """The certificate of that number, however it was typed; None when there is none. For everybody."""
    found = session.connection().execute(_whole().where(col(Certificate.number) == tidy_number(number))).one_or_none()
    return None if found is None else _view(found, today)


def certificate_within(session: Session, *, number: str, reach: AnyReach, today: date) -> CertificateView:
    """The certificate, for an office that may see its enterprise.

    Raises:
        NotFound: there is none, or it is out of reach.
    """
    query = (
        _whole()
        .join(Organisation, col(Organisation.id) == col(Certificate.organisation_id))
        .where(col(Certificate.number) == tidy_number(number), *reach.conditions())
    )
    found = session.connection().execute(query).one_or_none()
    if found is None:
        raise NotFound("没有找到该证明，或您无权查看。", code="no_certificate")
    return _view(found, today)


def certificates_of(session: Session, *, person_id: int, today: date) -> list[CertificateView]:
    """All of a person's certificates with their history, the newest first."""
    query = _whole().where(col(Certificate.person_id) == person_id).order_by(col(Certificate.issued_at).desc(), col(Certificate.id).desc())
    return [_view(row, today) for row in session.connection().execute(query)]


def certificates_at(session: Session, *, organisation_id: int, today: date) -> list[CertificateView]:
    """All certificates issued for an organisation, the newest first."""
    query = _whole().where(col(Certificate.organisation_id) == organisation_id).order_by(col(Certificate.issued_at).desc())
    return [_view(row, today) for row in session.connection().execute(query)]


def listed(session: Session, *, filters: Filters, reach: AnyReach, today: date, limit: int | None = 50, offset: int = 0) -> CertificateList:
    """Certificates within reach, the newest first; `limit=None` gives all of them."""
    connection = session.connection()
    base: Any = (
        select(
            col(Certificate.id), col(Certificate.number), col(Person.name).label("holder"), col(Organisation.name).label("organisation"),
            col(Organisation.id).label("organisation_id"), col(Programme.title).label("programme"), col(Certificate.issued_at),
            col(Certificate.valid_until), col(Certificate.state), _doubtful().label("is_doubtful"),
        )
        .join(Person, col(Person.id) == col(Certificate.person_id))
        .join(Organisation, col(Organisation.id) == col(Certificate.organisation_id))
        .join(Programme, col(Programme.id) == col(Certificate.programme_id))
        .outerjoin(Duty, col(Duty.id) == col(Certificate.duty_id))
        .where(*reach.conditions(), *_asked(filters))
    )  # fmt: skip
    by_state: dict[CertificateState, int] = {}
    doubtful = 0
    for state in CertificateState:
        counted = select(func.count()).select_from(base.where(_in_state(state, today)).subquery())
        by_state[state] = connection.execute(counted).scalar_one()
    doubtful = connection.execute(select(func.count()).select_from(base.where(_doubtful()).subquery())).scalar_one()
    wanted = base
    if filters.state is not None:
        wanted = wanted.where(_in_state(filters.state, today))
    if filters.doubtful:
        wanted = wanted.where(_doubtful())
    total = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    page = wanted.order_by(col(Certificate.issued_at).desc(), col(Certificate.id).desc())
    if limit is not None:
        page = page.limit(limit).offset(offset)
    rows = tuple(
        CertificateRow(
            number=row.number, holder=row.holder, organisation=row.organisation, organisation_id=row.organisation_id,
            programme=row.programme, issued_at=row.issued_at, valid_until=row.valid_until,
            state=state_on(today, state=row.state, valid_until=row.valid_until), is_doubtful=bool(row.is_doubtful),
        )
        for row in connection.execute(page)
    )  # fmt: skip
    return CertificateList(total=total, by_state=by_state, doubtful=doubtful, rows=rows)


def public_keys(session: Session) -> dict[str, str]:
    """Every public key that has signed certificates, by its printed number."""
    return {row.id: row.public_key for row in session.scalars(select(SigningKey).order_by(col(SigningKey.created_at)))}


def _whole() -> Select[Any]:
    return select(Certificate.__table__, col(SigningKey.public_key)).join(SigningKey, col(SigningKey.id) == col(Certificate.key_id))  # type: ignore[attr-defined,return-value]


def _view(row: Any, today: date) -> CertificateView:
    content = Content.of(row.content)
    return CertificateView(
        id=row.id, number=row.number, person_id=row.person_id, programme_id=row.programme_id, organisation_id=row.organisation_id,
        duty_id=row.duty_id, content=content, signature=row.signature, public_key=row.public_key,
        is_genuine=content.number == row.number and signing.is_genuine(content, signature=row.signature, public=row.public_key),
        issued_at=row.issued_at, valid_until=row.valid_until, state=state_on(today, state=row.state, valid_until=row.valid_until),
        ended_at=row.ended_at, end_reason=row.end_reason, replaced_by=row.replaced_by,
    )  # fmt: skip


def _asked(filters: Filters) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.programme is not None:
        conditions.append(col(Programme.code) == filters.programme)
    if filters.district is not None:
        conditions.append(col(Organisation.district_code) == filters.district)
    if filters.town is not None:
        conditions.append(col(Organisation.town_code) == filters.town)
    if filters.text:
        named = (col(Person.name), col(Organisation.name))
        conditions.append(
            or_(col(Certificate.number) == tidy_number(filters.text), *(name.contains(filters.text, autoescape=True) for name in named))
        )
    return conditions


def _in_state(state: CertificateState, today: date) -> ColumnElement[bool]:
    kept, last = col(Certificate.state), col(Certificate.valid_until)
    if state is CertificateState.EXPIRED:
        return and_(kept == CertificateState.VALID.value, last < today)
    if state is CertificateState.VALID:
        return and_(kept == CertificateState.VALID.value, or_(last.is_(None), last >= today))
    return kept == state.value


def _doubtful() -> ColumnElement[bool]:
    return and_(
        col(Certificate.state) == CertificateState.VALID.value, col(Certificate.duty_id).is_not(None), col(Duty.completed_on).is_(None)
    )
