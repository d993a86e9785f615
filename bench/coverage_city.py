"""A made city of any size for `bench/coverage.py`: every enterprise in twelve programmes, with what coverage keeps of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Date, Table, bindparam, insert, select, text, update
from sqlmodel import col

from quiz import models
from quiz.coverage import tally, waiting
from quiz.db import Database
from quiz.models.accounts import Account
from quiz.models.coverage import ENDLESS
from quiz.models.organisations import Organisation, OrganisationFeature, Person, Placement, Post
from quiz.models.training import Duty, Programme
from quiz.organisations.reference import Reference, seed_reference
from quiz.vocabulary import DutyClosing

TODAY = date(2026, 11, 23)
MOMENT = datetime(2026, 7, 1, tzinfo=UTC)
OPENED = TODAY - timedelta(days=90)
PROGRAMMES = 12
SEED = 20261123
_AT_ONCE = 10_000
_PLACEMENT: Table = Placement.__table__  # type: ignore[attr-defined]
ODD_EVERY = 200
"""One enterprise in so many moved, changed its principal or has none: these are worked out by the product itself."""

_CHANCE = "((o.id * 7919 + p.id * 104729) % 9973)"
_DUTIES = f"""
insert into duty (programme_id, organisation_id, role, post_id, person_id, designated, opened_on, due_on, extension_reason, is_new_holder,
                  trained_on, examined_on, passed_on, completed_on, exempted_on, exempt_reason)
select p.id, o.organisation_id, 'principal', o.id, o.person_id, true, p.opens_on, p.due_on, '', false,
       trained.day, examined.day, completed.day, completed.day, case when {_CHANCE} % 50 = 7 then p.opens_on end, ''
from programme p
cross join post o
left join bench_day trained on trained.number = {_CHANCE} % 151 and trained.day <= :today
left join bench_day examined on examined.number = {_CHANCE} % 151 + {_CHANCE} % 5 and examined.day <= :today
left join bench_day completed on completed.number = {_CHANCE} % 151 + {_CHANCE} % 5 + {_CHANCE} % 3 and {_CHANCE} % 10 > 0
                             and completed.day <= :today
order by p.id, o.id
"""
"""Everybody begins on some day by chance, is examined up to four days later, and nine in ten pass within two days more."""

_EXEMPTIONS = """
insert into exemption (programme_id, organisation_id, duty_id, since, reason)
select programme_id, organisation_id, id, exempted_on, '' from duty where exempted_on is not null order by id
"""
_EVENTS = " union all ".join(
    f"select programme_id, organisation_id, {column} as day, {', '.join('1' if name == measure else '0' for name in tally.MEASURES)} "
    f"from duty where {column} is not null and exempted_on is null"
    for measure, column in (
        ("due", "opened_on"), ("trained", "trained_on"), ("examined", "examined_on"), ("passed", "passed_on"), ("completed", "completed_on"),
    )
)  # fmt: skip
_MEASURES = ", ".join(tally.MEASURES)
_SUMS = ", ".join(f"sum({name})" for name in tally.MEASURES)
_CELL = "district_code, town_code, sector_code, department_code"
_CONTRIBUTIONS = f"""
insert into contribution (programme_id, organisation_id, day, {_CELL}, {_MEASURES})
with event(programme_id, organisation_id, day, {_MEASURES}) as (
  {_EVENTS} union all select programme_id, organisation_id, exempted_on, 0, 0, 0, 0, 0, 1 from duty where exempted_on is not null
)
select e.programme_id, e.organisation_id, e.day, o.district_code, o.town_code, o.sector_code, o.department_code, {_SUMS}
from event e join organisation o on o.id = e.organisation_id
group by e.programme_id, e.organisation_id, e.day, o.district_code, o.town_code, o.sector_code, o.department_code
order by e.programme_id, e.organisation_id, e.day
"""
_TALLY = f"""
insert into tally (programme_id, day, {_CELL}, {_MEASURES})
select programme_id, day, {_CELL}, {_SUMS} from contribution group by programme_id, day, {_CELL} order by programme_id, day, {_CELL}
"""
_LEVEL = f"""
insert into level (programme_id, {_CELL}, {_MEASURES}) select programme_id, {_CELL}, {_SUMS} from tally group by programme_id, {_CELL}
"""
_WAITING = f"""
insert into uncovered_period (programme_id, organisation_id, since, until, {_CELL}, duty_id, due_on, trained_on, examined_on, has_signed_in,
                              short_from)
