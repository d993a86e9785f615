"""Reading organisations: lists within somebody's reach, one organisation opened, regions as a tree, counts, past imports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlmodel import Session, col

from quiz.models.organisations import Organisation, OrganisationChange, OrganisationFeature, Person, Placement, Post, Region, RosterImport
from quiz.organisations.domain import FIELD_LABELS, ChangeView, OrganisationRow, OrganisationView, PostView
from quiz.organisations.ledger import chunks, segment_of
from quiz.organisations.reach import Reach, Reaches
from quiz.organisations.reference import Reference
from quiz.problems import NotFound
from quiz.vocabulary import OrganisationStatus, PostRole, RegionLevel

AnyReach = Reach | Reaches
_ROW = (
    col(Organisation.id),
    col(Organisation.kind),
    col(Organisation.name),
    col(Organisation.uscc),
    col(Organisation.registration_number),
    col(Organisation.premises),
    col(Organisation.district_code),
    col(Organisation.town_code),
    col(Organisation.sector_code),
    col(Organisation.department_code),
    col(Organisation.direct_department_code),
    col(Organisation.status),
    col(Organisation.employees),
)


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and how many there are in all."""

    rows: tuple[OrganisationRow, ...]
    total: int


@dataclass(frozen=True)
class RegionNode:
    """A region with those inside it."""

    code: str
    name: str
    short_name: str
    level: str
    kind: str
    children: tuple[RegionNode, ...] = ()


@dataclass(frozen=True)
class Count:
    """How many organisations share one key."""

    key: str
    label: str
    count: int


@dataclass(frozen=True)
class ImportView:
    """One past import."""

    id: int
    file_name: str
    imported_at: datetime
    account_id: int | None
    report: Mapping[str, Any]
    undone_at: datetime | None = None
    undone_by: int | None = None


# 区域 -----------------------------------------------------------------------------------------------------------------


def regions_tree(session: Session) -> tuple[RegionNode, ...]:
    """The city with its districts and their towns, in the official order."""
    regions = session.scalars(select(Region).order_by(col(Region.position))).all()
    inside: dict[str | None, list[Region]] = defaultdict(list)
    for region in regions:
        inside[region.parent_code].append(region)

    def node(region: Region) -> RegionNode:
        children = tuple(node(child) for child in inside[region.code])
        return RegionNode(region.code, region.name, region.short_name, region.level, region.kind, children)

    return tuple(node(region) for region in inside[None])


def district_codes_under(session: Session, code: str) -> frozenset[str]:
    """All districts for the city's code; a district's own code; for a town the district it lies in."""
    region = session.get(Region, code)
    if region is None:
        raise NotFound(f"没有代码为 {code} 的区域。")
    if region.level == RegionLevel.CITY:
        return frozenset(session.scalars(select(col(Region.code)).where(col(Region.parent_code) == code)))
    return frozenset({code if region.level == RegionLevel.DISTRICT else region.parent_code or ""})


def reach_of(
    session: Session, *, region_code: str | None = None, department_code: str | None = None, organisation_id: int | None = None
) -> Reach:
    """The reach of one grant: every part that is given narrows it."""
    region = session.get(Region, region_code) if region_code else None
    if region_code and region is None:
        raise NotFound(f"没有代码为 {region_code} 的区域。")
    level = region.level if region else None
    return Reach(
        district_codes=frozenset({region_code}) if region_code and level == RegionLevel.DISTRICT else None,
        town_codes=frozenset({region_code}) if region_code and level == RegionLevel.TOWN else None,
        department_codes=frozenset({department_code}) if department_code else None,
        organisation_ids=frozenset({organisation_id}) if organisation_id is not None else None,
    )


# 名单 -----------------------------------------------------------------------------------------------------------------


