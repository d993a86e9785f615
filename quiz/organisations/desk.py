"""What every verb on one organisation needs: who acts, the row or a refusal, no day to come, and the history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from quiz import clock
from quiz.models.organisations import Organisation, Person, Post
from quiz.organisations import ledger
from quiz.problems import Invalid, NotFound


@dataclass(frozen=True)
class Actor:
    """Who does it and when: on the history of everything that is changed."""

    now: datetime
    account_id: int | None
    today: date

    @classmethod
    def of(cls, now: datetime, today: date | None, account_id: int | None) -> Actor:
        """`today` left out is the day in Weihai at that moment."""
        return cls(now, account_id, today or clock.local_day(now))


def refuse_future(day: date, actor: Actor) -> None:
    """What has not happened yet is not entered: the tables say how things stand now."""
    if day > actor.today:
        raise Invalid("日期晚于今天，请到那一天再办理，或改正日期。", code="future_date")


def the_organisation(session: Session, organisation_id: int) -> Organisation:
    """The organisation, or a refusal."""
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound("没有找到该单位，或不在您的管理范围内。")
    return organisation


def record(session: Session, entries: list[ledger.Entry], actor: Actor) -> None:
    """Write the history after what it tells of."""
    session.flush()
    ledger.record(session, entries, now=actor.now, account_id=actor.account_id)


def id_of(row: Organisation | Person | Post) -> int:
    """The id of a row that has been flushed."""
    assert row.id is not None
    return row.id