select d.programme_id, d.organisation_id, d.opened_on, coalesce(d.completed_on, :endless), o.district_code, o.town_code, o.sector_code,
       o.department_code, d.id, d.due_on, d.trained_on, d.examined_on, a.last_sign_in_at is not null, d.trained_on
from duty d join organisation o on o.id = d.organisation_id left join account a on a.person_id = d.person_id
where d.exempted_on is null and (d.completed_on is null or d.completed_on > d.opened_on)
order by d.programme_id, d.organisation_id
"""
"""The programmes name no paper: whoever has begun lacks only what else is asked."""


@dataclass(frozen=True)
class _Places:
    towns: list[tuple[str, str]]
    sectors: list[tuple[str, str]]
    features: list[str]


def make(database: Database, *, enterprises: int) -> None:
    """Write the city: people and posts from here, duties and what follows from them by the database, the odd ones by the product."""
    models.metadata.create_all(database.writer)
    with database.transaction() as session:
        seed_reference(session)
        reference = Reference.load(session)
        places = _Places(
            [(row.code, town.code) for row in reference.districts() for town in reference.towns_of(row.code)],
            [(code, row.department_code or "emergency_management") for code, row in reference.sectors.items()],
            list(reference.features),
        )
        connection = session.connection()
        _write(connection, _tables(enterprises, places))
        connection.execute(insert(Programme), [_programme(number) for number in range(1, PROGRAMMES + 1)])
        _lay_duties(connection)
    with database.transaction() as session:
        odd = _make_odd(session.connection(), enterprises, places)
        for number in range(1, PROGRAMMES + 1):
            tally.refresh(session, programme_id=number, organisation_ids=odd)
    with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze" if database.is_sqlite else "vacuum analyze"))


def _programme(number: int) -> dict[str, Any]:
    opened = OPENED - timedelta(days=7 * (number % 3))
    return {
        "id": number, "code": f"bench-{number:02}", "title": f"第{number}个专项", "state": "open", "opens_on": opened,
        "due_on": TODAY + timedelta(days=(number % 4) * 15 - 10), "created_at": MOMENT,
    }  # fmt: skip


def _tables(enterprises: int, places: _Places) -> Iterator[tuple[type, list[dict[str, Any]]]]:
    """Ten thousand enterprises after another: the same numbers for the organisation, its principal, the post and the placement."""
    chance = random.Random(SEED)
    since = date(2026, 1, 1)
    for start in range(1, enterprises + 1, _AT_ONCE):
        found: dict[type, list[dict[str, Any]]] = {
            each: [] for each in (Organisation, OrganisationFeature, Person, Post, Placement, Account)
        }
        for number in range(start, min(start + _AT_ONCE, enterprises + 1)):
            (district, town), (sector, department) = chance.choice(places.towns), chance.choice(places.sectors)
            cell = {"district_code": district, "town_code": town, "sector_code": sector, "department_code": department}
            found[Organisation].append(
                {"id": number, "name": f"第{number}号企业", "registration_number": f"B{number}", "created_at": MOMENT, **cell}
            )
            found[Person].append({"id": number, "name": f"负责人{number}", "phone": f"139{number:08}", "created_at": MOMENT})
            post = {"id": number, "person_id": number, "organisation_id": number, "role": "principal", "designated": True}
            found[Post].append({**post, "held_from": since, "created_at": MOMENT})
            found[Placement].append({"organisation_id": number, "since": since, **cell})
            if number % 4 == 0:
                found[OrganisationFeature].append({"organisation_id": number, "feature_code": chance.choice(places.features)})
            if number % 3:
                account = {"account": f"b{number}", "name": "", "person_id": number, "password_hash": "", "created_at": MOMENT}
                found[Account].append({**account, "last_sign_in_at": MOMENT if number % 5 else None})
        yield from found.items()


def _write(connection: Connection, tables: Iterator[tuple[type, list[dict[str, Any]]]]) -> None:
    for table, rows in tables:
        if rows:
            connection.execute(insert(table), rows)


def _lay_duties(connection: Connection) -> None:
    connection.execute(text("create table bench_day (number integer primary key, day date not null)"))
    insert_day = text("insert into bench_day (number, day) values (:number, :day)").bindparams(bindparam("day", type_=Date))
    connection.execute(insert_day, [{"number": number, "day": OPENED + timedelta(days=number)} for number in range(200)])
    connection.execute(text(_DUTIES).bindparams(bindparam("today", TODAY, type_=Date)))
    members = "insert into membership (programme_id, organisation_id, since) select p.id, o.id, p.opens_on from programme p cross join organisation o"
    connection.execute(text(f"{members} order by p.id, o.id"))
    connection.execute(text(_EXEMPTIONS))
    connection.execute(text(_CONTRIBUTIONS))
    connection.execute(text(_TALLY))
    connection.execute(text(_LEVEL))
    connection.execute(text(_WAITING).bindparams(bindparam("endless", ENDLESS, type_=Date)))
    for number in range(1, PROGRAMMES + 1):
        waiting.recount(connection, programme_id=number)
    connection.execute(text("drop table bench_day"))


def _make_odd(connection: Connection, enterprises: int, places: _Places) -> list[int]:
    """A third of them moved three weeks ago, a third has a new principal since ten days, a third has lost theirs."""
    odd = list(range(ODD_EVERY, enterprises + 1, ODD_EVERY))
    moved, changed, left = odd[::3], odd[1::3], odd[2::3]
    moving_day, change_day = TODAY - timedelta(days=21), TODAY - timedelta(days=10)
    district, town = places.towns[0]
    columns = {"district_code": district, "town_code": town}
    cells = [dict(row) for row in connection.execute(select(_PLACEMENT).where(_PLACEMENT.c.organisation_id.in_(moved))).mappings()]
    connection.execute(update(Placement).where(col(Placement.organisation_id).in_(moved)).values(until=moving_day))
    again = [{**row, **columns, "since": moving_day, "until": None} for row in cells]
    connection.execute(insert(Placement), [{name: row[name] for name in row if name != "id"} for row in again])
    connection.execute(update(Organisation).where(col(Organisation.id).in_(moved)).values(columns))
    gone = [*changed, *left]
    connection.execute(update(Post).where(col(Post.organisation_id).in_(gone)).values(held_to=change_day))
    connection.execute(
        update(Duty).where(col(Duty.organisation_id).in_(gone)).values(closed_on=change_day, closing=DutyClosing.HOLDER_LEFT.value)
    )
    posts = [
        {"id": enterprises + number, "person_id": number - 1, "organisation_id": number, "role": "principal", "designated": True,
         "held_from": change_day, "created_at": MOMENT}
        for number in changed
    ]  # fmt: skip
    duties = [
        {"programme_id": programme, "organisation_id": post["organisation_id"], "role": "principal", "post_id": post["id"],
         "person_id": post["person_id"], "designated": True, "opened_on": change_day, "due_on": TODAY + timedelta(days=35),
         "is_new_holder": True}
        for programme in range(1, PROGRAMMES + 1) for post in posts
    ]  # fmt: skip
    connection.execute(insert(Post), posts)
    connection.execute(insert(Duty), duties)
    return odd