def find(
    session: Session,
    *,
    text: str = "",
    district_code: str | None = None,
    town_code: str | None = None,
    sector_code: str | None = None,
    department_code: str | None = None,
    feature_code: str | None = None,
    status: str | None = None,
    kind: str | None = None,
    without_principal: bool = False,
    reach: AnyReach | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Page:
    """Organisations that meet every given condition, by name. `text` is part of a name, a code, or a principal's name or phone."""
    conditions = list(reach.conditions()) if reach else []
    for column, value in (
        (col(Organisation.district_code), district_code),
        (col(Organisation.town_code), town_code),
        (col(Organisation.sector_code), sector_code),
        (col(Organisation.status), status),
        (col(Organisation.kind), kind),
    ):
        if value:
            conditions.append(column == value)
    if department_code:
        conditions.append(
            or_(col(Organisation.department_code) == department_code, col(Organisation.direct_department_code) == department_code)
        )
    if feature_code:
        conditions.append(_has_feature(feature_code))
    if without_principal:
        conditions.append(~_held_principal())
    if text.strip():
        conditions.append(_matches(text.strip()))
    total = session.scalar(select(func.count()).select_from(Organisation).where(*conditions)) or 0
    statement = select(*_ROW).where(*conditions).order_by(col(Organisation.name), col(Organisation.id)).limit(limit).offset(offset)
    return Page(_rows(session, session.execute(statement).all()), total)


def _has_feature(code: str) -> ColumnElement[bool]:
    return exists().where(col(OrganisationFeature.organisation_id) == col(Organisation.id), col(OrganisationFeature.feature_code) == code)


def _held_principal(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        col(Post.organisation_id) == col(Organisation.id), col(Post.role) == PostRole.PRINCIPAL.value, col(Post.held_to).is_(None), *more
    )


def _matches(text: str) -> ColumnElement[bool]:
    person = _held_principal(col(Post.person_id) == col(Person.id), or_(col(Person.name) == text, col(Person.phone) == text))
    return or_(
        col(Organisation.name).contains(text, autoescape=True),
        col(Organisation.uscc) == text.upper(),
        col(Organisation.registration_number) == text,
        person,
    )


def _rows(session: Session, found: Sequence[Any]) -> tuple[OrganisationRow, ...]:
    reference = Reference.load(session)
    principals = current_principals(session, [row.id for row in found])
    return tuple(
        OrganisationRow(
            **row._mapping,
            district_name=reference.label("region", row.district_code),
            town_name=reference.label("region", row.town_code),
            sector_name=reference.label("sector", row.sector_code),
            department_name=reference.label("department", row.department_code),
            principals="、".join(post.person_name for post in principals.get(row.id, ())),
        )
        for row in found
    )


# 任职 -----------------------------------------------------------------------------------------------------------------


def current_principals(session: Session, organisation_ids: Iterable[int]) -> dict[int, tuple[PostView, ...]]:
    """Who is 主要负责人 now, for each organisation that has one."""
    found: dict[int, list[PostView]] = defaultdict(list)
    for ids in chunks(organisation_ids):
        conditions = (col(Post.organisation_id).in_(ids), col(Post.role) == PostRole.PRINCIPAL.value, col(Post.held_to).is_(None))
        for view in _posts(session, *conditions):
            found[view.organisation_id].append(view)
    return {organisation_id: tuple(views) for organisation_id, views in found.items()}


def posts_of_person(session: Session, person_id: int, *, current_only: bool = True) -> tuple[PostView, ...]:
    """What a person holds, at every organisation."""
    conditions = [col(Post.person_id) == person_id]
    if current_only:
        conditions.append(col(Post.held_to).is_(None))
    return _posts(session, *conditions)


def posts_of_organisation(session: Session, organisation_id: int) -> tuple[PostView, ...]:
    """Every post at an organisation, held or left."""
    return _posts(session, col(Post.organisation_id) == organisation_id)


def _posts(session: Session, *conditions: ColumnElement[bool]) -> tuple[PostView, ...]:
    statement = (
        select(Post, col(Person.name), col(Person.phone), col(Person.identity_tail))
        .join(Person, col(Person.id) == col(Post.person_id))
        .where(*conditions)
        .order_by(col(Post.organisation_id), col(Post.held_from), col(Post.id))
    )
    return tuple(post_view(post, name, phone, tail) for post, name, phone, tail in session.execute(statement))


def post_view(post: Post, name: str, phone: str | None, tail: str) -> PostView:
    """A post row and its holder as a view."""
    assert post.id is not None
    return PostView(
        post.id, post.organisation_id, post.person_id, name, phone, tail, post.role, post.category, post.title, post.designated,
        post.held_from, post.held_to,
    )  # fmt: skip


# 一企一档 -------------------------------------------------------------------------------------------------------------


def organisation_view(session: Session, organisation_id: int, *, reach: AnyReach | None = None) -> OrganisationView:
    """One organisation with posts, features, placements and history; beyond the reach it is not found."""
    conditions = [col(Organisation.id) == organisation_id, *(reach.conditions() if reach else [])]
    found = session.execute(select(*_ROW).where(*conditions)).all()
    if not found:
        raise NotFound("没有找到该单位，或不在您的管理范围内。")
    organisation = session.get_one(Organisation, organisation_id)
    reference = Reference.load(session)
    features = tuple(
        session.scalars(
            select(col(OrganisationFeature.feature_code))
            .where(col(OrganisationFeature.organisation_id) == organisation_id)
            .order_by(col(OrganisationFeature.feature_code))
        )
    )
    posts = posts_of_organisation(session, organisation_id)
    placements = session.scalars(select(Placement).where(col(Placement.organisation_id) == organisation_id).order_by(col(Placement.since)))
    return OrganisationView(
        row=_rows(session, found)[0],
        details=organisation.model_dump(exclude={"id"}),
        features=features,
        feature_names=tuple(reference.label("feature", code) for code in features),
        posts=tuple(post for post in posts if post.held_to is None),
        past_posts=tuple(post for post in reversed(posts) if post.held_to is not None),
        placements=tuple(segment_of(row) for row in placements),
        history=_history(session, organisation_id),
    )


def _history(session: Session, organisation_id: int) -> tuple[ChangeView, ...]:
    of_this = col(OrganisationChange.organisation_id) == organisation_id
    rows = session.scalars(select(OrganisationChange).where(of_this).order_by(col(OrganisationChange.id).desc()))
    return tuple(
        ChangeView(
            row.effective_on, row.recorded_at, row.field, FIELD_LABELS.get(row.field, row.field), row.before, row.after, row.account_id,
            row.import_id,
        )
        for row in rows
    )  # fmt: skip


# 统计和导入记录 -------------------------------------------------------------------------------------------------------


def counts(session: Session, *, by: str, reach: AnyReach | None = None, include_closed: bool = False) -> tuple[Count, ...]:
    """Organisations per `district`, `town`, `sector`, `department`, `status` or `kind`, the largest first."""
    column, vocabulary = {
        "district": (col(Organisation.district_code), "region"),
        "town": (col(Organisation.town_code), "region"),
        "sector": (col(Organisation.sector_code), "sector"),
        "department": (col(Organisation.department_code), "department"),
        "status": (col(Organisation.status), ""),
        "kind": (col(Organisation.kind), ""),
    }[by]
    conditions = list(reach.conditions()) if reach else []
    if not include_closed and by != "status":
        conditions.append(col(Organisation.status).not_in([status.value for status in OrganisationStatus if status.is_closed]))
    number = func.count()
    rows = session.execute(select(column, number).where(*conditions).group_by(column).order_by(number.desc(), column)).all()
    reference = Reference.load(session)
    return tuple(Count(key or "", reference.label(vocabulary, key) if vocabulary else key, count) for key, count in rows)


def recent_imports(session: Session, *, limit: int = 20) -> tuple[ImportView, ...]:
    """The latest imports; an empty report means that the import was interrupted."""
    rows = session.scalars(select(RosterImport).order_by(col(RosterImport.id).desc()).limit(limit))
    return tuple(
        ImportView(row.id or 0, row.file_name, row.imported_at, row.account_id, row.report, row.undone_at, row.undone_by) for row in rows
    )
